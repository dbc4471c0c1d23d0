package method_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluice-go/sluice/internal/method"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in       string
		service  string
		short    bool
		optional bool
	}{
		{in: "*"},
		{in: "?*", optional: true},
		{in: "grpc.*"},
		{in: "acme.orders.v1.*"},
		{in: "?grpc.reflection.*", optional: true},
		{in: "acme.Orders/*", service: "acme.Orders"},
		{in: "acme.Orders/Get*", service: "acme.Orders"},
		{in: "acme.Orders/Get", service: "acme.Orders"},
		{in: "?acme.Orders/Get", service: "acme.Orders", optional: true},
		{in: "Orders/*", service: "Orders", short: true},
		{in: "Orders/Get*", service: "Orders", short: true},
		{in: "Orders/Get", service: "Orders", short: true},
		{in: "?Orders/Get*", service: "Orders", short: true, optional: true},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			p := parse(t, tt.in)
			if p.Service() != tt.service || p.Short() != tt.short || p.Optional() != tt.optional {
				t.Errorf("service %q, short %t, optional %t; want %q, %t, %t",
					p.Service(), p.Short(), p.Optional(), tt.service, tt.short, tt.optional)
			}
			if p.String() != tt.in || parse(t, p.String()) != p {
				t.Errorf("%q prints as %q", tt.in, p)
			}
		})
	}
}

func TestPatternMalformed(t *testing.T) {
	t.Parallel()
	const (
		empty  = `empty; write "pkg.Svc/Method", "pkg.Svc/*", "pkg.*" or "*"`
		star   = `"*" stands alone, for a package ("pkg.*") or at the end of a method ("pkg.Svc/Get*"); write one of these`
		dots   = `empty part between dots; write "pkg.Svc/Method" or "pkg.*"`
		mark   = `"?" stands once, in front of the pattern; remove the others`
		slash  = `more than one slash; write "pkg.Svc/Method"`
		spaces = "spaces and unprintable characters are in no method's name; remove them, and give several patterns one by one"
	)
	for _, tt := range []struct{ in, cure string }{
		{"", empty},
		{"?", empty},
		{"??a.B/C", mark},
		{"a.B/C?", mark},
		{"/a.B/C", `write "a.B/C" without the leading slash`},
		{"?/a.B/C", `write "a.B/C" without the leading slash`},
		{"//a.B/C", `write "a.B/C" without the leading slash`},
		{"a/*/b", slash},
		{"a.B/C/", slash},
		{"a.B", `no method; write "a.B/*" for all methods of a service`},
		{"Get", `no method; write "Get/*" for all methods of a service`},
		{"a.B/", `no method after the slash; write "a.B/*" for all methods`},
		{"**", star},
		{"*/*", star},
		{"*.B/C", star},
		{"a.*/C", star},
		{"a*.B/C", star},
		{"a.B*", star},
		{"a.*.*", star},
		{"a.B/*Get", star},
		{"a.B/G*t", star},
		{"a.B/**", star},
		{".*", dots},
		{"a..*", dots},
		{".B/C", dots},
		{"a./C", dots},
		{"a..B/C", dots},
		{" a.B/C", spaces},
		{"a.B/C ", spaces},
		{"a.B/C a.B/D", spaces},
		{"a.B/\tC", spaces},
		{"a.B/C\x00", spaces},
		{"a.B/\xff", spaces},
	} {
		t.Run(fmt.Sprintf("%q", tt.in), func(t *testing.T) {
			t.Parallel()
			p, err := method.ParsePattern(tt.in)
			want := fmt.Sprintf("method: pattern %q: %s", tt.in, tt.cure)
			if err == nil || err.Error() != want {
				t.Errorf("error %v\nwant  %s", err, want)
			}
			if p != (method.Pattern{}) {
				t.Errorf("pattern %q beside an error", p)
			}
		})
	}
}

func TestPatternMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{pattern: "*", yes: []string{"a.B/C", "B/C"}},
		{
			pattern: "a.*",
			yes:     []string{"a.B/C", "a.b.B/C"},
			no:      []string{"ab.B/C", "a/C", "b.a.B/C", "B/C"},
		},
		{
			pattern: "a.B/*",
			yes:     []string{"a.B/C", "a.B/D"},
			no:      []string{"B/C", "x.a.B/C", "a.Bc/C", "a.b.B/C"},
		},
		{
			pattern: "a.B/Get*",
			yes:     []string{"a.B/Get", "a.B/GetAll"},
			no:      []string{"a.B/Ge", "a.B/get", "a.B/ForGet", "a.C/Get"},
		},
		{
			pattern: "a.B/C",
			yes:     []string{"a.B/C"},
			no:      []string{"a.B/Cc", "a.B/c", "x.a.B/C", "B/C"},
		},
		{
			pattern: "B/C",
			yes:     []string{"B/C", "a.B/C", "a.b.B/C"},
			no:      []string{"aB/C", "a.bB/C", "B.a/C", "B/D"},
		},
		{pattern: "B/*", yes: []string{"B/C", "a.B/D"}, no: []string{"a.C/D"}},
		{pattern: "?B/C", yes: []string{"a.B/C"}, no: []string{"a.B/D"}},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			t.Parallel()
			p := parse(t, tt.pattern)
			for _, full := range tt.yes {
				if service, name, _ := strings.Cut(full, "/"); !p.Match(service, name) {
					t.Errorf("does not match %s", full)
				}
			}
			for _, full := range tt.no {
				if service, name, _ := strings.Cut(full, "/"); p.Match(service, name) {
					t.Errorf("matches %s", full)
				}
			}
		})
	}
}

func TestPatternSpecificity(t *testing.T) {
	t.Parallel()
	ascending := []string{"*", "a.*", "a.b.*", "a.b.S/*", "a.b.S/G*", "a.b.S/Get*", "a.b.S/Get"}
	for i, text := range ascending[1:] {
		if less, more := parse(t, ascending[i]).Specificity(), parse(t, text).Specificity(); less >= more {
			t.Errorf("%q has %d, %q has %d", ascending[i], less, text, more)
		}
	}
	for _, same := range [][2]string{{"S/Get", "a.b.S/Get"}, {"S/G*", "a.b.S/G*"}, {"?S/*", "a.b.S/*"}} {
		if a, b := parse(t, same[0]).Specificity(), parse(t, same[1]).Specificity(); a != b {
			t.Errorf("%q has %d, %q has %d", same[0], a, same[1], b)
		}
	}
}

func TestZeroPatternMatchesNothing(t *testing.T) {
	t.Parallel()
	var p method.Pattern
	for _, full := range []string{"/", "a/", "/b", "a./", "a.B/C"} {
		if service, name, _ := strings.Cut(full, "/"); p.Match(service, name) {
			t.Errorf("matches %q", full)
		}
	}
	if p.String() != "" || p.Service() != "" || p.Short() || p.Optional() {
		t.Errorf("zero pattern %q says something", p)
	}
}

func TestPatternMatchDoesNotAllocate(t *testing.T) {
	p := parse(t, "Orders/Get*")
	if n := testing.AllocsPerRun(100, func() { p.Match("acme.orders.v1.Orders", "GetOrder") }); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{
		"", "?", "*", "?*", "a.*", "a.b.*", "a.B/*", "a.B/Get*", "a.B/Get", "B/Get", "B/*", "?B/Get*",
		"/a.B/C", "a/*/b", "a..B/C", "**", "*.B/C", "a.B/C D", "a.B/\xff", "é.B/C",
	} {
		f.Add(pattern, "a.B", "Get")
		f.Add(pattern, "a.b.B", "GetAll")
		f.Add(pattern, "B", "")
	}
	f.Fuzz(func(t *testing.T, text, service, name string) {
		p, err := method.ParsePattern(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "method: pattern ") || !utf8.ValidString(err.Error()) {
				t.Errorf("error %q", err)
			}
			return
		}
		if p.String() != text || parse(t, p.String()) != p {
			t.Errorf("%q prints as %q", text, p)
		}
		if got, want := p.Match(service, name), slowMatch(text, service, name); got != want {
			t.Errorf("%q matches %q %q: %t, want %t", text, service, name, got, want)
		}
	})
}

// slowMatch says again what Match does, part by part and from the text alone.
func slowMatch(text, service, name string) bool {
	text = strings.TrimPrefix(text, "?")
	if text == "*" {
		return true
	}
	have := strings.Split(service, ".")
	left, right, slashed := strings.Cut(text, "/")
	want := strings.Split(left, ".")
	if !slashed {
		want = want[:len(want)-1]
		return len(have) > len(want) && slices.Equal(have[:len(want)], want)
	}
	if len(want) == 1 {
		have = have[len(have)-1:]
	}
	if !slices.Equal(have, want) {
		return false
	}
	for i, r := range []byte(right) {
		if r == '*' {
			return true
		}
		if i >= len(name) || name[i] != r {
			return false
		}
	}
	return len(name) == len(right)
}

func parse(t *testing.T, text string) method.Pattern {
	t.Helper()
	p, err := method.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

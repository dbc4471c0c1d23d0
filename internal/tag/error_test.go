package tag_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/internal/tag"
)

func TestError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  tag.Error
		want string
	}{
		{
			"whole",
			tag.Error{Type: "app.ServerChain", Field: "Auth", Tag: "auth,stge=x", Offset: 5, Problem: "unknown", Place: "main.go:41"},
			`sluice: 1 problem in app.ServerChain (main.go:41)
  Auth: unknown
    grpc:"auth,stge=x"
               ^`,
		},
		{
			"no place, field or tag",
			tag.Error{Type: "app.ServerChain", Offset: -1, Problem: "no line"},
			"sluice: 1 problem in app.ServerChain\n  no line",
		},
		{
			"no caret",
			tag.Error{Type: "T", Field: "F", Tag: "a", Offset: -1, Problem: "p"},
			"sluice: 1 problem in T\n  F: p\n    grpc:\"a\"",
		},
		{
			"first byte",
			tag.Error{Type: "T", Field: "_", Tag: "a", Problem: "p"},
			"sluice: 1 problem in T\n  _: p\n    grpc:\"a\"\n          ^",
		},
		{
			"end",
			tag.Error{Type: "T", Field: "F", Tag: "a", Offset: 1, Problem: "p"},
			"sluice: 1 problem in T\n  F: p\n    grpc:\"a\"\n           ^",
		},
		{
			"past the end",
			tag.Error{Type: "T", Field: "F", Tag: "a", Offset: 9, Problem: "p"},
			"sluice: 1 problem in T\n  F: p\n    grpc:\"a\"\n           ^",
		},
		{
			"runes and escapes",
			tag.Error{Type: "T", Field: "F", Tag: "é=\"\\\n\xffx", Offset: 7, Problem: "p"},
			"sluice: 1 problem in T\n  F: p\n    grpc:\"é=\\\"\\\\\\n\\xffx\"\n                      ^",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestErrorAt(t *testing.T) {
	t.Parallel()
	e := &tag.Error{Type: "T", Problem: "p"}
	if placed := e.At("main.go:1"); placed.Place != "main.go:1" || placed.Problem != "p" || e.Place != "" {
		t.Errorf("placed %v, from %v", placed, e)
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	p := tag.Position{Type: "T", Field: "F", Tag: "a,on=b", Offset: 0, Place: "main.go:1"}
	want := tag.Error{Type: "T", Field: "F", Tag: "a,on=b", Offset: 5, Problem: `no "b"`, Place: "main.go:1"}
	if got := p.To(5).Errorf("no %q", "b"); *got != want {
		t.Errorf("got %v, want %v", *got, want)
	}
	if p.Offset != 0 {
		t.Error("To moved the position it was asked of")
	}
}

func TestPositionWraps(t *testing.T) {
	t.Parallel()
	err := tag.Position{Type: "T"}.Errorf("read: %w", io.EOF)
	if err.Problem != "read: EOF" || !errors.Is(err.At("main.go:1"), io.EOF) {
		t.Errorf("%v wraps nothing", err)
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	mistake := func(typ, field, place string) *tag.Error {
		return &tag.Error{Type: typ, Field: field, Offset: -1, Problem: "wrong", Place: place}
	}
	a1, a2, b := mistake("A", "One", "main.go:1"), mistake("A", "Two", "main.go:1"), mistake("B", "One", "main.go:1")
	elsewhere := mistake("A", "One", "main.go:2")
	const twoOfA = "sluice: 2 problems in A (main.go:1)\n  One: wrong\n  Two: wrong"
	const oneOfA = "sluice: 1 problem in A (main.go:1)\n  One: wrong"
	const oneOfB = "sluice: 1 problem in B (main.go:1)\n  One: wrong"
	wrapped := fmt.Errorf("plan: %w, %w", a1, io.EOF)
	for _, tt := range []struct {
		name string
		in   []error
		want string
		all  []error // in the order that Unwrap gives
	}{
		{"one", []error{a1}, oneOfA, []error{a1}},
		{"other", []error{io.EOF}, "EOF", []error{io.EOF}},
		{"two of one struct", []error{a1, a2}, twoOfA, []error{a1, a2}},
		{"first appearance", []error{a1, io.EOF, b, a2}, twoOfA + "\nEOF\n" + oneOfB, []error{a1, io.EOF, b, a2}},
		{"places", []error{elsewhere, a1}, "sluice: 1 problem in A (main.go:2)\n  One: wrong\n" + oneOfA, []error{elsewhere, a1}},
		{"joined", []error{errors.Join(a1, errors.Join(b, nil, io.EOF)), a2}, twoOfA + "\n" + oneOfB + "\nEOF", []error{a1, b, io.EOF, a2}},
		{"grouped", []error{tag.Group(a1, b), tag.Group(a2)}, twoOfA + "\n" + oneOfB, []error{a1, b, a2}},
		{"joined with a group", []error{errors.Join(tag.Group(a1, io.EOF, a2), b)}, twoOfA + "\nEOF\n" + oneOfB, []error{a1, io.EOF, a2, b}},
		{"joined by semicolons", []error{semicolons{a1, nil, a2}}, twoOfA, []error{a1, a2}},
		{"in words of its own", []error{wrapped, a2}, "plan: " + oneOfA + ", EOF\nsluice: 1 problem in A (main.go:1)\n  Two: wrong", []error{wrapped, a2}},
		{"in words of its own behind", []error{hint{a1}}, oneOfA + " (see the manual)", []error{hint{a1}}},
		{"nil ones", []error{nil, (*tag.Error)(nil), a1}, oneOfA, []error{a1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tag.Group(tt.in...)
			if got == nil || got.Error() != tt.want {
				t.Errorf("got\n%v\nwant\n%s", got, tt.want)
			}
			if all := got.(interface{ Unwrap() []error }).Unwrap(); !slices.Equal(all, tt.all) {
				t.Errorf("unwraps to %v, want %v", all, tt.all)
			}
		})
	}
}

// semicolons joins errors as zap's multierr does.
type semicolons []error

func (s semicolons) Unwrap() []error { return s }

func (s semicolons) Error() string {
	var texts []string
	for _, err := range s {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	return strings.Join(texts, "; ")
}

type hint [1]error

func (h hint) Error() string   { return h[0].Error() + " (see the manual)" }
func (h hint) Unwrap() []error { return h[:] }

func TestGroupOfNone(t *testing.T) {
	t.Parallel()
	for _, in := range [][]error{nil, {nil}, {(*tag.Error)(nil), nil}} {
		if got := tag.Group(in...); got != nil {
			t.Errorf("%v of %v", got, in)
		}
	}
}

func TestGroupUnwraps(t *testing.T) {
	t.Parallel()
	a := &tag.Error{Type: "A", Problem: "wrong"}
	err := fmt.Errorf("start: %w", tag.Group(io.EOF, a))
	if got, ok := errors.AsType[*tag.Error](err); !ok || got != a {
		t.Errorf("errors.As gives %v", got)
	}
	if !errors.Is(err, io.EOF) {
		t.Error("errors.Is does not find EOF")
	}
}

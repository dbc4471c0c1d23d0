package tag_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/internal/tag"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []string // the items, each quoted value as it reads
		text string   // printed; as in where it is ""
	}{
		{in: "auth", want: []string{"auth"}},
		{in: "auth#2", want: []string{"auth#2"}},
		{in: "?extra", want: []string{"?extra"}},
		{in: "*", want: []string{"*"}},
		{in: "acme.orders.v1.Orders/Get*", want: []string{"acme.orders.v1.Orders/Get*"}},
		{in: "größe.Dienst/Läuft", want: []string{"größe.Dienst/Läuft"}},
		{in: "x-tenant-id,required", want: []string{"x-tenant-id", "required"}},
		{in: "chain=server", want: []string{"chain=server"}},
		{in: "audit,on=Orders/Create ?Orders/Cancel,unary", want: []string{"audit", "on=Orders/Create ?Orders/Cancel", "unary"}},
		{in: " audit , on = a  b , unary ", want: []string{"audit", "on=a  b", "unary"}, text: "audit,on=a  b,unary"},
		{in: "a,b='c'", want: []string{"a", "b=c"}, text: "a,b=c"},
		{in: "a,b= 'c,d' ", want: []string{"a", "b=c,d"}, text: "a,b='c,d'"},
		{in: "a,b='c=d'", want: []string{"a", "b=c=d"}},
		{in: "a,b='it''s'", want: []string{"a", "b=it's"}},
		{in: "a,b=''''", want: []string{"a", "b='"}},
		{in: "a,b='''''',c", want: []string{"a", "b=''", "c"}},
		{in: "a,b=' c'", want: []string{"a", "b= c"}},
		{in: "a,b=' '", want: []string{"a", "b= "}},
		{in: "a,b='{SKU} is\nout'", want: []string{"a", "b={SKU} is\nout"}},
		{in: "a,b=über \uFFFD", want: []string{"a", "b=über \uFFFD"}},
		{in: `a,b="c\d"`, want: []string{"a", `b="c\d"`}},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, flaws := tag.Parse(tt.in)
			if len(flaws) > 0 || !slices.Equal(read(got), tt.want) {
				t.Errorf("items %q, flaws %v; want %q", read(got), flaws, tt.want)
			}
			want := tt.text
			if want == "" {
				want = tt.in
			}
			if got.String() != want {
				t.Errorf("prints as %s, want %s", got, want)
			}
		})
	}
}

// read is the names and values of a tag, which is all that two spellings of one have in common.
func read(tg tag.Tag) []string {
	var all []string
	for _, i := range tg.Items {
		if i.HasValue {
			all = append(all, i.Name+"="+i.Value)
		} else {
			all = append(all, i.Name)
		}
	}
	return all
}

func TestParseFlaws(t *testing.T) {
	t.Parallel()
	const (
		comma   = "nothing beside the comma; remove it"
		notName = ` is not part of a name, which has letters, digits and ._-/#*?; a comma ends an option, "=" begins a value`
		empty   = "the tag is empty; write something, or \"-\" to leave the field out"
	)
	for _, tt := range []struct {
		in   string
		want string // "offset problem", a line each
		kept []string
	}{
		{"", "0 " + empty, nil},
		{"  ", "0 " + empty, nil},
		{"a,b\xff", `3 byte 0xff is not UTF-8; remove it`, nil},
		{",", "0 " + comma, nil},
		{",a", "0 " + comma, nil},
		{"a,", "1 " + comma, []string{"a"}},
		{"a, ", "1 " + comma, []string{"a"}},
		{"a,,b", "2 " + comma, []string{"a", "b"}},
		{"a, ,b", "3 " + comma, []string{"a", "b"}},
		{"a b", `1 ' '` + notName, nil},
		{"a;b=c", `1 ';'` + notName, nil},
		{"a,b:c,d", `3 ':'` + notName, []string{"a", "d"}},
		{`a,"b"`, `2 '"'` + notName, []string{"a"}},
		{"a,é\u200bb", `4 '\u200b'` + notName, []string{"a"}},
		{"'a'", "0 a quote is not part of a name; write name='value'", nil},
		{"a,b'c,d',e", "3 a quote is not part of a name; write name='value'", []string{"a", "e"}},
		{"a,=b", `2 no name before "="; write name=value`, []string{"a"}},
		{"=", `0 no name before "="; write name=value`, nil},
		{"a,b=", `4 "b" has an empty value; write one, or leave the option out`, []string{"a"}},
		{"a,b= ,c", `5 "b" has an empty value; write one, or leave the option out`, []string{"a", "c"}},
		{"a,b=''", `4 "b" has an empty value; write one, or leave the option out`, []string{"a"}},
		{"a,b='c", `4 the quoted value of "b" does not end; close it with a single quote`, []string{"a"}},
		{"a,b='c'',d", `4 the quoted value of "b" does not end; close it with a single quote`, []string{"a"}},
		{"a,b=it's,c", `6 a quote inside the value of "b"; put the value in single quotes, and write this one twice`, []string{"a", "c"}},
		{"a,b=c=d,e", `5 "=" inside the value of "b"; put the value in single quotes, or a comma before the next option`, []string{"a", "e"}},
		{"a,b='c'd,e", `7 'd' after the quoted value of "b"; put a comma before it, or write quotes inside the value twice`, []string{"a", "e"}},
		{"a,b='c' 'd, e',f", `8 '\'' after the quoted value of "b"; put a comma before it, or write quotes inside the value twice`, []string{"a", "f"}},
		{"a,b=c\u200bd", `5 U+200B in the value of "b" is unprintable; remove it, or put the value in single quotes`, []string{"a"}},
		{"a,b=c\td", `5 U+0009 in the value of "b" is unprintable; remove it, or put the value in single quotes`, []string{"a"}},
		{
			"a,b=,c;d,=e,f", `4 "b" has an empty value; write one, or leave the option out` +
				"\n6 ';'" + notName + "\n" + `9 no name before "="; write name=value`,
			[]string{"a", "f"},
		},
		{"a;b,c=d", "1 ';'" + notName, nil},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, flaws := tag.Parse(tt.in)
			var lines []string
			for _, f := range flaws {
				lines = append(lines, fmt.Sprintf("%d %s", f.Offset, f.Problem))
			}
			if text := strings.Join(lines, "\n"); text != tt.want {
				t.Errorf("got\n%s\nwant\n%s", text, tt.want)
			}
			if !slices.Equal(read(got), tt.kept) {
				t.Errorf("kept %q, want %q", read(got), tt.kept)
			}
		})
	}
}

func TestItemPositions(t *testing.T) {
	t.Parallel()
	const text = "a, on = 'it''s ''x'' y' ,b=é f"
	got, flaws := tag.Parse(text)
	if len(flaws) > 0 {
		t.Fatal(flaws)
	}
	on, b := got.Items[1], got.Items[2]
	for _, row := range []struct{ got, want int }{
		{got.Items[0].At(0), 0},
		{on.Offset, strings.Index(text, "on")},
		{on.At(0), strings.Index(text, "it")},
		{on.At(strings.Index(on.Value, "s")), strings.Index(text, "s ")},
		{on.At(len(on.Value)), strings.Index(text, "' ,")},
		{b.At(0), strings.Index(text, "é")},
		{b.At(len(b.Value)), len(text)},
	} {
		if row.got != row.want {
			t.Errorf("offset %d, want %d", row.got, row.want)
		}
	}
	want := []tag.Word{{"it's", 9}, {"'x'", 15}, {"y", 21}}
	if words := on.Words(); !slices.Equal(words, want) {
		t.Errorf("words %v, want %v", words, want)
	}
	want = []tag.Word{{"é", strings.Index(text, "é")}, {"f", len(text) - 1}}
	if words := b.Words(); !slices.Equal(words, want) {
		t.Errorf("words %v, want %v", words, want)
	}
	if words := got.Items[0].Words(); words != nil {
		t.Errorf("words %v of no value", words)
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	tg, _ := tag.Parse("a=b,c")
	if i := tg.First(); i.Name != "a" || i.Value != "b" {
		t.Errorf("first %v", i)
	}
	if i := (tag.Tag{}).First(); i != (tag.Item{}) {
		t.Errorf("first %v of nothing", i)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "auth", "auth,on=a b,unary", "a,b='c,d'", "a,b=''''", " a , b = 'c' ", ",,", "a,b='", "a='b'c", "=,=", "a,'b,c',d",
		"a,b=it's,c='d", "\xff", "a,b=\xc3\x28", "größe.Dienst/Läuft", "a,b=\u200b", "a=' \n'", "-", "a,b=\uFFFD",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, flaws := tag.Parse(text)
		for _, flaw := range flaws {
			if flaw.Offset < 0 || flaw.Offset > len(text) || flaw.Problem == "" {
				t.Errorf("flaw %v of %d bytes", flaw, len(text))
			}
			e := &tag.Error{Type: "T", Field: "F", Tag: text, Offset: flaw.Offset, Problem: "p"}
			if lines := strings.Count(e.Error(), "\n"); text != "" && lines != 3 {
				t.Errorf("%d lines: %s", lines+1, e)
			}
		}
		if len(got.Items) == 0 && len(flaws) == 0 {
			t.Error("neither items nor flaws")
		}
		again, flaws := tag.Parse(got.String())
		if len(got.Items) > 0 && (len(flaws) > 0 || !slices.Equal(read(again), read(got))) {
			t.Errorf("%q prints as %q, which reads as %q, %v", text, got, read(again), flaws)
		}
		if again.String() != got.String() {
			t.Errorf("%q prints as %q, then as %q", text, got, again)
		}
		for _, i := range got.Items {
			positions(t, text, i)
		}
	})
}

// positions checks that what an item has stands where it says.
func positions(t *testing.T, text string, i tag.Item) {
	t.Helper()
	if !strings.HasPrefix(text[i.Offset:], i.Name) {
		t.Errorf("no %q at %d of %q", i.Name, i.Offset, text)
	}
	if !i.HasValue {
		return
	}
	for at := range len(i.Value) {
		if text[i.At(at)] != i.Value[at] {
			t.Errorf("byte %d of %q is not at %d of %q", at, i.Value, i.At(at), text)
		}
	}
	for _, w := range i.Words() {
		quoted := strings.ReplaceAll(w.Text, "'", "''")
		if w.Text == "" || !strings.HasPrefix(text[w.Offset:], w.Text) && !strings.HasPrefix(text[w.Offset:], quoted) {
			t.Errorf("word %q is not at %d of %q", w.Text, w.Offset, text)
		}
	}
}

package tag_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/internal/tag"
)

// rawTags are raw tags with what reflect reads of the key grpc (measured), and what is told of field Auth.
var rawTags = []struct {
	raw   string
	text  string
	found bool
	want  string
}{
	{raw: ``},
	{raw: `json:"auth"`},
	{raw: `json:"grpc:auth"`},
	{raw: `otelgrpc:"auth" x-grpc:"auth"`},
	{raw: `the grpc client`},
	{raw: `json: "x"`},
	{raw: `grpc:"auth"`, text: "auth", found: true},
	{raw: ` grpc:"auth" `, text: "auth", found: true},
	{raw: `json:"x" grpc:"auth" optional:"true"`, text: "auth", found: true},
	{raw: `json:"x"grpc:"auth"`, text: "auth", found: true},
	{raw: `grpc:"auth"json:"x"`, text: "auth", found: true},
	{
		raw: `grpc:"auth" json: "x"`, text: "auth", found: true,
		want: "reflect can not read the tag `grpc:\"auth\" json: \"x\"`: white space after \"json:\"; write json:\"value\" without it\n    grpc:\"auth\"",
	},
	{
		raw: `grpc:"auth" junk`, text: "auth", found: true,
		want: "reflect can not read the tag `grpc:\"auth\" junk`: no \":\" after \"junk\"; write key:\"value\", and look for a quote too many or too few before it\n    grpc:\"auth\"",
	},
	{raw: `grpc:"au\x74h"`, text: "auth", found: true},
	{
		raw: `grpc:"auth" grpc:"audit"`, text: "auth", found: true,
		want: "the key grpc stands in the tag twice, and reflect reads the first; write all into one\n    grpc:\"auth\"",
	},
	{
		raw: `grpc:"auth",grpc:"audit"`, text: "auth", found: true,
		want: "the key grpc stands in the tag twice, and reflect reads the first; write all into one\n    grpc:\"auth\"",
	},
	{
		raw: `grpc:"auth" grpc: "audit"`, text: "auth", found: true,
		want: "the key grpc stands in the tag twice, and reflect reads the first; write all into one\n    grpc:\"auth\"",
	},
	{
		raw:  `grpc: "auth"`,
		want: "reflect can not read the tag `grpc: \"auth\"`: white space after \"grpc:\"; write grpc:\"value\" without it",
	},
	{
		raw:  "grpc:\n\"auth\"",
		want: `reflect can not read the tag "grpc:\n\"auth\"": white space after "grpc:"; write grpc:"value" without it`,
	},
	{
		raw:  `json: "x" grpc:"auth"`,
		want: "reflect can not read the tag `json: \"x\" grpc:\"auth\"`: white space after \"json:\"; write json:\"value\" without it",
	},
	{
		raw:  `grpc :"auth"`,
		want: "reflect can not read the tag `grpc :\"auth\"`: white space after \"grpc\"; write grpc:\"value\" without it",
	},
	{
		raw:  `grpc="auth"`,
		want: "reflect can not read the tag `grpc=\"auth\"`: no \":\" after \"grpc=\"; write key:\"value\", and look for a quote too many or too few before it",
	},
	{
		raw:  `json:"x" grpc:'auth'`,
		want: "reflect can not read the tag `json:\"x\" grpc:'auth'`: the value of \"grpc\" is not in double quotes; write grpc:\"value\"",
	},
	{
		raw:  `grpc:auth`,
		want: "reflect can not read the tag `grpc:auth`: the value of \"grpc\" is not in double quotes; write grpc:\"value\"",
	},
	{
		raw:  `grpc:`,
		want: "reflect can not read the tag `grpc:`: the value of \"grpc\" is not in double quotes; write grpc:\"value\"",
	},
	{
		raw:  `grpc:"auth`,
		want: "reflect can not read the tag `grpc:\"auth`: the value of \"grpc\" does not end; close it with a double quote",
	},
	{
		raw:  `grpc:"auth\"`,
		want: "reflect can not read the tag `grpc:\"auth\\\"`: the value of \"grpc\" does not end; close it with a double quote",
	},
	{
		raw:  `json:"x grpc:"auth"`,
		want: "reflect can not read the tag `json:\"x grpc:\"auth\"`: no \":\" after \"auth\"; write key:\"value\", and look for a quote too many or too few before it",
	},
	{
		raw:  `json:"x"" grpc:"auth"`,
		want: "reflect can not read the tag `json:\"x\"\" grpc:\"auth\"`: '\"' where a key begins; write key:\"value\", and look for a quote too many or too few before it",
	},
	{
		raw:  `json:"x" :grpc:"auth"`,
		want: "reflect can not read the tag `json:\"x\" :grpc:\"auth\"`: ':' where a key begins; write key:\"value\", and look for a quote too many or too few before it",
	},
	{
		raw:  `json:"x",grpc:"auth"`,
		want: "reflect can not read the tag `json:\"x\",grpc:\"auth\"`: reflect takes \",grpc\" for a key; write one space between keys, and nothing else",
	},
	{
		raw:  `json:"x"; grpc:"auth"`,
		want: "reflect can not read the tag `json:\"x\"; grpc:\"auth\"`: no \":\" after \";\"; write key:\"value\", and look for a quote too many or too few before it",
	},
	{
		raw:  "json:\"x\"\ngrpc:\"auth\"",
		want: `reflect can not read the tag "json:\"x\"\ngrpc:\"auth\"": a newline between keys; write the tag on one line, with one space between keys`,
	},
	{
		raw:  "json:\"x\"\tgrpc:\"auth\"",
		want: "reflect can not read the tag `json:\"x\"\tgrpc:\"auth\"`: a tab between keys; write the tag on one line, with one space between keys",
	},
	{
		raw:  "\x7fgrpc:\"auth\"",
		want: `reflect can not read the tag "\x7fgrpc:\"auth\"": control character 0x7f between keys; write the tag on one line, with one space between keys`,
	},
	{
		raw:  "grpc:\"auth,\nunary\"",
		want: `reflect can not read the tag "grpc:\"auth,\nunary\"": a newline inside the value; write the tag on one line`,
	},
	{
		raw:  `grpc:"auth\d"`,
		want: "reflect can not read the tag `grpc:\"auth\\d\"`: the value of \"grpc\" has an escape that Go does not know; write a backslash twice",
	},
	{
		raw: `grpc:"auth json:"x"`, text: "auth json:", found: true,
		want: "reflect can not read the tag `grpc:\"auth json:\"x\"`: no \":\" after \"x\"; write key:\"value\", and look for a quote too many or too few before it\n    grpc:\"auth json:\"\n" +
			"  Auth: ' ' is not part of a name, which has letters, digits and ._-/#*?; a comma ends an option, \"=\" begins a value\n    grpc:\"auth json:\"\n              ^",
	},
	{
		raw: `grpc:""`, found: true,
		want: `the tag is empty; write something, or "-" to leave the field out`,
	},
	{
		raw: `grpc:"auth,,when='x"`, text: "auth,,when='x", found: true,
		want: "nothing beside the comma; remove it\n    grpc:\"auth,,when='x\"\n               ^\n" +
			"  Auth: the quoted value of \"when\" does not end; close it with a single quote\n    grpc:\"auth,,when='x\"\n                     ^",
	},
}

func TestRawTags(t *testing.T) {
	t.Parallel()
	for _, tt := range rawTags {
		t.Run(tt.raw, func(t *testing.T) {
			t.Parallel()
			if text, found := reflect.StructTag(tt.raw).Lookup("grpc"); text != tt.text || found != tt.found {
				t.Fatalf("reflect reads %q, %t; the table says %q, %t", text, found, tt.text, tt.found)
			}
			s, errs := tag.Of(structWith(tt.raw))
			if f := s.Fields[0]; f.Text != tt.text || f.Tagged != tt.found {
				t.Errorf("reads %q, %t; want %q, %t", f.Text, f.Tagged, tt.text, tt.found)
			}
			want := tt.want
			if want != "" {
				want = "\n  Auth: " + want
			}
			expect(t, errs, "struct", want)
			if s.Untagged() != nil != (!tt.found && tt.want == "") {
				t.Errorf("besides, %v", s.Untagged())
			}
		})
	}
}

// structWith is a struct type with one field, Auth, of that tag.
func structWith(raw string) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: "Auth", Type: reflect.TypeFor[int](), Tag: reflect.StructTag(raw)}})
}

// expect compares the errors of a type with what stands below their heading.
func expect(t *testing.T, errs []*tag.Error, typ, want string) {
	t.Helper()
	got := ""
	if err := tag.Group(asErrors(errs)...); err != nil {
		heading, rest, _ := strings.Cut(err.Error(), "\n")
		if !regexp.MustCompile(`^sluice: \d+ problems? in ` + regexp.QuoteMeta(typ) + `$`).MatchString(heading) {
			t.Errorf("heading %s", heading)
		}
		got = "\n" + rest
	}
	if got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
}

func asErrors(errs []*tag.Error) []error {
	var all []error
	for _, e := range errs {
		all = append(all, e)
	}
	return all
}

type (
	lined struct {
		_    struct{} `grpc:"chain=server"`
		Auth int      `grpc:"auth,unary"`
		Skip int      `grpc:"-"`
		Bare int
		note int
	}
	fxLined struct {
		fx.In `grpc:"chain=server"`
		Auth  int `grpc:"auth" optional:"true"`
	}
	fxLate struct {
		Auth  int `grpc:"auth"`
		fx.In `grpc:"chain=server"`
	}
	fxBare struct {
		fx.In
		Auth int `grpc:"auth"`
	}
	fxSkipped struct {
		fx.In `grpc:"-"`
	}
	fxMisspelt struct {
		fx.In `grcp:"chain=server"`
	}
	In       struct{}
	foreign  struct{ In }
	bare     struct{ Auth int }
	empty    struct{}
	misspelt struct {
		_    struct{} `gprc:"chain=server"`
		Auth int      `GRPC:"auth"`
		Log  int      `gprc:"log" json:"log"`
		Else int      `json:"else"`
	}
	blank struct {
		_    struct{}
		Auth int `grpc:"auth"`
	}
	late struct {
		Auth int      `grpc:"auth"`
		_    struct{} `grpc:"chain=server"`
	}
	fxBlank struct {
		fx.In
		_ struct{} `grpc:"chain=server"`
	}
	twice struct {
		_ struct{} `grpc:"chain=server"`
		_ struct{} `grpc:"chain=client"`
	}
	fxTwice struct {
		_     struct{} `grpc:"chain=server"`
		fx.In `grpc:"chain=client"`
	}
	skippedBlank struct {
		Auth int      `grpc:"auth"`
		_    struct{} `grpc:"-"`
		_    int
	}
	hidden struct {
		_    struct{} `grpc:"chain=server"`
		auth int      `grpc:"auth"`
	}
	part     struct{ Auth int }
	embedded struct {
		_ struct{} `grpc:"chain=server"`
		part
		*bare
		*blank `grpc:"-"`
	}
	flawedLine struct {
		_ struct{} `grpc:"chain=,x"`
	}
	generic[T any] struct{ Value T }
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of       reflect.Type
		typ      string
		line     string // field and text
		fields   []string
		want     string
		untagged string
		lineless string
	}{
		{
			of: reflect.TypeOf(lined{note: 1}), typ: "tag_test.lined", line: "_ chain=server", fields: []string{"Auth auth,unary", "Bare "},
			untagged: "\n  Bare: no grpc tag; write one, or grpc:\"-\" to leave the field out",
		},
		{of: reflect.TypeFor[*lined](), typ: "tag_test.lined", line: "_ chain=server", fields: []string{"Auth auth,unary", "Bare "}, untagged: "\n  Bare: no grpc tag; write one, or grpc:\"-\" to leave the field out"},
		{of: reflect.TypeFor[fxLined](), typ: "tag_test.fxLined", line: "In chain=server", fields: []string{"Auth auth"}},
		{of: reflect.TypeFor[fxLate](), typ: "tag_test.fxLate", line: "In chain=server", fields: []string{"Auth auth"}},
		{
			of: reflect.TypeFor[fxBare](), typ: "tag_test.fxBare", fields: []string{"Auth auth"},
			lineless: "\n  the embedded fx.In has no grpc tag; write fx.In `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[fxSkipped](), typ: "tag_test.fxSkipped",
			lineless: "\n  the embedded fx.In has no grpc tag; write fx.In `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[fxMisspelt](), typ: "tag_test.fxMisspelt",
			lineless: "\n  the embedded fx.In has no grpc tag, but one with the key \"grcp\" (did you mean \"grpc\"?); write fx.In `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[foreign](), typ: "tag_test.foreign", fields: []string{"In "},
			untagged: "\n  In: no grpc tag; write one, or grpc:\"-\" to leave the field out",
			lineless: "\n  the struct has no line of its own; begin it with _ struct{} `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[bare](), typ: "tag_test.bare", fields: []string{"Auth "},
			untagged: "\n  Auth: no grpc tag; write one, or grpc:\"-\" to leave the field out",
			lineless: "\n  the struct has no line of its own; begin it with _ struct{} `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[empty](), typ: "tag_test.empty",
			lineless: "\n  the struct has no line of its own; begin it with _ struct{} `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[misspelt](), typ: "tag_test.misspelt", fields: []string{"Auth ", "Log ", "Else "},
			untagged: "\n  Auth: no grpc tag, but one with the key \"GRPC\" (did you mean \"grpc\"?); write one, or grpc:\"-\" to leave the field out" +
				"\n  Log: no grpc tag, but one with the key \"gprc\" (did you mean \"grpc\"?); write one, or grpc:\"-\" to leave the field out" +
				"\n  Else: no grpc tag; write one, or grpc:\"-\" to leave the field out",
			lineless: "\n  the first field has no grpc tag, but one with the key \"gprc\" (did you mean \"grpc\"?); write _ struct{} `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[blank](), typ: "tag_test.blank", fields: []string{"Auth auth"},
			lineless: "\n  the first field has no grpc tag; write _ struct{} `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeFor[late](), typ: "tag_test.late", line: "_ chain=server", fields: []string{"Auth auth"},
			want: "\n  _: the struct's own line is not on the first field; move the blank field to the top\n    grpc:\"chain=server\"\n          ^",
		},
		{
			of: reflect.TypeFor[fxBlank](), typ: "tag_test.fxBlank", line: "_ chain=server",
			want: "\n  _: the struct's own line is not on the first field; move it to the embedded fx.In, beside which there can be no blank field" +
				"\n    grpc:\"chain=server\"\n          ^",
		},
		{
			of: reflect.TypeFor[twice](), typ: "tag_test.twice", line: "_ chain=server",
			want: "\n  _: the struct has its own line already, on field _; keep one\n    grpc:\"chain=client\"\n          ^",
		},
		{
			of: reflect.TypeFor[fxTwice](), typ: "tag_test.fxTwice", line: "_ chain=server",
			want: "\n  In: the struct has its own line already, on field _; keep one\n    grpc:\"chain=client\"\n          ^",
		},
		{
			of: reflect.TypeFor[skippedBlank](), typ: "tag_test.skippedBlank", fields: []string{"Auth auth"},
			lineless: "\n  the struct has no line of its own; begin it with _ struct{} `grpc:\"chain=server\"`",
		},
		{
			of: reflect.TypeOf(hidden{auth: 1}), typ: "tag_test.hidden", line: "_ chain=server", fields: []string{"auth auth"},
			want: "\n  auth: the field is not exported, so that nobody can read it; begin its name with a capital, or take the tag away\n    grpc:\"auth\"",
		},
		{
			of: reflect.TypeFor[embedded](), typ: "tag_test.embedded", line: "_ chain=server",
			untagged: "\n  part: the embedded struct is not exported, so that its fields do not count; begin its name with a capital, or leave it out with grpc:\"-\"" +
				"\n  bare: the embedded struct is not exported, so that its fields do not count; begin its name with a capital, or leave it out with grpc:\"-\"",
		},
		{
			of: reflect.TypeFor[flawedLine](), typ: "tag_test.flawedLine", line: "_ chain=,x",
			want: "\n  _: \"chain\" has an empty value; write one, or leave the option out\n    grpc:\"chain=,x\"\n                ^",
		},
		{
			of: brokenLine(), typ: "struct",
			want: "\n  _: reflect can not read the tag `grpc: \"chain=server\"`: white space after \"grpc:\"; write grpc:\"value\" without it",
		},
		{of: reflect.TypeFor[int](), typ: "int", want: "\n  not a struct; declare with a struct, or a pointer to one"},
		{of: reflect.TypeFor[**lined](), typ: "**tag_test.lined", want: "\n  not a struct; declare with a struct, or a pointer to one"},
		{of: nil, typ: "nil", want: "\n  not a struct; declare with a struct, or a pointer to one"},
	} {
		t.Run(tt.typ, func(t *testing.T) {
			t.Parallel()
			s, errs := tag.Of(tt.of)
			expect(t, errs, tt.typ, tt.want)
			expect(t, s.Untagged(), tt.typ, tt.untagged)
			if e := s.Lineless("chain=server"); e != nil || tt.lineless != "" {
				expect(t, []*tag.Error{e}, tt.typ, tt.lineless)
			}
			line := ""
			if s.Line != nil {
				line = s.Line.Name + " " + s.Line.Text
			}
			var fields []string
			for _, f := range s.Fields {
				fields = append(fields, f.Name+" "+f.Text)
			}
			if line != tt.line || !slices.Equal(fields, tt.fields) {
				t.Errorf("line %q, fields %q; want %q, %q", line, fields, tt.line, tt.fields)
			}
		})
	}
}

func brokenLine() reflect.Type {
	return reflect.StructOf([]reflect.StructField{{
		Name: "_", PkgPath: "example.com/app", Type: reflect.TypeFor[struct{}](), Tag: `grpc: "chain=server"`,
	}})
}

func TestOfRemembers(t *testing.T) {
	t.Parallel()
	first, errs := tag.Of(reflect.TypeFor[late]())
	errs[0].Place = "main.go:1"
	again, errs := tag.Of(reflect.TypeFor[*late]())
	if first != again {
		t.Error("read twice")
	}
	if errs[0].Place != "" {
		t.Error("what a caller wrote into an error is remembered")
	}
}

func TestStructAt(t *testing.T) {
	t.Parallel()
	s, _ := tag.Of(reflect.TypeFor[lined]())
	want := tag.Position{Type: "tag_test.lined", Field: "Auth", Tag: "auth,unary", Offset: 5, Place: "main.go:1"}
	if got := s.At(&s.Fields[0], 5, "main.go:1"); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	want = tag.Position{Type: "tag_test.lined", Offset: -1}
	if got := s.At(nil, -1, ""); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTypeName(t *testing.T) {
	t.Parallel()
	type local struct{}
	for _, tt := range []struct {
		of   reflect.Type
		want string
	}{
		{reflect.TypeFor[lined](), "tag_test.lined"},
		{reflect.TypeFor[*lined](), "tag_test.lined"},
		{reflect.TypeFor[local](), "tag_test.local"},
		{reflect.TypeFor[struct{ A int }](), "struct"},
		{reflect.TypeFor[*struct{}](), "struct"},
		{reflect.TypeFor[generic[int]](), "tag_test.generic[int]"},
		{reflect.TypeFor[generic[map[tag.Form]*tag.Error]](), "tag_test.generic[map[tag.Form]*tag.Error]"},
		{reflect.TypeFor[fx.In](), "dig.In"},
		{reflect.TypeFor[*int](), "*int"},
		{reflect.TypeFor[error](), "error"},
		{nil, "nil"},
	} {
		if got := tag.TypeName(tt.of); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.of, got, tt.want)
		}
	}
}

func FuzzRaw(f *testing.F) {
	for _, row := range rawTags {
		f.Add(row.raw)
	}
	pair := regexp.MustCompile(`^ *[^\x00-\x20":\x7f]+:"(\\(?s:.)|[^"\\])*"`)
	f.Fuzz(func(t *testing.T, raw string) {
		text, found := reflect.StructTag(raw).Lookup("grpc")
		s, errs := tag.Of(structWith(raw))
		for _, e := range errs {
			if e.Field != "Auth" || e.Problem == "" || e.Offset < -1 || e.Offset > len(e.Tag) || e.Error() == "" {
				t.Errorf("error %#v", e)
			}
		}
		if text == "-" {
			return
		}
		if f := s.Fields[0]; found && f.Text != text || f.Tagged != found {
			t.Errorf("field reads %q, %t, reflect reads %q, %t", f.Text, f.Tagged, text, found)
		}
		// What is left is what reflect does not come to: there our key has no business, nor where it swallowed one.
		rest := raw
		for pair.MatchString(rest) {
			rest = rest[len(pair.FindString(rest)):]
		}
		if strings.Contains(raw, "grpc:") && !found && strings.Trim(rest, " ") != "" && len(errs) == 0 {
			t.Errorf("nothing is told of %q", raw)
		}
	})
}

// A misspelt key is told also where a field may be without a tag.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	type wrong struct {
		A string `gprc:"metadata"`
		B string `json:"b"`
		C string
	}
	s, errs := tag.Of(reflect.TypeFor[wrong]())
	if len(errs) > 0 {
		t.Error(errs)
	}
	found := s.Misspelt()
	want := `no grpc tag, but one with the key "gprc" (did you mean "grpc"?); write grpc:"-" to leave the field out`
	if len(found) != 1 || found[0].Field != "A" || found[0].Problem != want {
		t.Errorf("%v, want %s", found, want)
	}
}

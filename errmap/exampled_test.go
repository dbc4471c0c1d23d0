package errmap_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/internal/tag"
)

// shown are methods that errors have, which the examples of their types show.
var shown = []string{"Error", "Unwrap", "Is", "Format", "LogValue", "GRPCStatus"}

// TestEverythingHasAnExample looks for an example of each exported name and of each option of tags, with an output.
func TestEverythingHasAnExample(t *testing.T) {
	t.Parallel()
	examples := map[string]bool{}
	set, files, tests := parseHere(t)
	for _, e := range doc.Examples(tests...) {
		examples[e.Name] = e.Output != "" || e.EmptyOutput
	}
	pkg, err := doc.NewFromFiles(set, files, "errmap")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names(pkg) {
		if !examples[name] {
			t.Errorf("no example of %s, or one without output", name)
		}
	}
	for _, o := range slices.Concat(tag.ErrorLine().Options, tag.ErrorField().Options) {
		if name := "Tagged_" + camel(o.Name); !examples[name] {
			t.Errorf("no example of the option %s, or one without output: Example%s", o.Name, name)
		}
	}
}

func camel(option string) string {
	first, second, _ := strings.Cut(option, ".")
	if second == "" {
		return first
	}
	return first + strings.ToUpper(second[:1]) + second[1:]
}

func names(pkg *doc.Package) (all []string) {
	for _, f := range pkg.Funcs {
		all = append(all, f.Name)
	}
	for _, typ := range pkg.Types {
		all = append(all, typ.Name)
		for _, f := range typ.Funcs {
			all = append(all, f.Name)
		}
		for _, m := range typ.Methods {
			if !slices.Contains(shown, m.Name) {
				all = append(all, typ.Name+"_"+m.Name)
			}
		}
	}
	return all
}

func parseHere(t *testing.T) (set *token.FileSet, files, tests []*ast.File) {
	t.Helper()
	set = token.NewFileSet()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.HasSuffix(path, "_test.go"):
			tests = append(tests, f)
		default:
			files = append(files, f)
		}
	}
	return set, files, tests
}

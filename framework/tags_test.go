package framework_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/internal/tag"
)

// TestTagsReference holds TAGS.md to the table of what tags may say.
func TestTagsReference(t *testing.T) {
	t.Parallel()
	golden(t, "TAGS.md", "<!-- Generated of internal/tag by go test ./framework -run TestTagsReference -update; do not edit. -->\n\n"+
		"# What grpc tags say\n\n"+tag.Reference())
}

// TestExamplesOfTags has an Example of each option of the tags that this package reads.
func TestExamplesOfTags(t *testing.T) {
	t.Parallel()
	examples := exampleNames(t)
	for of, roles := range map[string][]tag.Role{
		"ExampleStruct_": {tag.ChainLine(), tag.ChainField()},
		"ExamplePolicy_": {tag.PolicyLine(), tag.RuleField()},
	} {
		for _, r := range roles {
			names := []string{r.First.Name}
			for _, o := range r.Options {
				names = append(names, o.Name)
			}
			for _, name := range names {
				if !examples[of+name] {
					t.Errorf("%s has %q, and there is no %s%s", r.Name, name, of, name)
				}
			}
		}
	}
}

func exampleNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

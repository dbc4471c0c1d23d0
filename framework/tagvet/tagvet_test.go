package tagvet_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/tagvet"
	"github.com/sluice-go/sluice/framework/tagvet/testdata/chain"
	"github.com/sluice-go/sluice/framework/tagvet/testdata/policy"
	"github.com/sluice-go/sluice/modules/auth"
	"github.com/sluice-go/sluice/modules/timeout"
)

const root = "../.." // of the module, from here

var update = flag.Bool("update", false, "write the golden file of reports")

// TestAnalyzer holds the analyzer to the comments beside the declarations in testdata, and to the golden file of all
// reports, with their columns and fixes.
func TestAnalyzer(t *testing.T) {
	t.Parallel()
	results := analysistest.Run(t, root, tagvet.New(timeout.Key, auth.Allow), testdata(
		"app", "chain", "foreign", "headers", "literal", "orderspb", "ownkey", "parts", "policy", "shop", "whole", "wiring",
	)...)
	golden(t, "testdata/reports.golden", reports(results))
}

// TestFixes holds files to what fixes make of them.
func TestFixes(t *testing.T) {
	t.Parallel()
	analysistest.RunWithSuggestedFixes(t, root, tagvet.New(timeout.Key), testdata("literal", "shop")...)
}

func testdata(names ...string) (patterns []string) {
	for _, name := range names {
		patterns = append(patterns, "./framework/tagvet/testdata/"+name)
	}
	return patterns
}

// reports is a line for each report: file, line, the columns from and to, the text, and what a fix would write there.
func reports(results []*analysistest.Result) string {
	var lines []string
	for _, r := range results {
		for _, d := range r.Action.Diagnostics {
			from, to := r.Action.Package.Fset.Position(d.Pos), r.Action.Package.Fset.Position(d.End)
			file := filepath.Join(filepath.Base(filepath.Dir(from.Filename)), filepath.Base(from.Filename))
			line := fmt.Sprintf("%s:%03d:%03d-%03d %s", filepath.ToSlash(file), from.Line, from.Column, to.Column, d.Message)
			for _, fix := range d.SuggestedFixes {
				line += fmt.Sprintf(" => %s", fix.TextEdits[0].NewText)
			}
			lines = append(lines, line+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// golden holds reports to those of a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update && !t.Failed() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range without(string(text), got) {
		t.Errorf("%s has, and nothing reports: %s", file, line)
	}
	for _, line := range without(got, string(text)) {
		t.Errorf("%s has not: %s", file, line)
	}
}

// without are the lines of a text that another does not have.
func without(text, other string) []string {
	theirs := strings.Split(other, "\n")
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return slices.Contains(theirs, line) })
}

// TestStartup holds the analyzer to what a chain says when it starts: all of it is among the reports.
func TestStartup(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/reports.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, declared := range slices.Concat(chain.Declared(), policy.Declared()) {
		typ := reflect.TypeOf(declared)
		t.Run(typ.String(), func(t *testing.T) {
			t.Parallel()
			problems := problemsOf(framework.CheckTags(typ, ""))
			for _, problem := range problems {
				if !strings.Contains(string(text), "grpc tag: "+problem) {
					t.Errorf("not reported: %s", problem)
				}
			}
			if right := strings.HasPrefix(typ.Name(), "Right"); right != (len(problems) == 0) {
				t.Errorf("%d problems", len(problems))
			}
		})
	}
}

func problemsOf(err error) (all []string) {
	switch err := err.(type) {
	case *framework.TagError:
		all = append(all, err.Problem)
	case interface{ Unwrap() []error }:
		for _, e := range err.Unwrap() {
			all = append(all, problemsOf(e)...)
		}
	}
	return all
}

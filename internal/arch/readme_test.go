package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// snippet is Go code in a page that says which region of which file it is.
var snippet = regexp.MustCompile("(?s)<!-- (\\S+\\.go) (\\S+) -->\n```go\n(.*?)```")

// TestPages holds the code in pages equal to the code that is compiled.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md"} {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		found := snippet.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s: no snippet names its file", page)
		}
		for _, s := range found {
			source, err := os.ReadFile(filepath.Join(root, s[1]))
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			want, ok := region(string(source), s[2])
			if !ok {
				t.Errorf("%s: %s has no region %q", page, s[1], s[2])
			} else if s[3] != want {
				t.Errorf("%s: the code of %s, region %q, is now:\n%s", page, s[1], s[2], want)
			}
		}
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	got, ok := region("a\n\t// region x\n\tb(\n\t\tc)\n\n\t// endregion\nd\n", "x")
	if !ok || got != "b(\n\tc)\n" {
		t.Errorf("got %q, %t", got, ok)
	}
	if _, ok := region("// region y\n", "x"); ok {
		t.Error("found a region that is not there")
	}
}

// region is the part of a file between a comment "region name" and the next "endregion", without its indentation.
func region(source, name string) (string, bool) {
	var lines []string
	indent, inside := "", false
	for line := range strings.Lines(source) {
		switch bare := strings.TrimSpace(line); {
		case !inside && bare == "// region "+name:
			indent, inside = line[:strings.Index(line, "//")], true
		case inside && bare == "// endregion":
			return strings.Trim(strings.Join(lines, ""), "\n") + "\n", true
		case inside:
			lines = append(lines, strings.TrimPrefix(line, indent))
		}
	}
	return "", false
}

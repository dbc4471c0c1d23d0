package tagvet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// command builds the command.
func command(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "tagvet")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/tagvet").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// run runs a command at the root of the module. It gives what it wrote, and whether it found nothing.
func run(t *testing.T, name string, args ...string) (out string, clean bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = root
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

// said are the lines of an output that are reports.
func said(out string) (lines []string) {
	for line := range strings.Lines(out) {
		if strings.Contains(line, ": grpc tag: ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// TestCommand runs the command in each way that it is to be run: the transcript of the package's doc, which is of a file in
// testdata, and code of others and our own, in which nothing is wrong.
func TestCommand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a command, and runs it on hundreds of packages")
	}
	bin := command(t)
	t.Run("doc", func(t *testing.T) {
		t.Parallel()
		doc, err := os.ReadFile("doc.go")
		if err != nil {
			t.Fatal(err)
		}
		const shop = "./framework/tagvet/testdata/shop"
		for _, args := range [][]string{{"go", "vet", "-vettool=" + bin, shop}, {bin, shop}} {
			out, clean := run(t, args[0], args[1:]...)
			lines := said(out)
			if clean || len(lines) == 0 {
				t.Errorf("%v: no reports:\n%s", args, out)
			}
			for _, line := range lines {
				if _, text, _ := strings.Cut(line, "shop.go:"); !strings.Contains(string(doc), "shop.go:"+text+"\n") {
					t.Errorf("not in the doc: shop.go:%s", text)
				}
			}
		}
	})
	t.Run("ours", func(t *testing.T) {
		t.Parallel()
		out, clean := run(t, "go", "vet", "-vettool="+bin, "./...")
		for _, line := range said(out) {
			if !strings.Contains(line, "_test.go:") { // these declare, on purpose, what is refused
				t.Error(line)
			}
		}
		if !clean && !strings.Contains(out, ".go:") {
			t.Errorf("go vet failed:\n%s", out)
		}
	})
	for _, module := range []string{"github.com/caarlos0/env/v11", "go.uber.org/dig"} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			out, clean := run(t, "go", "vet", "-vettool="+bin, module+"/...")
			for _, line := range said(out) {
				t.Error(line)
			}
			if !clean && len(said(out)) == 0 {
				t.Skipf("%s can not be loaded here:\n%s", module, out)
			}
		})
	}
}

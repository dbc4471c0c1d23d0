package framework_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// A refusal is a declaration that is wrong, with a name for its case.
type refusal struct {
	name     string
	parts    []framework.Part
	client   bool
	services map[string]grpc.ServiceInfo // of the server; nil for the dummy service
}

// refused is a case of one part.
func refused(name string, part framework.Part) refusal {
	return refusal{name: name, parts: []framework.Part{part}}
}

// onMain declares parts at main.go:41 and below, one a line, so that what errors say does not move.
func onMain(parts []framework.Part) []framework.Part {
	placed := slices.Clone(parts)
	for i, p := range placed {
		placed[i] = framework.DeclaredAt(fmt.Sprintf("main.go:%d", 41+i), p)
	}
	return placed
}

// error is what is said of the case, when the chain is made or when it is bound.
func (r refusal) error(t *testing.T) error {
	t.Helper()
	if r.client {
		_, err := framework.NewClientChain(onMain(r.parts)...)
		return err
	}
	chain, err := framework.NewServerChain(onMain(r.parts)...)
	if err != nil {
		return err
	}
	if r.services == nil {
		r.services = dummyServices()
	}
	return chain.Bind(r.services)
}

func dummyServices() map[string]grpc.ServiceInfo {
	server := grpc.NewServer()
	dummypb.RegisterDummyServiceServer(server, &service{})
	return server.GetServiceInfo()
}

// TestRefusals holds the whole text of what is refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	named := map[string]bool{}
	for _, r := range slices.Concat(chainRefusals(), fieldRefusals(), layerRefusals(), policyRefusals(), ruleRefusals()) {
		if named[r.name] {
			t.Errorf("two cases are called %q", r.name)
		}
		named[r.name] = true
		err := r.error(t)
		if err == nil {
			t.Errorf("%s: not refused", r.name)
			continue
		}
		fmt.Fprintf(&text, "# %s\n%v\n\n", r.name, err)
	}
	golden(t, "testdata/refusals.golden", text.String())
}

// golden holds a text equal to a file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s, line %d, is not what is said now; if it should be, run go test -update\ngot:\n%s\nwant:\n%s",
				path, i+1, around(gotLines, i), around(wantLines, i))
		}
	}
}

func around(lines []string, i int) string {
	return strings.Join(lines[min(max(i-3, 0), len(lines)):min(i+4, len(lines))], "\n")
}

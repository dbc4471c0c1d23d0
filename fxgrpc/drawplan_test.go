package fxgrpc_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

var update = flag.Bool("update", false, "write the golden files")

// lines are the numbers that change with every edit of a file.
var lines = regexp.MustCompile(`(\.go):\d+`)

// golden holds a text to a file, but for line numbers.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	got = lines.ReplaceAllString(got, "$1:0")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was; if it should be, run go test -update\n%s", file, got)
	}
}

// TestPlanDrawn draws two servers and a client, with a struct, a policy, a link that is off, and defaults.
func TestPlanDrawn(t *testing.T) {
	t.Parallel()
	p := plan(t, journaled, fxgrpc.Module, fxgrpc.Defaults(),
		fxgrpc.Server(fxgrpc.Named("public"), fxgrpc.Insecure()), fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()), dummies(fxgrpc.OnServers("public")),
		fxgrpc.Interceptors[chain](fxgrpc.OnServers("public")), fxgrpc.Policy[limits](), fxgrpc.Provide(newQuota), fx.Provide(newAudit, newRecovery),
		fxgrpc.Use(passing, framework.Name("probe"), framework.ForService("grpc.health.v1.Health"), framework.Inherit(framework.InheritNone)),
		fxgrpc.Parts(framework.When("guarded", false)),
		fxgrpc.Client("orders", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1")))
	golden(t, "plan.txt", p.String())
	golden(t, "plan.mmd", p.Mermaid())
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.json", indented.String()+"\n")
}

package arch_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	module = "github.com/sluice-go/sluice"
	root   = "../.." // of the repository, from here

	ours       = "./..."
	fx         = "go.uber.org/fx/..."
	ggm        = "github.com/grpc-ecosystem/go-grpc-middleware/..."
	grpc       = "google.golang.org/grpc/..."
	protobuf   = "google.golang.org/protobuf/..."
	errdetails = "google.golang.org/genproto/googleapis/rpc/errdetails"
)

// imports says which packages the non-test files of a folder may import,
// besides the standard library. "./" is the top of this repository; "/..." is a
// folder or an import and everything below it, nothing else is. The row with the
// longest folder counts.
var imports = map[string][]string{
	"framework":                       {grpc, protobuf, "./internal/tag", "./internal/method"},
	"framework/tagvet":                {"golang.org/x/tools/...", "./framework", "./errmap", "./internal/tag"},
	"framework/tagvet/cmd/tagvet":     {"golang.org/x/tools/...", "./framework", "./framework/tagvet", "./errmap", "./internal/tag", "./modules/..."},
	"framework/frameworktest":         {grpc, protobuf, "go.uber.org/goleak", "./framework", "./framework/frameworktest/dummypb"},
	"framework/frameworktest/dummypb": {grpc, protobuf},

	"errmap": {
		"google.golang.org/grpc/codes", "google.golang.org/grpc/status", "google.golang.org/grpc/metadata",
		errdetails, protobuf, "./internal/tag", "./internal/method",
	},

	"modules/recovery":    concern("github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"),
	"modules/translate":   concern(),
	"modules/logging":     concern("github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"),
	"modules/headers":     concern(),
	"modules/auth":        concern("github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"),
	"modules/requestid":   concern("github.com/google/uuid"),
	"modules/realip":      concern(),
	"modules/validate":    concern("buf.build/go/protovalidate", "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"),
	"modules/timeout":     concern(),
	"modules/concurrency": concern(),
	"modules/ratelimit":   concern("golang.org/x/time/rate", "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"),
	"modules/retry":       concern("github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"),
	"modules/breaker":     concern("github.com/sony/gobreaker/v2"),
	"modules/metrics":     concern("github.com/prometheus/client_golang/prometheus", "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus", "go.opentelemetry.io/otel/..."),
	"modules/tracing":     concern("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc/...", "go.opentelemetry.io/otel/..."),

	"fxgrpc": {
		fx, grpc, "./framework", "./errmap", "./internal/tag",
		"./modules/requestid", "./modules/logging", "./modules/translate", "./modules/recovery",
	},
	"fxgrpc/fxgrpctest": {fx, grpc, "./framework", "./fxgrpc"},
	"fxgrpc/fxgrpcxds":  {fx, grpc, "./framework", "./fxgrpc"},

	"internal/tag":        {},
	"internal/method":     {},
	"internal/arch":       {},
	"internal/soak/...":   {ours, fx, grpc, protobuf},
	"examples/shop/stock": {}, // a domain's errors need nothing
	"examples/...":        {ours, fx, grpc, protobuf, errdetails, "github.com/caarlos0/env/v11"},
}

// concern is what a module may import beside the libraries it wraps.
func concern(libraries ...string) []string {
	return append(libraries, grpc, protobuf, errdetails, "./framework", "./errmap", "./internal/tag")
}

// confined says where alone an import may stand, whatever the table allows.
var confined = map[string][]string{
	fx:                               {"fxgrpc/...", "examples/...", "internal/soak/..."},
	ggm:                              {"modules/..."},
	"google.golang.org/grpc/xds/...": {"fxgrpc/fxgrpcxds"},
}

// topLevel is all that may stand there, besides names that begin with a dot.
var topLevel = []string{
	"framework", "errmap", "modules", "fxgrpc", "internal", "examples",
	"go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
}

// bench is the one module besides ours; what it imports is its own affair.
const bench = "internal/bench"

// shapeless matches names that say nothing of what is inside.
var shapeless = regexp.MustCompile(`^(common|base)$|(util|helper|manager)s?$`)

func TestRepository(t *testing.T) {
	t.Parallel()
	for _, p := range check(os.DirFS(root)) {
		t.Error(p)
	}
}

func TestTopLevel(t *testing.T) {
	t.Parallel()
	names, err := tracked()
	if err != nil || len(names) == 0 {
		t.Logf("no git (%v): reading the directory", err)
		names = listed(t)
	}
	for _, name := range strays(names) {
		t.Errorf("%s: nothing of that name belongs at the top of the repository; move it into a folder of the house", name)
	}
}

// strays gives the names that may not stand at the top.
func strays(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		return strings.HasPrefix(name, ".") || slices.Contains(topLevel, name)
	})
}

// tracked gives what git knows of at the top, so that a build's leftovers in a
// working copy do no harm.
func tracked() (names []string, err error) {
	cmd := exec.Command("git", "ls-files")
	cmd.Dir = root
	out, err := cmd.Output()
	for file := range strings.Lines(string(out)) {
		name, _, _ := strings.Cut(strings.TrimSpace(file), "/")
		names = append(names, name)
	}
	return slices.Compact(names), err
}

func listed(t *testing.T) (names []string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// check reads every non-test Go file and gives what is against the rules, each
// with its place.
func check(fsys fs.FS) []string {
	c := checker{fsys: fsys, fset: token.NewFileSet()}
	if err := fs.WalkDir(fsys, ".", c.visit); err != nil {
		c.say("%v", err)
	}
	return c.problems
}

type checker struct {
	fsys     fs.FS
	fset     *token.FileSet
	problems []string
}

func (c *checker) say(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *checker) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case err != nil || name == ".":
		return err
	case d.IsDir():
		return c.folder(name)
	case path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go"):
		return c.file(name)
	}
	return nil
}

func (c *checker) folder(name string) error {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || base == "testdata" {
		return fs.SkipDir
	}
	c.named(name, base)
	if _, err := fs.Stat(c.fsys, path.Join(name, "go.mod")); err != nil {
		return c.known(name)
	}
	if name != bench {
		c.say("%s: a module of its own; only %s is one, remove its go.mod", name, bench)
	}
	return fs.SkipDir
}

func (c *checker) named(name, base string) {
	if shapeless.MatchString(base) {
		c.say("%s: the name says nothing; name it for what it holds", name)
	}
}

// known complains of a package that the table does not have.
func (c *checker) known(folder string) error {
	files, err := fs.Glob(c.fsys, path.Join(folder, "*.go"))
	if _, ok := row(folder); !ok && len(files) > 0 {
		c.say("%s: unknown package: say in the table what it may import", folder)
	}
	return err
}

func (c *checker) file(name string) error {
	c.named(name, strings.TrimSuffix(path.Base(name), ".go"))
	src, err := fs.ReadFile(c.fsys, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(c.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, spec := range f.Imports {
		c.imported(name, spec)
	}
	if !ast.IsGenerated(f) { // protoc's files register themselves in init
		c.inits(f)
	}
	return nil
}

func (c *checker) inits(f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			c.say("%s: func init: nothing registers itself here; construct it and pass it on", c.at(fn.Pos()))
		}
	}
}

func (c *checker) imported(file string, spec *ast.ImportSpec) {
	imp, _ := strconv.Unquote(spec.Path.Value)
	if standard(imp) {
		return
	}
	if rest, ok := strings.CutPrefix(imp, module+"/"); ok {
		imp = "./" + rest
	}
	if why := forbidden(path.Dir(file), imp); why != "" {
		c.say("%s: import %q: %s", c.at(spec.Pos()), imp, why)
	}
}

func (c *checker) at(pos token.Pos) string {
	p := c.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// forbidden says why a package may not import another, or "".
func forbidden(folder, imp string) string {
	for what, where := range confined {
		if covers(what, imp) && !slices.ContainsFunc(where, func(w string) bool { return covers(w, folder) }) {
			return "only allowed in " + strings.Join(where, ", ")
		}
	}
	if mine, other := moduleOf(folder), moduleOf(strings.TrimPrefix(imp, "./")); mine != "" && other != "" && mine != other {
		return "no module imports another module"
	}
	allowed, known := row(folder)
	if known && !slices.ContainsFunc(allowed, func(a string) bool { return covers(a, imp) }) {
		return fmt.Sprintf("package %s may import %q", folder, allowed)
	}
	return ""
}

// row finds the imports of a folder: its own row, or that of the nearest one above.
func row(folder string) ([]string, bool) {
	if allowed, ok := imports[folder]; ok {
		return allowed, true
	}
	for dir := folder; dir != "."; dir = path.Dir(dir) {
		if allowed, ok := imports[dir+"/..."]; ok {
			return allowed, true
		}
	}
	return nil, false
}

// covers reports whether a pattern, which may end in "/...", is or holds name.
func covers(pattern, name string) bool {
	prefix, open := strings.CutSuffix(pattern, "/...")
	return name == prefix || open && strings.HasPrefix(name, prefix+"/")
}

// moduleOf gives the folder's name below modules, if it is there.
func moduleOf(folder string) string {
	rest, ok := strings.CutPrefix(folder, "modules/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// standard reports whether an import is the standard library's: no others lack
// a dot in their first part.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

// TestCheckCanFail holds the checker to its own rules, one broken rule a row.
func TestCheckCanFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file, src, want string
	}{
		{
			"clean", "framework/call.go",
			"package framework\n\nimport (\n\t\"context\"\n\t\"google.golang.org/grpc/codes\"\n\n\t\"" + module + "/internal/method\"\n)\n",
			"",
		},
		{
			"forbidden import", "internal/method/method.go",
			"package method\n\nimport (\n\t\"fmt\"\n\t\"google.golang.org/grpc\"\n)\n",
			`internal/method/method.go:5: import "google.golang.org/grpc": package internal/method may import []`,
		},
		{
			"forbidden import of ours", "framework/call.go",
			"package framework\n\nimport \"" + module + "/errmap\"\n",
			`framework/call.go:3: import "./errmap": package framework may import ` +
				`["google.golang.org/grpc/..." "google.golang.org/protobuf/..." "./internal/tag" "./internal/method"]`,
		},
		{
			"below an allowed package of ours", "fxgrpc/fxgrpctest/app.go",
			"package fxgrpctest\n\nimport \"" + module + "/framework/frameworktest\"\n",
			`fxgrpc/fxgrpctest/app.go:3: import "./framework/frameworktest": package fxgrpc/fxgrpctest may import ` +
				`["go.uber.org/fx/..." "google.golang.org/grpc/..." "./framework" "./fxgrpc"]`,
		},
		{
			"a name that only begins alike", "framework/call.go",
			"package framework\n\nimport \"google.golang.org/grpcx\"\n",
			`framework/call.go:3: import "google.golang.org/grpcx": package framework may import ` +
				`["google.golang.org/grpc/..." "google.golang.org/protobuf/..." "./internal/tag" "./internal/method"]`,
		},
		{
			"generated code imports by the table", "errmap/x.pb.go",
			"// Code generated by x. DO NOT EDIT.\n\npackage errmap\n\nimport \"google.golang.org/grpc\"\n\nfunc init() {}\n",
			`errmap/x.pb.go:5: import "google.golang.org/grpc": package errmap may import ` +
				`["google.golang.org/grpc/codes" "google.golang.org/grpc/status" "google.golang.org/grpc/metadata" ` +
				`"google.golang.org/genproto/googleapis/rpc/errdetails" "google.golang.org/protobuf/..." "./internal/tag" "./internal/method"]`,
		},
		{
			"fx outside its folders", "modules/logging/logging.go",
			"package logging\n\nimport \"go.uber.org/fx\"\n",
			`modules/logging/logging.go:3: import "go.uber.org/fx": only allowed in fxgrpc/..., examples/..., internal/soak/...`,
		},
		{
			"go-grpc-middleware outside modules", "examples/quickstart/main.go",
			"package main\n\nimport \"github.com/grpc-ecosystem/go-grpc-middleware/v2/metadata\"\n",
			`examples/quickstart/main.go:3: import "github.com/grpc-ecosystem/go-grpc-middleware/v2/metadata": only allowed in modules/...`,
		},
		{
			"xds in fxgrpc itself", "fxgrpc/server.go",
			"package fxgrpc\n\nimport \"google.golang.org/grpc/xds\"\n",
			`fxgrpc/server.go:3: import "google.golang.org/grpc/xds": only allowed in fxgrpc/fxgrpcxds`,
		},
		{
			"module imports module", "modules/recovery/recovery.go",
			"package recovery\n\nimport \"" + module + "/modules/translate\"\n",
			`modules/recovery/recovery.go:3: import "./modules/translate": no module imports another module`,
		},
		{
			"unknown package", "modules/teapot/teapot.go", "package teapot\n",
			"modules/teapot: unknown package: say in the table what it may import",
		},
		{
			"init", "framework/call.go", "package framework\n\nfunc init() {}\n",
			"framework/call.go:3: func init: nothing registers itself here; construct it and pass it on",
		},
		{"init of a generated file", "framework/x.pb.go", "// Code generated by x. DO NOT EDIT.\n\npackage framework\n\nfunc init() {}\n", ""},
		{"a method named init", "framework/call.go", "package framework\n\nfunc (c *Call) init() {}\n", ""},
		{
			"shapeless folder", "examples/testutil/x.go", "package testutil\n",
			"examples/testutil: the name says nothing; name it for what it holds",
		},
		{
			"shapeless file", "framework/helpers.go", "package framework\n",
			"framework/helpers.go: the name says nothing; name it for what it holds",
		},
		{"a name that ends like one", "framework/database.go", "package framework\n", ""},
		{
			"nested module", "modules/redis/go.mod", "module x\n",
			"modules/redis: a module of its own; only internal/bench is one, remove its go.mod",
		},
		{"bench may", "internal/bench/go.mod", "module x\n", ""},
		{"tests import what they like", "framework/call_test.go", "package framework_test\n\nimport \"go.uber.org/fx\"\n", ""},
		{"testdata is no package", "framework/testdata/src/a/a.go", "package a\n\nimport \"example.com/x\"\n", ""},
		{
			"no Go", "framework/call.go", "func\n",
			"framework/call.go:1:1: expected 'package', found 'func'",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(check(fstest.MapFS{tt.file: {Data: []byte(tt.src)}}), "\n")
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestStrays(t *testing.T) {
	t.Parallel()
	got := strays([]string{".ci", "framework", "go.mod", "pkg", "README.md", "util"})
	if want := []string{"pkg", "util"}; !slices.Equal(got, want) {
		t.Errorf("strays %q, want %q", got, want)
	}
}

package tagvet

import (
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/sluice-go/sluice/framework"
)

const ownKey = "grpc"

const doc = `check the grpc tags of chain structs, policies and headers

It reports what a server or client would refuse to start with, as far as source shows it, and methods that imported
services do not have.`

// New makes the analyzer. keys are those of the interceptors whose rules policies may say: their values are read as a chain
// reads them, and a key that is misspelt by a letter or two is reported. Without keys rules are only read as far as the
// grammar goes. An Analyzer has no state: any number of packages can be analyzed at once.
func New(keys ...framework.AnyKey) *analysis.Analyzer {
	rules := slices.DeleteFunc(slices.Clone(keys), func(k framework.AnyKey) bool { return k == nil })
	return &analysis.Analyzer{
		Name:      "tagvet",
		Doc:       doc,
		URL:       "https://pkg.go.dev/github.com/sluice-go/sluice/framework/tagvet",
		Requires:  []*analysis.Analyzer{inspect.Analyzer},
		FactTypes: []analysis.Fact{new(known)},
		Run: func(pass *analysis.Pass) (any, error) {
			c := &checker{
				pass: pass, keys: rules, known: learn(pass), source: sourceOf(pass), found: map[saying]analysis.Diagnostic{},
			}
			c.structs()
			return nil, nil
		},
	}
}

func inspected(pass *analysis.Pass) *inspector.Inspector {
	return pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
}

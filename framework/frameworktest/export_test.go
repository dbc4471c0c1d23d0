package frameworktest

import "github.com/sluice-go/sluice/framework"

// Broken gives what TestInterceptor would report, by the names of its subtests.
func Broken(new func() framework.Interceptor, o ...ConformanceOption) map[string]error {
	broken := map[string]error{}
	terms := newTerms(o)
	for _, side := range terms.sidesOf(new()) {
		for _, kind := range terms.kinds {
			for _, r := range rules() {
				if r.applies != nil && !r.applies(terms, side, kind) {
					continue
				}
				if err := r.judge(&trial{terms: terms, side: side, kind: kind, tested: new()}); err != nil {
					broken[side.String()+"/"+kind.String()+"/"+r.name] = err
				}
			}
		}
	}
	return broken
}

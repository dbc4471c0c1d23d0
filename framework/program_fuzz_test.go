package framework_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/framework"
)

// FuzzTagsAndOptions writes random programs with tags and with options: both come to the same chain, or both are refused.
func FuzzTagsAndOptions(f *testing.F) {
	accepted := 0
	for seed := range uint64(300) {
		data := randomBytes(seed)
		f.Add(data)
		if _, err := explained(newProgram((*dice)(&data)).tags()); err == nil {
			accepted++
		}
	}
	if accepted < 60 {
		f.Errorf("only %d of 300 programs are accepted, which proves little", accepted)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := newProgram((*dice)(&data))
		tags, tagsErr := explained(p.tags())
		options, optionsErr := explained(p.options())
		if (tagsErr == nil) != (optionsErr == nil) {
			t.Fatalf("%+v\nwith tags: %v\nwith options: %v", p, tagsErr, optionsErr)
		}
		for i := range tags {
			if !reflect.DeepEqual(tags[i], options[i]) {
				t.Fatalf("%+v\nwith tags: %+v\nwith options: %+v", p, tags[i], options[i])
			}
		}
	})
}

func randomBytes(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, seed))
	data := make([]byte, 120)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// explained is what Explain says of each method under a chain of parts, places aside.
func explained(parts []framework.Part) (all []framework.Explanation, err error) {
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		return nil, err
	}
	if err := chain.Bind(shopServices()); err != nil {
		return nil, err
	}
	for _, full := range append([]string{ordersGet, ordersPut, ordersCreate}, dummyMethods...) {
		all = append(all, unplaced(chain.Explain(full)))
	}
	return all, nil
}

// unplaced is an explanation without places, and without what a policy struct alone can say.
func unplaced(e framework.Explanation) framework.Explanation {
	for _, links := range [][]framework.LinkOfChain{e.Links, e.Absent} {
		for i := range links {
			links[i].Place = ""
		}
	}
	var rules []framework.MethodRule
	for _, r := range e.Rules {
		r.Place = ""
		if strings.HasPrefix(r.Why, "the same is said at") {
			r.Why = "the same"
		}
		if r.Key != "default" {
			rules = append(rules, r)
		}
	}
	e.Rules = rules
	return e
}

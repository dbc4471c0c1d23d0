package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// What a failed call pays. The inputs are package variables, so that the compiler can not see through them.
var (
	errSentinel       = errors.New("order not found")
	errUnknown        = errors.New("dial 10.0.0.3: pw=hunter2")
	errStatus         = status.Error(codes.NotFound, "nf")
	errNil            error
	errWrapped        = fmt.Errorf("a: %w", fmt.Errorf("b: %w", fmt.Errorf("c: %w", errSentinel)))
	errUnknownWrapped = fmt.Errorf("a: %w", fmt.Errorf("b: %w", fmt.Errorf("c: %w", errUnknown)))

	sink error
)

const benchMethod = "/acme.orders.v1.Orders/Get"

// cost is one path through the mapper, and the allocations that it may have.
type cost struct {
	name   string
	rules  int
	err    error
	decode bool
	allocs float64
}

var costs = []cost{
	{name: "nil", rules: 16, err: errNil, allocs: 0},
	{name: "sentinel", rules: 16, err: errSentinel, allocs: 1},
	{name: "sentinel under three wraps", rules: 16, err: errWrapped, allocs: 1},
	{name: "sentinel under three wraps, 1000 rules", rules: 1000, err: errWrapped, allocs: 1},
	{name: "code", rules: 16, err: errmap.NotFound, allocs: 1},
	{name: "explicit", rules: 16, err: errmap.NotFound.New("no such order"), allocs: 1},
	{name: "status", rules: 16, err: errStatus, allocs: 1},
	{name: "unknown under three wraps", rules: 16, err: errUnknownWrapped, allocs: 1},
	{name: "decode nil", rules: 16, err: errNil, decode: true, allocs: 0},
	{name: "decode status", rules: 16, err: errStatus, decode: true, allocs: 1},
}

// mapper has as many rules as asked for, of which one is for errSentinel.
func (c cost) mapper(t testing.TB) *errmap.Mapper {
	rules := []errmap.Rule{errmap.On(errSentinel, errmap.NotFound)}
	for i := range c.rules - 1 {
		rules = append(rules, errmap.On(fmt.Errorf("other %d", i), errmap.Aborted))
	}
	return newMapper(t, errmap.Config{Observer: func(context.Context, errmap.Outcome) {}}, rules...)
}

func (c cost) run(ctx context.Context, m *errmap.Mapper) {
	if c.decode {
		sink = m.Decode(ctx, c.err)
		return
	}
	sink = m.Error(ctx, benchMethod, c.err)
}

// BenchmarkMapper is what one call costs. The baseline to hold it against is BenchmarkByHand.
func BenchmarkMapper(b *testing.B) {
	for _, c := range costs {
		b.Run(c.name, func(b *testing.B) {
			m := c.mapper(b)
			b.ReportAllocs()
			for b.Loop() {
				c.run(b.Context(), m)
			}
		})
	}
}

// BenchmarkByHand is what handlers do without a mapper: ten errors.Is in a row, then status.Error.
func BenchmarkByHand(b *testing.B) {
	others := make([]error, 9)
	for i := range others {
		others[i] = fmt.Errorf("other %d", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, other := range others {
			if errors.Is(errWrapped, other) {
				b.Fatal("wrong sentinel")
			}
		}
		if errors.Is(errWrapped, errSentinel) {
			sink = status.Error(codes.NotFound, errSentinel.Error())
		}
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, c := range costs {
		t.Run(c.name, func(t *testing.T) {
			m := c.mapper(t)
			if got := testing.AllocsPerRun(100, func() { c.run(t.Context(), m) }); got > c.allocs {
				t.Errorf("%v allocations, want at most %v", got, c.allocs)
			}
		})
	}
}

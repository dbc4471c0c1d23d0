package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
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

	errTagged  = error(&OrderNotFound{OrderID: 42, Shop: "fr", Secret: "hunter2"})
	errJoined  = errors.Join(FieldError{Field: "a", Desc: "1"}, FieldError{Field: "b", Desc: "2"}, FieldError{Field: "c", Desc: "3"})
	wireTagged = status.Convert(byHandTagged(42, "fr")).Err()

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
	{name: "unknown under three wraps", rules: 16, err: errUnknownWrapped, allocs: 2},
	{name: "tagged", rules: 16, err: errTagged, allocs: tagged + 4},
	{name: "join of three", rules: 16, err: errJoined, allocs: 60},
	{name: "decode nil", rules: 16, err: errNil, decode: true, allocs: 0},
	{name: "decode status", rules: 16, err: errStatus, decode: true, allocs: 1},
	{name: "decode tagged", rules: 16, err: wireTagged, decode: true, allocs: 30},
}

// tagged are the allocations of byHandTagged, to which those of a tagged type are held.
var tagged = testing.AllocsPerRun(100, func() { sink = byHandTagged(42, "fr") })

// byHandTagged is what a handler writes that sends what *OrderNotFound does.
func byHandTagged(id int64, shop string) error {
	number := strconv.FormatInt(id, 10)
	s, err := status.New(codes.NotFound, "order "+number+" not found in "+shop).WithDetails(
		&errdetails.ErrorInfo{Reason: "ORDER_NOT_FOUND", Domain: "orders.acme.com", Metadata: map[string]string{"orderId": number, "shop": shop}},
		&errdetails.ResourceInfo{ResourceType: "order", ResourceName: number})
	if err != nil {
		return err
	}
	return s.Err()
}

// mapper has as many rules as asked for, of which one is for errSentinel, two are tagged and two are predicates.
func (c cost) mapper(t testing.TB) *errmap.Mapper {
	never := func(error) bool { return false }
	rules := []errmap.Rule{
		errmap.On(errSentinel, errmap.NotFound), errmap.Tagged[*OrderNotFound](), errmap.Tagged[FieldError](),
		errmap.OnFunc("one", never, errmap.Aborted), errmap.OnFunc("two", never, errmap.Aborted),
	}
	for i := range c.rules - len(rules) {
		rules = append(rules, errmap.On(fmt.Errorf("other %d", i), errmap.Aborted))
	}
	return newMapper(t, errmap.Config{Domain: domain}, rules...)
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

// BenchmarkByHandTagged is the baseline of a tagged type.
func BenchmarkByHandTagged(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink = byHandTagged(42, "fr")
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

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

// FuzzError builds a tree of errors from bytes, sound ones and broken ones. Whatever comes out of the mapper is an
// error with one of the sixteen codes, can be touched, and keeps the secrets.
func FuzzError(f *testing.F) {
	for seed := range byte(builders) {
		f.Add([]byte{seed})
		f.Add([]byte{20, 3, seed, 0, 21, seed, 22, 7})
		f.Add([]byte{22, 2, 20, 1, seed, 4, 19, seed})
	}
	m := newMapper(f, errmap.Config{Domain: domain, Observer: func(context.Context, errmap.Outcome) {}}, shopRules()...)
	hooked := newMapper(f, errmap.Config{Observer: func(context.Context, errmap.Outcome) {}}, errmap.Hook("h", func(_ context.Context, _ string, err error) error {
		return fmt.Errorf("%w: %w", errors.Unwrap(err), err)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &grower{data: data, fuel: 64}
		tree := g.grow()
		for _, m := range []*errmap.Mapper{m, hooked} {
			err := m.Error(t.Context(), unary, tree)
			checkMapped(t, m, err)
			if !g.armed {
				touch(err)
			}
		}
	})
}

func checkMapped(t *testing.T, m *errmap.Mapper, err error) {
	t.Helper()
	s := status.Convert(err)
	if c := errmap.Code(s.Code()); c < errmap.Canceled || c > errmap.Unauthenticated {
		t.Errorf("code %v", s.Code())
	}
	if err.Error() == "" || !err.(*errmap.Error).Is(errmap.Code(s.Code())) {
		t.Errorf("%q is not its code %v", err, s.Code())
	}
	noLeak(t, fmt.Sprint(err, s.Proto(), s.Details()))
	if again := m.Error(t.Context(), unary, err); again != err {
		t.Errorf("mapped again: %v", again)
	}
	if back := m.Decode(t.Context(), s.Err()); status.Code(back) != s.Code() {
		t.Errorf("decoded: %v", back)
	}
}

// touch does what interceptors further out do.
func touch(err error) {
	_ = errors.Is(err, errors.ErrUnsupported)
	_, _ = errors.AsType[*errmap.Remote](err)
	_ = fmt.Sprintf("%+v", err)
}

// A grower makes a tree of what the bytes say, until they or the fuel run out.
type grower struct {
	data []byte
	fuel int
	last *cycle
	// armed: an Is method that panics is in the tree. It can be below the node that decides, where the mapper does
	// not ask it, but errors.Is will.
	armed bool
}

func (g *grower) next() byte {
	if len(g.data) == 0 {
		return 0
	}
	b := g.data[0]
	g.data = g.data[1:]
	return b
}

const builders = 25

func (g *grower) grow() error {
	g.fuel--
	if g.fuel < 0 {
		return errors.New(secret)
	}
	b := g.next() % builders
	g.armed = g.armed || b == 15
	if b < 19 {
		return g.leaf(b)
	}
	return g.branch(b)
}

func (g *grower) leaf(b byte) error {
	return [...]error{
		errors.New(secret), ErrOrderNotFound, ErrStockGone, context.Canceled, context.DeadlineExceeded,
		Errno(g.next()), &NetErr{}, &NetTimeout{}, (*NetErr)(nil),
		Uncomparable{[]string{secret}},
		errmap.Code(g.next()), errmap.Code(g.next()).New("public\xff"), status.Error(codes.Code(1+uint32(g.next())), "public\xff"),
		carrier{},
		carrier{status: status.New(codes.OK, secret)},
		bomb{in: "Is"},
		statusBomb{},
		&errmap.PanicError{Value: ErrOrderNotFound, Stack: []byte("goroutine")}, (*errmap.Error)(nil),
	}[b]
}

func (g *grower) branch(b byte) error {
	switch b {
	case 19:
		return &ValidationError{g.grow()}
	case 20:
		return wrap(int(g.next()%120), g.grow())
	case 21:
		return errmap.Code(g.next()).Wrap(g.grow(), "public")
	case 22:
		return multi{nil, g.grow(), g.grow()}
	case 23:
		return carrier{inner: g.grow()}
	}
	return g.cycle()
}

// cycle gives a node that may wrap one above it.
func (g *grower) cycle() error {
	c := &cycle{inner: errors.New(secret)}
	above := g.last
	g.last = c
	c.inner = multi{g.grow(), g.grow()}
	if above != nil && g.next()%2 == 0 {
		c.inner = above
	}
	return c
}

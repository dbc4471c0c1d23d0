package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/errmap"
)

// FuzzError builds a tree of errors from bytes, sound ones and broken ones. Whatever comes out of the mapper is an
// error with one of the sixteen codes, can be touched, fits, is UTF-8, and keeps the secrets.
func FuzzError(f *testing.F) {
	for seed := range byte(builders) {
		f.Add([]byte{seed})
		f.Add([]byte{20, 3, seed, 0, 21, seed, 22, 7})
		f.Add([]byte{22, 2, 20, 1, seed, 4, 19, seed})
		f.Add([]byte{25, 3, seed, 200, 22, 26, 255, seed, 26, 255})
		f.Add([]byte{27, 255, 28, 7, seed})
	}
	m := newMapper(f, errmap.Config{
		Domain: domain, Pushback: true, Mask: []errmap.Code{errmap.DataLoss},
		RequestID: func(context.Context) string { return "r\xff" },
	}, append(shopRules(), everyRules()...)...)
	hooked := newMapper(f, errmap.Config{Remote: errmap.TranslateRemote}, errmap.Hook("h", func(_ context.Context, _ string, err error) error {
		return fmt.Errorf("%w: %w", errors.Unwrap(err), err)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &grower{data: data, fuel: 64}
		tree := g.grow()
		for _, m := range []*errmap.Mapper{m, hooked} {
			err := m.Error(t.Context(), unary, tree)
			checkMapped(t, m, err)
			s := status.Convert(err)
			noLeak(t, fmt.Sprint(err, s.Proto(), s.Details(), err.(*errmap.Error).Trailer()))
			_ = m.Explain(t.Context(), unary, tree)
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
	if _, failed := proto.Marshal(s.Proto()); failed != nil || !utf8.ValidString(s.Message()) || headerCost(s) > 7168 {
		t.Errorf("%d bytes, %v: %q", headerCost(s), failed, s.Message())
	}
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

const builders = 29

func (g *grower) grow() error {
	g.fuel--
	if g.fuel < 0 {
		return errors.New(secret)
	}
	b := g.next() % builders
	g.armed = g.armed || b == 15
	switch {
	case b < 19:
		return g.leaf(b)
	case b < 25:
		return g.branch(b)
	}
	return g.rich(b)
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

// rich has details.
func (g *grower) rich(b byte) error {
	n := int(g.next())
	text := strings.Repeat("\xd0\xb6", 16*n) + string([]byte{byte(n)})
	switch b {
	case 25:
		return &OrderNotFound{OrderID: int64(n), Shop: text, Secret: secret, Cause: g.grow()}
	case 26:
		return errors.Join(FieldError{Field: text, Desc: "d"}, &FieldError{Desc: text}, g.grow())
	case 27:
		return &Details{
			ID: n, Bad: make([]*Bad, n), Pre: make([]Pre, 4*n), Quotas: []Quota{{Where: map[string]string{text: text}}},
			Links: make([]Link, n), Local: Localized{text, text}, Req: text, Own: wrapperspb.String(text), Debug: secret, Cause: g.grow(),
		}
	}
	return errmap.With(g.grow(), errmap.Info(text, text, text, text), errmap.RetryAfter(time.Duration(n-5)), errmap.Localized(text, text),
		errmap.Detail(violation(text, text), wrapperspb.String(text), nil), errmap.Trailer(metadata.MD{text: {text}, "grpc-status": {"0"}}))
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

// FuzzDecode has a server answer with whatever bytes. The client gets the status that came, no crash, and errors of none
// but the types that it knows.
func FuzzDecode(f *testing.F) {
	for _, in := range []error{
		ErrOrderNotFound, &OrderNotFound{OrderID: 42, Shop: "fr"},
		FieldError{Field: "a"},
		fieldErrors(3), &Throttled{Limit: 1, After: time.Second},
		&Details{ID: 7, Bad: []*Bad{{Field: "a"}}, Quotas: []Quota{{Value: 5}}, Own: wrapperspb.String("own")}, &Every{Text: "a"},
		Single{Limit: 5},
	} {
		p := status.Convert(newMapper(f, errmap.Config{Domain: domain}, append(shopRules(), everyRules()...)...).Error(f.Context(), "", in)).Proto()
		data, err := proto.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "ORDER_NOT_FOUND", "orderId", "7", []byte{10, 3, 'a', 'b', 'c'})
		f.Add(data, "EVERY", "at", "tomorrow", data)
		f.Add(data, "DETAILS", "k", "v", []byte{8, 1})
	}
	m := newMapper(f, errmap.Config{Domain: domain}, append(shopRules(), everyRules()...)...)
	f.Fuzz(func(t *testing.T, data []byte, reason, key, value string, detail []byte) {
		p := new(spb.Status)
		_ = proto.Unmarshal(data, p)
		checkDecoded(t, m, p)
		info := &errdetails.ErrorInfo{Reason: reason, Domain: "d.e", Metadata: map[string]string{key: value}}
		if packed, err := anypb.New(info); err == nil {
			p.Details = []*anypb.Any{packed}
		}
		for _, name := range []string{"BadRequest", "QuotaFailure", "RetryInfo", "ResourceInfo", "PreconditionFailure"} {
			p.Details = append(p.Details, &anypb.Any{TypeUrl: "type.googleapis.com/google.rpc." + name, Value: detail})
		}
		checkDecoded(t, m, p)
	})
}

func checkDecoded(t *testing.T, m *errmap.Mapper, p *spb.Status) {
	t.Helper()
	in := status.ErrorProto(p)
	out := m.Decode(t.Context(), in)
	if in == nil {
		if out != nil {
			t.Errorf("success became %v", out)
		}
		return
	}
	remote, ok := out.(*errmap.Remote)
	if !ok || status.Code(out) != status.Code(in) || out.Error() == "" {
		t.Fatalf("%v became %#v", in, out)
	}
	for _, typed := range remote.Unwrap() {
		switch typed.(type) {
		case *OrderNotFound, FieldError, *Invalid, *Throttled, *OutOfStock, *Every, *Details, Single, *Derived:
		default:
			if typed != ErrOrderNotFound {
				t.Errorf("made a %T", typed)
			}
		}
	}
	_ = fmt.Sprintf("%+v %v", out, errmap.CodeOf(out))
	checkMapped(t, m, m.Error(t.Context(), unary, out))
}

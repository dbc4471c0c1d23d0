package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// TestTwoServers has a client A of a server B that asks a server C, where an order is not found. B and A have what the
// row says; nil is plain gRPC.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	shopMapper := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	bare := newMapper(t, errmap.Config{})
	stale := newMapper(t, errmap.Config{}, errmap.OnType[*OrderNotFound](errmap.FailedPrecondition, errmap.Message("cart is stale")))
	translating := newMapper(t, errmap.Config{Remote: errmap.TranslateRemote})
	decoding := newMapper(t, errmap.Config{Domain: domain, Remote: errmap.TranslateRemote}, shopRules()...)
	const (
		text = "order 42 not found in fr"
		info = "ORDER_NOT_FOUND@orders.acme.com orderId=42 shop=fr ResourceInfo{order/42}"
	)
	for _, tt := range []struct {
		name                string
		bClient, bServer, a *errmap.Mapper
		code                codes.Code
		text, info          string
		comesBack           bool
	}{
		{"K1", shopMapper, shopMapper, shopMapper, codes.NotFound, text, info, true},
		{"K2 no rules", bare, bare, shopMapper, codes.NotFound, text, info, true},
		{"K2 a plain client", nil, bare, shopMapper, codes.NotFound, text, info, true},
		{"K3 another meaning", shopMapper, stale, shopMapper, codes.FailedPrecondition, "cart is stale", "", false},
		{"K4 a plain server", shopMapper, nil, shopMapper, codes.NotFound, "calling C: " + text, info, true},
		{"K5 a plain caller", shopMapper, shopMapper, nil, codes.NotFound, text, info, false},
		{"translated", bare, translating, shopMapper, codes.Internal, "internal error", "", false},
		{"translated but for rules", decoding, decoding, shopMapper, codes.NotFound, text, info, true},
	} {
		t.Run("row "+tt.name, func(t *testing.T) {
			t.Parallel()
			c := &shop{handle: func(context.Context, string) error {
				return wrap(1, &OrderNotFound{OrderID: 42, Shop: "fr", Secret: secret})
			}}
			c.conn = c.serve(t, serverSide(shopMapper), dial(tt.bClient))
			b := &shop{handle: func(ctx context.Context, in string) error {
				_, err := c.get(ctx, in)
				return fmt.Errorf("calling C: %w", err)
			}}
			var inside []grpc.ServerOption
			if tt.bServer != nil {
				inside = serverSide(tt.bServer)
			}
			b.conn = b.serve(t, inside, dial(tt.a))
			for kind, call := range map[string]func(context.Context, string) error{
				"unary":  func(ctx context.Context, in string) error { _, err := b.get(ctx, in); return err },
				"stream": func(ctx context.Context, in string) error { _, err := b.watch(ctx, in); return err },
			} {
				err := call(t.Context(), "x")
				s := status.Convert(err)
				if s.Code() != tt.code || s.Message() != tt.text || infoOf(s) != tt.info {
					t.Errorf("%s: %v %q %q, want %v %q %q", kind, s.Code(), s.Message(), infoOf(s), tt.code, tt.text, tt.info)
				}
				e, ok := errors.AsType[*OrderNotFound](err)
				if ok != tt.comesBack || ok && (e.OrderID != 42 || e.Shop != "fr" || e.Secret != "") {
					t.Errorf("%s: came back: %v, %+v", kind, ok, e)
				}
			}
		})
	}
}

func dial(m *errmap.Mapper) []grpc.DialOption {
	if m == nil {
		return nil
	}
	return clientSide(m)
}

// A server that passes on what came back says all of it once more: each violation, and what was added to the error.
func TestPassedOn(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	stopped := errmap.With(&OrderNotFound{OrderID: 42, Shop: "fr"}, errmap.RetryAfter(time.Second), errmap.Detail(violation("a", "b")))
	a, b := FieldError{Field: "a", Desc: "1"}, FieldError{Field: "b", Desc: "2"}
	for _, in := range []error{
		stopped, errors.Join(a, b), errors.Join(a, b, &Invalid{Fields: []Violation{{"c", "d", "E"}}}), &Throttled{Limit: 1, After: time.Second}, ErrOrderNotFound,
	} {
		first := status.Convert(m.Error(t.Context(), unary, in))
		second := status.Convert(m.Error(t.Context(), unary, fmt.Errorf("w: %w", m.Decode(t.Context(), first.Err()))))
		if infoOf(second) != infoOf(first) || second.Message() != first.Message() || second.Code() != first.Code() {
			t.Errorf("%v %q, want %v %q", second, infoOf(second), first, infoOf(first))
		}
	}
}

// Row K6: the failure of a plain server has its code, and nothing that it did not say.
func TestPlainServer(t *testing.T) {
	t.Parallel()
	s := &shop{handle: func(context.Context, string) error { return status.Error(codes.NotFound, "nf") }}
	s.conn = s.serve(t, nil, clientSide(newMapper(t, errmap.Config{Domain: domain}, shopRules()...)))
	_, err := s.get(t.Context(), "x")
	remote, ok := err.(*errmap.Remote)
	if !ok || !errors.Is(err, errmap.NotFound) || len(remote.Unwrap()) > 0 || err.Error() != "nf" || !errmap.IsRemote(fmt.Errorf("w: %w", err)) {
		t.Errorf("%+v", err)
	}
}

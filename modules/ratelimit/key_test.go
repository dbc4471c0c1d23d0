package ratelimit_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/ratelimit"
)

// authenticating is a link that believes who callers say they are; those who say nothing are nobody.
func authenticating(o ...framework.LinkOption) framework.Part {
	link := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		if who := metadata.ValueFromIncomingContext(ctx, "x-user"); len(who) > 0 {
			call.Annotate(slog.String(framework.AnnotationPrincipal, who[0]))
		}
		return next(ctx, call)
	}
	return framework.Use(framework.InterceptorFunc(link),
		append([]framework.LinkOption{framework.Name("auth"), framework.At(framework.StageAuthenticate)}, o...)...)
}

// byKey is a rule of two calls an hour for each key.
func byKey(key string) framework.Part {
	return framework.Rules("*", ratelimit.Rate.Set(rate.Every(time.Hour)), ratelimit.Burst.Set(2), ratelimit.By.Set(key))
}

// Each key has a bucket of its own, and so have all calls together that have none.
func TestKeys(t *testing.T) {
	t.Parallel()
	tenant := func(ctx context.Context, call *framework.Call) (string, bool) {
		header := metadata.ValueFromIncomingContext
		if call.Side() == framework.ClientSide {
			header = func(ctx context.Context, key string) []string {
				md, _ := metadata.FromOutgoingContext(ctx)
				return md[key]
			}
		}
		v := header(ctx, "x-user")
		return strings.Join(v, ""), len(v) > 0
	}
	options := ratelimit.Options{Keys: map[string]func(context.Context, *framework.Call) (string, bool){"tenant": tenant}}
	for _, tt := range []struct {
		key   string
		place []framework.LinkOption
		sides []framework.Side
	}{
		{"header:x-user", nil, sides},
		{"tenant", nil, sides},
		{"principal", []framework.LinkOption{framework.At(framework.StageAuthorize)}, sides[:1]},
		{"principal", []framework.LinkOption{framework.At(framework.StageAuthenticate), framework.After("auth")}, sides[:1]},
	} {
		each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
			if side == framework.ClientSide && len(tt.sides) == 1 {
				t.Skip("a client has none")
			}
			parts := []framework.Part{framework.Use(newLimit(t, options), tt.place...), byKey(tt.key)}
			if side == framework.ServerSide {
				parts = append(parts, authenticating())
			}
			client := frameworktest.DummyClient(t, on(side, parts...))
			for range 2 {
				for _, who := range []string{"ann", "", "bob", strings.Repeat("long", 1000)} {
					ctx := t.Context()
					if who != "" {
						ctx = metadata.AppendToOutgoingContext(ctx, "x-user", who)
					}
					if got := admitted(t, ctx, client, kind, 1); got != 1 {
						t.Errorf("%s: %.5q was refused", tt.key, who)
					}
				}
			}
			for _, who := range []string{"ann", "bob"} {
				ctx := metadata.AppendToOutgoingContext(t.Context(), "x-user", who, "x-user", "another")
				if got := admitted(t, ctx, client, kind, 1); got != 0 && tt.key != "tenant" {
					t.Errorf("%s: %q had a third call", tt.key, who)
				}
			}
			if got := admitted(t, t.Context(), client, kind, 1); got != 0 {
				t.Errorf("%s: nobody had a third call", tt.key)
			}
		})
	}
}

// A peer is an address, not a connection, and of IPv6 the network that one host can have all of.
func TestPeer(t *testing.T) {
	t.Parallel()
	tcp := func(ip string, port int) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: port} }
	for _, tt := range []struct {
		name  string
		a, b  net.Addr
		other bool
	}{
		{"two connections of one host", tcp("192.0.2.1", 1), tcp("192.0.2.1", 2), false},
		{"two hosts", tcp("192.0.2.1", 1), tcp("192.0.2.2", 1), true},
		{"one host in two writings", tcp("192.0.2.1", 1), tcp("::ffff:192.0.2.1", 1), false},
		{"one site", tcp("2001:db8::1", 1), tcp("2001:db8::ffff:1:2:3", 2), false},
		{"two sites", tcp("2001:db8::1", 1), tcp("2001:db8:0:1::1", 1), true},
		{"zones of a link", &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, &net.TCPAddr{IP: net.ParseIP("fe80::2"), Zone: "eth1"}, false},
		{"an address of another type", named("192.0.2.1:1"), named("192.0.2.1:2"), false},
		{"sockets", named("/run/a"), named("/run/b"), true},
		{"one socket", named("@"), named("@"), false},
		{"none at all", nil, nil, false},
		{"no IP", &net.TCPAddr{}, &net.TCPAddr{Port: 1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			limit := bound(t, ratelimit.Options{}, ratelimit.Rate.Set(rate.Every(time.Hour)), ratelimit.By.Set("peer"))
			if err := limit(peer.NewContext(t.Context(), &peer.Peer{Addr: tt.a})); err != nil {
				t.Fatal(err)
			}
			err := limit(peer.NewContext(t.Context(), &peer.Peer{Addr: tt.b}))
			if got := err == nil; got != tt.other {
				t.Errorf("%v after %v: %v", tt.b, tt.a, err)
			}
		})
	}
	t.Run("without a peer", func(t *testing.T) {
		t.Parallel()
		limit := bound(t, ratelimit.Options{}, ratelimit.Rate.Set(rate.Every(time.Hour)), ratelimit.By.Set("peer"))
		if first, second := limit(t.Context()), limit(t.Context()); first != nil || second == nil {
			t.Errorf("%v, then %v", first, second)
		}
	})
}

type named string

func (named) Network() string  { return "named" }
func (n named) String() string { return string(n) }

// What a link outside made of the proxies on the way counts before the connection.
func TestPeerBehindAProxy(t *testing.T) {
	t.Parallel()
	realip := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.Annotate(slog.String(framework.AnnotationPeerIP, strings.Join(metadata.ValueFromIncomingContext(ctx, "x-forwarded-for"), "")))
		return next(ctx, call)
	}
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(
		framework.Use(framework.InterceptorFunc(realip), framework.At(framework.StageObserve)),
		framework.Use(newLimit(t, ratelimit.Options{})), byKey("peer")))
	for _, tt := range []struct {
		ip   string
		want int
	}{{"192.0.2.1", 2}, {"192.0.2.2", 2}, {"192.0.2.1", 0}, {"no address", 2}, {"nor this", 0}} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", tt.ip)
		if got := admitted(t, ctx, client, framework.Unary, 3); got != tt.want {
			t.Errorf("%s: %d got through, want %d", tt.ip, got, tt.want)
		}
	}
}

// A principal need not be annotated as text.
func TestPrincipalOfAnyKind(t *testing.T) {
	t.Parallel()
	for _, who := range []slog.Value{slog.StringValue("ann"), slog.IntValue(7), slog.AnyValue(user{"ann"}), slog.AnyValue(nil)} {
		annotate := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.Annotate(slog.Attr{Key: framework.AnnotationPrincipal, Value: who})
			return next(ctx, call)
		}
		client := frameworktest.DummyClient(t, frameworktest.ServerParts(
			framework.Use(framework.InterceptorFunc(annotate), framework.At(framework.StageAuthenticate)),
			framework.Use(newLimit(t, ratelimit.Options{}), framework.At(framework.StageAuthorize)), byKey("principal")))
		if got := admitted(t, t.Context(), client, framework.Unary, 5); got != 2 {
			t.Errorf("%v: %d got through, want 2", who, got)
		}
	}
}

type user struct{ name string }

func (u user) LogValue() slog.Value { return slog.StringValue(u.name) }

// A Limiter of one's own is asked once for each call of a method with a rate, with all that is said of the bucket.
func TestLimiter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		var asked []ratelimit.Bucket
		wait := time.Duration(0)
		limiter := ratelimit.LimiterFunc(func(_ context.Context, b ratelimit.Bucket) (time.Duration, error) {
			asked = append(asked, b)
			return wait, nil
		})
		client := frameworktest.DummyClient(t, on(side,
			framework.Use(newLimit(t, ratelimit.Options{Limiter: limiter})),
			framework.Rules("*", ratelimit.Rate.Set(5), ratelimit.By.Set("header:x-user"))))
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-user", "ann")
		if got := admitted(t, ctx, client, kind, 1); got != 1 {
			t.Error("refused")
		}
		wait = 1500 * time.Microsecond
		_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
		if status.Code(err) != codes.ResourceExhausted || retryDelay(err) != 2*time.Millisecond {
			t.Errorf("%v, to come again in %s", err, retryDelay(err))
		}
		want := ratelimit.Bucket{Method: method(t, kind), By: "header:x-user", Key: "ann", Limit: 5, Burst: 5}
		if len(asked) != 2 || asked[0] != want || asked[1] != want {
			t.Errorf("asked for %+v, want twice %+v", asked, want)
		}
	})
}

func method(t *testing.T, kind framework.Kind) framework.Method {
	t.Helper()
	m, err := framework.ParseMethod(map[framework.Kind]string{
		framework.Unary:        "/sluice.testing.v1.DummyService/Execute",
		framework.ClientStream: "/sluice.testing.v1.DummyService/ExecuteClientStream",
		framework.ServerStream: "/sluice.testing.v1.DummyService/ExecuteServerStream",
		framework.BidiStream:   "/sluice.testing.v1.DummyService/ExecuteClientServerStream",
	}[kind])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A Limiter that can't tell ends the call with what it says: nothing is put around it, and nothing is lost.
func TestLimiterFails(t *testing.T) {
	t.Parallel()
	down, err := status.New(codes.Unavailable, "limits are down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range sides {
		client := frameworktest.DummyClient(t, on(side, framework.Use(newLimit(t, ratelimit.Options{
			Limit:   5,
			Limiter: ratelimit.LimiterFunc(func(context.Context, ratelimit.Bucket) (time.Duration, error) { return time.Hour, down.Err() }),
		}))))
		_, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
		if s := status.Convert(err); s.Code() != codes.Unavailable || s.Message() != "limits are down" || retryDelay(err) != time.Minute {
			t.Errorf("%s: %v", side, err)
		}
	}
}

// bound is the limiter of one method, with nothing around it: it is given a context, and answers nil or its refusal.
func bound(t testing.TB, o ratelimit.Options, s ...framework.Setting) func(context.Context) error {
	t.Helper()
	call := chainOf(t, framework.Use(newLimit(t, o)), framework.Rules("?*", s...))
	return func(ctx context.Context) error {
		_, err := call(ctx, benchRequest, benchInfo, answer)
		return err
	}
}

var errNoCall = errors.New("no call")

func TestOwnKeySeesTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := errNoCall
		options := ratelimit.Options{Limit: 1, Keys: map[string]func(context.Context, *framework.Call) (string, bool){
			"method": func(ctx context.Context, call *framework.Call) (string, bool) {
				if from, ok := framework.CallFrom(ctx); ok && from == call && call.Method().Name == "Execute" {
					got = nil
				}
				return call.Method().Name, true
			},
		}}
		if err := bound(t, options, ratelimit.By.Set("method"))(t.Context()); err != nil || got != nil {
			t.Error(err, got)
		}
	})
}

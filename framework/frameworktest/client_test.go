package frameworktest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
)

// joinMetadata answers with the metadata that came in, as "k:v,k:v". metadata.MD itself prints no values.
func joinMetadata(ctx context.Context, _ string) (string, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	var pairs []string
	for key, values := range md {
		for _, value := range values {
			pairs = append(pairs, key+":"+value)
		}
	}
	return strings.Join(pairs, ","), nil
}

// sendMetadata tests, for a kind, that metadata set by a client's link comes in at the handler.
func sendMetadata(t *testing.T, kind framework.Kind) {
	t.Helper()
	each(t, []framework.Kind{kind}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		set := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			return next(metadata.AppendToOutgoingContext(ctx, "this_key", "this_value"), call)
		}
		client := frameworktest.DummyClient(t, over, onClient(set), frameworktest.SpecialCases(cases{"metadata": joinMetadata}))
		got, err := frameworktest.Execute(t.Context(), client, kind, []string{"metadata"})
		if joined := strings.Join(got, ""); err != nil || !slices.Contains(strings.Split(joined, ","), "this_key:this_value") {
			t.Errorf("got %q, %v", joined, err)
		}
	})
}

func TestT22MetadataUnary(t *testing.T)        { sendMetadata(t, framework.Unary) }
func TestT23MetadataServerStream(t *testing.T) { sendMetadata(t, framework.ServerStream) }
func TestT24MetadataClientStream(t *testing.T) { sendMetadata(t, framework.ClientStream) }
func TestT25MetadataBidiStream(t *testing.T)   { sendMetadata(t, framework.BidiStream) }

func TestT26CodeCounting(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var codesSeen counter
		client := frameworktest.DummyClient(t, over, onClient(codesSeen.countCodes),
			frameworktest.SpecialCases(cases{"error": frameworktest.Raises(errors.New("oops"))}))
		codesSeen.want(t, nil)
		wantOutputs(t, client, kind, []string{"foo"}, "foo")
		codesSeen.want(t, map[string]int{"OK": 1})
		wantCode(t, client, kind, "error", codes.Unknown)
		codesSeen.want(t, map[string]int{"OK": 1, "Unknown": 1})
	})
}

// retry calls next up to two times, on any error.
func retry(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.KeepRequests(100)
	err := next(ctx, call)
	if err != nil {
		err = next(ctx, call)
	}
	return err
}

func TestT27RetrySucceeds(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		client := frameworktest.DummyClient(t, over, onClient(retry), frameworktest.SpecialCases(cases{"error_once": flaky(1)}))
		wantOutputs(t, client, kind, []string{"error_once"}, "error_once")
	})
}

func TestT28RetryExhausted(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		client := frameworktest.DummyClient(t, over, onClient(retry), frameworktest.SpecialCases(cases{"error_twice": flaky(2)}))
		wantCode(t, client, kind, "error_twice", codes.Unavailable)
	})
}

func TestT29RetryAroundCounter(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var attempts counter
		client := frameworktest.DummyClient(t, over, onClient(retry, attempts.countCodes),
			frameworktest.SpecialCases(cases{"error_once": flaky(1)}))
		attempts.want(t, nil)
		wantOutputs(t, client, kind, []string{"error_once"}, "error_once")
		attempts.want(t, map[string]int{"OK": 1, "Unavailable": 1})
	})
}

// The counter stands inside of the cache and so counts what goes out.
func TestT30Cache(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, over frameworktest.Option) {
		for name, side := range map[string]func(...framework.InterceptorFunc) frameworktest.Option{"server": onServer, "client": onClient} {
			t.Run(name, func(t *testing.T) {
				var rpcs counter
				client := frameworktest.DummyClient(t, over, side(newCache().Intercept, rpcs.countCodes))
				for i, step := range []struct {
					kind   framework.Kind
					inputs []string
					ok     int
				}{
					{framework.Unary, []string{"hello"}, 1},
					{framework.Unary, []string{"hello"}, 1},
					{framework.Unary, []string{"goodbye"}, 2},
					{framework.ClientStream, []string{"foo", "bar"}, 3},
					{framework.ClientStream, []string{"foo", "bar"}, 3},
					{framework.ClientStream, []string{"foo", "baz"}, 4},
					{framework.ServerStream, []string{"hello"}, 5},
					{framework.ServerStream, []string{"hello"}, 5},
					{framework.ClientStream, nil, 6},
					{framework.ClientStream, nil, 6},
					{framework.ServerStream, nil, 7},
					{framework.ServerStream, nil, 7},
					{framework.BidiStream, []string{"foo", "bar"}, 8}, // a conversation is not cached
					{framework.BidiStream, []string{"foo", "bar"}, 9},
				} {
					wantOutputs(t, client, step.kind, step.inputs, strings.Join(step.inputs, ""))
					if got := rpcs.read()["OK"]; got != step.ok {
						t.Errorf("step %d: %d RPCs went on, want %d", i, got, step.ok)
					}
				}
			})
		}
	})
}

func TestX23CallerMetadata(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		replace := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			return next(metadata.NewOutgoingContext(ctx, metadata.Pairs("k", "replaced")), call)
		}
		add := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			return next(metadata.AppendToOutgoingContext(ctx, "k", "added", "k", "twice"), call)
		}
		for _, tt := range []struct {
			link framework.InterceptorFunc
			want []string
		}{
			{replace, []string{"replaced"}},
			{add, []string{"callers", "added", "twice"}},
		} {
			var got []string
			client := frameworktest.DummyClient(t, over, onClient(tt.link), frameworktest.SpecialCases(cases{
				"metadata": func(ctx context.Context, _ string) (string, error) {
					got = metadata.ValueFromIncomingContext(ctx, "k")
					return "", nil
				},
			}))
			ctx := metadata.AppendToOutgoingContext(t.Context(), "k", "callers")
			if _, err := frameworktest.Execute(ctx, client, kind, []string{"metadata"}); err != nil {
				t.Error(err)
			}
			wantEqual(t, "k", got, tt.want)
		}
	})
}

func TestX25MethodOverride(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		redirect := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			m := call.Method()
			m.Name = "Unregistered"
			call.SetMethod(m)
			return next(ctx, call)
		}
		wantCode(t, frameworktest.DummyClient(t, over, onClient(redirect)), kind, "foo", codes.Unimplemented)
	})
}

// secret is a credential that wants TLS.
type secret struct{}

func (secret) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "secret"}, nil
}
func (secret) RequireTransportSecurity() bool { return true }

func TestX26CredentialsInPlaintext(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		credentials := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.AddCallOptions(grpc.PerRPCCredentials(secret{}))
			return next(ctx, call)
		}
		wantCode(t, frameworktest.DummyClient(t, over, onClient(credentials)), kind, "foo", codes.Unauthenticated)
	})
}

func TestX28OwnError(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		own := errors.New("an error of the link's own")
		raise := func(context.Context, *framework.Call, framework.Handler) error { return own }
		late := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			if err := next(ctx, call); err != nil {
				return err
			}
			return own
		}
		for _, link := range []framework.InterceptorFunc{raise, late} {
			_, err := frameworktest.Execute(t.Context(), frameworktest.DummyClient(t, over, onClient(link)), kind, []string{"foo"})
			if err != own {
				t.Errorf("the caller has %v, not the very error", err)
			}
		}
	})
}

func TestX29CatchAroundNext(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var caught journal
		catch := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			err := next(ctx, call)
			if err != nil {
				caught.note("%s", status.Convert(err).Message())
			}
			return err
		}
		client := frameworktest.DummyClient(t, over, onClient(catch),
			frameworktest.SpecialCases(cases{"error": frameworktest.Raises(status.Error(codes.NotFound, "nf"))}))
		wantCode(t, client, kind, "error", codes.NotFound)
		wantEqual(t, "caught", caught.read(), []string{"nf"})
	})
}

// The counts are those of the caller, once for each RPC, at its end, also where the stream was ended by an error midway.
func TestX33CountAtEnd(t *testing.T) {
	each(t, []framework.Kind{framework.ServerStream, framework.BidiStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var seen counter
		client := frameworktest.DummyClient(t, over, onClient(seen.countCodes),
			frameworktest.SpecialCases(cases{"error": frameworktest.Raises(status.Error(codes.DataLoss, "lost"))}))
		stream := openStream(t, client, kind, "foo")
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		seen.want(t, nil) // it goes on
		outputs, err := drain(stream)
		if err != nil {
			t.Errorf("got %q, %v", outputs, err)
		}
		seen.want(t, map[string]int{"OK": 1})
		_, _ = stream.Recv()
		seen.want(t, map[string]int{"OK": 1})
		_, err = frameworktest.Execute(t.Context(), client, kind, []string{"error"})
		wantEqual(t, "code", status.Code(err), codes.DataLoss)
		seen.want(t, map[string]int{"OK": 1, "DataLoss": 1})
	})
}

// A retry that kept nothing is refused: it would send an empty stream, which succeeds.
func TestX34RetryUnkept(t *testing.T) {
	each(t, []framework.Kind{framework.ClientStream, framework.BidiStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		careless := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			if err := next(ctx, call); err == nil {
				return nil
			}
			return next(ctx, call)
		}
		for name, side := range map[string]func(...framework.InterceptorFunc) frameworktest.Option{"server": onServer, "client": onClient} {
			var handled counter
			fail := flaky(1)
			client := frameworktest.DummyClient(t, over, side(careless), frameworktest.SpecialCases(cases{
				"error_once": func(ctx context.Context, input string) (string, error) { handled.add(input); return fail(ctx, input) },
			}))
			err := wantCode(t, client, kind, "error_once", codes.Internal)
			if err == nil || !strings.Contains(err.Error(), "BufferRequests or KeepRequests") {
				t.Errorf("%s: %v does not say the cure", name, err)
			}
			handled.want(t, map[string]int{"error_once": 1})
		}
	})
}

func TestX34RetryResends(t *testing.T) {
	each(t, []framework.Kind{framework.ClientStream, framework.BidiStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		buffer := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			if _, err := call.BufferRequests(ctx, 10); err != nil {
				return err
			}
			err := next(ctx, call)
			if err != nil {
				err = next(ctx, call)
			}
			return err
		}
		links := map[string]framework.InterceptorFunc{"keep": retry}
		if kind == framework.ClientStream {
			links["buffer"] = buffer
		}
		for name, link := range links {
			for side, on := range map[string]func(...framework.InterceptorFunc) frameworktest.Option{"server": onServer, "client": onClient} {
				t.Run(name+"_"+side, func(t *testing.T) {
					client := frameworktest.DummyClient(t, over, on(link), frameworktest.SpecialCases(cases{"b": flaky(1)}))
					if kind == framework.BidiStream { // its first message must not have been answered
						wantOutputs(t, client, kind, []string{"b", "c"}, "bc")
						return
					}
					wantOutputs(t, client, kind, []string{"a", "b", "c"}, "abc")
				})
			}
		}
	})
}

// A message that reached the caller rules another attempt out: it would come twice.
func TestX34NoRetryAfterResponse(t *testing.T) {
	each(t, []framework.Kind{framework.BidiStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		for name, side := range map[string]func(...framework.InterceptorFunc) frameworktest.Option{"server": onServer, "client": onClient} {
			client := frameworktest.DummyClient(t, over, side(retry), frameworktest.SpecialCases(cases{"b": flaky(1)}))
			got, err := frameworktest.Execute(t.Context(), client, kind, []string{"a", "b"})
			wantEqual(t, name+": outputs", got, []string{"a"})
			wantEqual(t, name+": code", status.Code(err), codes.Unavailable)
		}
	})
}

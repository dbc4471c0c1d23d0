package retry_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
	"github.com/sluice-go/sluice/modules/translate"
)

// What fails twice succeeds at the third attempt, after two pauses. Links outside see one RPC, links inside each attempt.
func TestRetried(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s, outside, inside := failing(codes.Unavailable, 2), &witness{}, &witness{}
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)), outside.around(), inside.within())
		outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		if err != nil || !slices.Equal(outputs, []string{"y"}) {
			t.Errorf("%q, %v", outputs, err)
		}
		if got := s.gaps(); !slices.Equal(got, []time.Duration{pause, pause}) {
			t.Errorf("pauses of %v", got)
		}
		if outside.entered != 1 || inside.entered != 3 || status.Code(inside.errs[1]) != codes.Unavailable || inside.errs[2] != nil {
			t.Errorf("outside %d, inside %d: %v", outside.entered, inside.entered, inside.errs)
		}
		wantSaid(t, outside, 3, "")
	})
}

// When all attempts have failed the caller has the last one's status.
func TestExhausted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s, outside := failing(codes.Unavailable, always), &witness{}
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)), outside.around())
		outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		wantStatus(t, err, codes.Unavailable, "failure 3")
		if s.count() != 3 || len(outputs) > 0 {
			t.Errorf("%q after %d attempts", outputs, s.count())
		}
		wantSaid(t, outside, 3, "attempts")
	})
}

// A method that no rule is for has one attempt, and so has what succeeds: neither leaves a trace.
func TestOneAttempt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		failures int
		rules    []framework.Setting
		code     codes.Code
	}{
		{"no rule", 1, []framework.Setting{retry.Idempotent.Set(true)}, codes.Unavailable},
		{"none", 1, []framework.Setting{retry.Attempts.Set(retry.None), retry.On.Set(retry.Codes{errmap.Unavailable})}, codes.Unavailable},
		{"hedge none", 1, []framework.Setting{retry.Hedge.Set(retry.Hedging{}), retry.Idempotent.Set(true)}, codes.Unavailable},
		{"success", 0, []framework.Setting{retry.Attempts.Set(3), retry.Idempotent.Set(true)}, codes.OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				s, outside := failing(codes.Unavailable, tt.failures), &witness{}
				client := frameworktest.DummyClient(t, s.option(), outside.around(),
					frameworktest.ClientParts(framework.Use(newRetry(t, steady())), framework.Rules(methods[kind], tt.rules...)))
				if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); status.Code(err) != tt.code || s.count() != 1 {
					t.Errorf("%v after %d attempts", err, s.count())
				}
				if len(outside.notes) > 0 {
					t.Errorf("annotated %v", outside.notes)
				}
			})
		})
	}
}

// Which codes are tried again: UNAVAILABLE, where nothing else is said. A DEADLINE_EXCEEDED that the server sent is, too,
// when it is asked for: it is not the caller's.
func TestCodes(t *testing.T) {
	t.Parallel()
	deadlines := retry.Codes{errmap.DeadlineExceeded, errmap.Aborted, errmap.Canceled}
	for _, tt := range []struct {
		name    string
		options retry.Codes
		rule    retry.Codes
		again   []codes.Code
		once    []codes.Code
	}{
		{"zero", nil, nil, []codes.Code{codes.Unavailable}, []codes.Code{codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal, codes.Unknown, 17, 4711}},
		{"options", deadlines, nil, []codes.Code{codes.DeadlineExceeded, codes.Aborted, codes.Canceled}, []codes.Code{codes.Unavailable}},
		{"a rule", retry.Codes{errmap.NotFound}, deadlines, []codes.Code{codes.DeadlineExceeded, codes.Aborted, codes.Canceled}, []codes.Code{codes.NotFound, codes.Unavailable}},
	} {
		for code, want := range attemptsBy(tt.again, tt.once) {
			t.Run(tt.name+"/"+code.String(), func(t *testing.T) {
				t.Parallel()
				each(t, func(t *testing.T, kind framework.Kind) {
					rules := []framework.Setting{retry.Attempts.Set(2)}
					if tt.rule != nil {
						rules = append(rules, retry.On.Set(tt.rule))
					}
					s, o := failing(code, always), steady()
					o.On = tt.options
					client := frameworktest.DummyClient(t, s.option(), ruled(t, o, retried, rules...))
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
					if status.Code(err) != code || s.count() != want {
						t.Errorf("%v after %d attempts, want %d", err, s.count(), want)
					}
				})
			})
		}
	}
}

func attemptsBy(again, once []codes.Code) map[codes.Code]int {
	attempts := map[codes.Code]int{}
	for _, code := range again {
		attempts[code] = 2
	}
	for _, code := range once {
		attempts[code] = 1
	}
	return attempts
}

// Inside of it a link may have made a Go error of the status.
func TestTypedErrors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		mapping, err := translate.New(translate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := failing(codes.Unavailable, always)
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)),
			frameworktest.ClientParts(framework.Use(mapping)))
		_, err = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		if _, ok := errors.AsType[*errmap.Remote](err); !ok || !errors.Is(err, errmap.Unavailable) || s.count() != 3 {
			t.Errorf("%+v after %d attempts", err, s.count())
		}
	})
}

// A server that nobody listens for is tried again, too: the attempt fails before a stream is there.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		inside := &witness{}
		conn := frameworktest.DummyConn(t, ruled(t, steady(), retried, retry.Attempts.Set(3)), inside.within())
		_ = conn.Close()
		_, err := frameworktest.Execute(t.Context(), dummypb.NewDummyServiceClient(conn), kind, []string{"x"})
		if status.Code(err) != codes.Canceled || inside.entered != 1 {
			t.Errorf("%v after %d attempts", err, inside.entered)
		}
		refusing := framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error {
			return errmap.Unavailable.New("the breaker is open")
		})
		inside = &witness{}
		client := frameworktest.DummyClient(t, ruled(t, steady(), retried, retry.Attempts.Set(3)), inside.within(),
			frameworktest.ClientParts(framework.Use(refusing, framework.At(framework.StageAdmit), framework.After("witness-admit"))))
		_, err = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		wantStatus(t, err, codes.Unavailable, "the breaker is open")
		if inside.entered != 3 {
			t.Errorf("%d attempts", inside.entered)
		}
	})
}

// The server learns how many attempts there were before.
func TestPreviousAttempts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s := failing(codes.Unavailable, 2)
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)))
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"", "1", "2"} {
			if got := strings.Join(s.calls[i].md["grpc-previous-rpc-attempts"], " "); got != want {
				t.Errorf("attempt %d: %q, want %q", i+1, got, want)
			}
		}
	})
}

// What a link inside makes of a request in one attempt is not there in the next.
func TestRequestIsTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		var seen []string
		s := failing(codes.Unavailable, 2)
		marking := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.OnRequest(func(_ context.Context, msg any) (any, error) {
				seen = append(seen, msg.(*dummypb.DummyRequest).GetInput())
				return &dummypb.DummyRequest{Input: "x"}, nil
			})
			return next(ctx, call)
		})
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)),
			frameworktest.ClientParts(framework.Use(marking, framework.At(framework.StageAdmit))))
		_, err := frameworktest.Execute(t.Context(), client, kind, []string{"z"})
		if err != nil || !slices.Equal(seen, []string{"z", "z", "z"}) {
			t.Errorf("%v, %q", err, seen)
		}
	})
}

// Options can have all methods tried again that are idempotent; bidi streams, methods that are not, and those with a rule
// are left alone.
func TestOptionsAttempts(t *testing.T) {
	t.Parallel()
	o := steady()
	o.Attempts = 3
	for _, kind := range append(slices.Clone(retried), framework.BidiStream) {
		for _, tt := range []struct {
			name  string
			rules []framework.Setting
			want  int
		}{
			{"idempotent", []framework.Setting{retry.Idempotent.Set(true)}, 3},
			{"idempotent, on a code", []framework.Setting{retry.Idempotent.Set(true), retry.On.Set(retry.Codes{errmap.NotFound}), retry.Backoff.Set(retry.Pause{First: pause})}, 1},
			{"not idempotent", nil, 1},
			{"none", []framework.Setting{retry.Idempotent.Set(true), retry.Attempts.Set(retry.None)}, 1},
			{"no hedge", []framework.Setting{retry.Idempotent.Set(true), retry.Hedge.Set(retry.Hedging{})}, 1},
		} {
			t.Run(kind.String()+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					want := tt.want
					if kind == framework.BidiStream {
						want = 1
					}
					s := failing(codes.Unavailable, always)
					client := frameworktest.DummyClient(t, s.option(), frameworktest.ClientParts(
						framework.Use(newRetry(t, o)), framework.Rules(methods[kind], tt.rules...)))
					_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
					if status.Code(err) != codes.Unavailable || s.count() != want {
						t.Errorf("%v after %d attempts, want %d", err, s.count(), want)
					}
				})
			})
		}
	}
}

// A service config that asks for retries does not multiply them, and retries nothing by itself.
func TestNotStacked(t *testing.T) {
	t.Parallel()
	const policy = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.001s","maxBackoff":"0.001s",
		"backoffMultiplier":1,"retryableStatusCodes":["UNAVAILABLE"]}}]}`
	for name, want := range map[string]int{"rule": 3, "no rule": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				s, kinds := failing(codes.Unavailable, always), retried
				if name == "no rule" {
					kinds = nil
				}
				client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), kinds, retry.Attempts.Set(3)),
					frameworktest.DialOptions(grpc.WithDefaultServiceConfig(policy)))
				if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); status.Code(err) != codes.Unavailable || s.count() != want {
					t.Errorf("%v after %d attempts, want %d", err, s.count(), want)
				}
			})
		})
	}
}

// An interceptor that nobody bound knows of no rules.
func TestUnbound(t *testing.T) {
	t.Parallel()
	i := newRetry(t, retry.Options{Attempts: 3})
	for _, kind := range retried {
		result := frameworktest.Run(t, framework.InterceptorFunc(i.Intercept), frameworktest.Case{
			Side: framework.ClientSide, Kind: kind, Err: status.Error(codes.Unavailable, "down"),
		})
		if status.Code(result.Err) != codes.Unavailable || result.Runs != 1 {
			t.Errorf("%s: %v in %d runs", kind, result.Err, result.Runs)
		}
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newRetry(t, retry.Options{}).Placement()
	if p.Name != "retry" || p.Stage != framework.StageRetry || !slices.Equal(p.Sides, []framework.Side{framework.ClientSide}) {
		t.Errorf("%+v", p)
	}
	var keys []string
	for _, k := range p.Keys {
		keys = append(keys, k.Name())
	}
	if want := []string{"retry", "retry.on", "retry.backoff", "hedge", "idempotent"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
}

// The kit's links do not expect attempts side by side; TestHedgesAtOnce and TestHedged have these.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		kinds []framework.Kind
		rule  framework.Setting
		terms []frameworktest.ConformanceOption
	}{
		{"retry", retried, retry.Attempts.Set(3), nil},
		{
			"hedge", retried[:1], retry.Hedge.Set(retry.Hedging{Attempts: 2, After: time.Hour}),
			[]frameworktest.ConformanceOption{frameworktest.WithoutKinds(framework.ClientStream, framework.ServerStream, framework.BidiStream)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rules []framework.Part
			for _, kind := range tt.kinds {
				rules = append(rules, framework.Rules(methods[kind], tt.rule, retry.Idempotent.Set(true)))
			}
			frameworktest.TestInterceptor(t, func() framework.Interceptor { return newRetry(t, retry.Options{}) },
				append(tt.terms, frameworktest.Using(frameworktest.ClientParts(rules...)))...)
		})
	}
}

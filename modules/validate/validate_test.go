package validate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/translate"
	"github.com/sluice-go/sluice/modules/validate"
)

var (
	kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}
	sides = []framework.Side{framework.ServerSide, framework.ClientSide}
)

// interceptor is the one of a side.
func interceptor(t testing.TB, side framework.Side, o validate.Options) framework.Interceptor {
	t.Helper()
	server, err := validate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	client, err := validate.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	if side == framework.ClientSide {
		return client
	}
	return server
}

// validating is the link of a side.
func validating(t testing.TB, side framework.Side, o validate.Options) frameworktest.Option {
	t.Helper()
	return on(side, framework.Use(interceptor(t, side, o)))
}

// on gives parts to a side.
func on(side framework.Side, parts ...framework.Part) frameworktest.Option {
	if side == framework.ClientSide {
		return frameworktest.ClientParts(parts...)
	}
	return frameworktest.ServerParts(parts...)
}

// violations are those of a BadRequest, one a line: field, description, reason.
func violations(err error) string {
	var lines []string
	for _, d := range status.Convert(err).Details() {
		for _, v := range d.(*errdetails.BadRequest).GetFieldViolations() {
			lines = append(lines, fmt.Sprintf("%s|%s|%s", v.GetField(), v.GetDescription(), v.GetReason()))
		}
	}
	return strings.Join(lines, "\n")
}

const (
	badViolations = "customer|must be at least 3 characters|string.min_len\n" +
		"lines[1].sku|does not match regex pattern `^[A-Z]{3}$`|string.pattern\n" +
		"lines[1].count|must be greater than 0|int32.gt"
	badText = "customer: must be at least 3 characters; lines[1].sku: does not match regex pattern `^[A-Z]{3}$`; lines[1].count: must be greater than 0"
)

// A request that is not valid ends the RPC, on a server before the handler has it, on a client before it is sent.
func TestRequest(t *testing.T) {
	t.Parallel()
	prefix := map[framework.Side]string{framework.ServerSide: "invalid request: ", framework.ClientSide: "validate: the request was not sent: "}
	for _, side := range sides {
		for _, kind := range kinds {
			t.Run(side.String()+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				s := &shop{}
				conn := s.open(t, validating(t, side, validate.Options{}))
				good, bad := message(t, "Order", goodOrder), message(t, "Order", badOrder)
				if n, err := order(t.Context(), conn, kind, good); err != nil || n != 1 || s.took() != 1 {
					t.Errorf("a good one: %d, %v", n, err)
				}
				_, err := order(t.Context(), conn, kind, bad)
				if got := s.took(); got != 0 {
					t.Errorf("%d reached the handler", got)
				}
				st := status.Convert(err)
				if st.Code() != codes.InvalidArgument || st.Message() != prefix[side]+badText || violations(err) != badViolations {
					t.Errorf("%v\n%s", err, violations(err))
				}
				if strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
					t.Errorf("it leaked: %+v", err)
				}
			})
		}
	}
}

// Every message of a stream is validated, and those before a bad one are taken.
func TestEveryRequest(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		for _, kind := range []framework.Kind{framework.ClientStream, framework.BidiStream} {
			t.Run(side.String()+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				s := &shop{receipts: []string{goodReceipt, goodReceipt}}
				conn := s.open(t, validating(t, side, validate.Options{}))
				good, bad := message(t, "Order", goodOrder), message(t, "Order", badOrder)
				n, err := order(t.Context(), conn, kind, good, good, bad)
				if status.Code(err) != codes.InvalidArgument || violations(err) != badViolations {
					t.Errorf("%v\n%s", err, violations(err))
				}
				if want := map[bool]int{true: 2}[kind.StreamsResponses()]; n != want {
					t.Errorf("%d receipts came before it", n)
				}
				// On a client stream the two may be on their way still when the client cancels it.
				if got := s.took(); got > 2 || side == framework.ServerSide && got != 2 {
					t.Errorf("%d reached the handler", got)
				}
			})
		}
	}
}

// A response that is not valid is INTERNAL. The client of a server that finds it does not learn why; a client that finds
// it says so.
func TestResponse(t *testing.T) {
	t.Parallel()
	const why = "validate: a response of /acme.orders.v1.Orders/%s is invalid: id: must be at least 3 characters"
	for _, side := range sides {
		for _, kind := range kinds {
			t.Run(side.String()+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				outside := make(chan error, 1)
				watch := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					err := next(ctx, call)
					outside <- err
					return err
				})
				s := &shop{receipts: []string{badReceipt}}
				if kind.StreamsResponses() {
					s.receipts = []string{goodReceipt, badReceipt}
				}
				conn := s.open(t, validating(t, side, validate.Options{Responses: true}),
					on(side, framework.Use(watch, framework.Name("watch"), framework.At(framework.StageObserve))))
				good := message(t, "Order", goodOrder)
				orders := []proto.Message{good, good}
				if kind != framework.BidiStream {
					orders = orders[:1]
				}
				n, err := order(t.Context(), conn, kind, orders...)
				if want := map[bool]int{true: 1}[kind.StreamsResponses()]; n != want {
					t.Errorf("%d receipts came before it", n)
				}
				text, cause := "internal error", fmt.Sprintf(why, methods[kind])
				if side == framework.ClientSide {
					text = cause
				}
				if st := status.Convert(err); st.Code() != codes.Internal || st.Message() != text || len(st.Details()) > 0 {
					t.Errorf("%v", err)
				}
				if err := <-outside; !errors.Is(err, errmap.Internal) || !strings.Contains(fmt.Sprintf("%+v", err), cause) {
					t.Errorf("outside it is %+v", err)
				}
			})
		}
	}
}

// Where it is not said, responses are not looked at.
func TestNoResponses(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		for _, kind := range kinds {
			s := &shop{receipts: []string{badReceipt}}
			conn := s.open(t, validating(t, side, validate.Options{}))
			if n, err := order(t.Context(), conn, kind, message(t, "Order", goodOrder)); err != nil || n != 1 {
				t.Errorf("%s, %s: %d, %v", side, kind, n, err)
			}
		}
	}
}

// With translate outside the client gets the same, and a link outside of that finds why.
func TestTranslated(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			causes := make(chan error, 10)
			mapper, err := errmap.New(errmap.Config{Observer: func(_ context.Context, o errmap.Outcome) { causes <- o.Cause }})
			if err != nil {
				t.Fatal(err)
			}
			errs, err := translate.New(translate.Options{Mapper: mapper})
			if err != nil {
				t.Fatal(err)
			}
			s := &shop{receipts: []string{badReceipt}}
			conn := s.open(t, validating(t, framework.ServerSide, validate.Options{Responses: true}), frameworktest.ServerParts(framework.Use(errs)))
			_, err = order(t.Context(), conn, kind, message(t, "Order", badOrder))
			if violations(err) != badViolations || status.Code(err) != codes.InvalidArgument {
				t.Errorf("%v", err)
			}
			<-causes
			_, err = order(t.Context(), conn, kind, message(t, "Order", goodOrder))
			if st := status.Convert(err); st.Code() != codes.Internal || st.Message() != "internal error" {
				t.Errorf("%v", err)
			}
			if cause := <-causes; !strings.Contains(fmt.Sprintf("%+v", cause), "must be at least 3 characters") {
				t.Errorf("%+v", cause)
			}
		})
	}
}

// Links inside see what is valid, and what they make of it is not validated again; those outside are looked at.
func TestPlaces(t *testing.T) {
	t.Parallel()
	fill := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnRequest(func(_ context.Context, msg any) (any, error) {
			filled := proto.Clone(msg.(proto.Message))
			proto.Merge(filled, message(t, "Order", `customer: "ann"`))
			return filled, nil
		})
		return next(ctx, call)
	})
	for _, tt := range []struct {
		name  string
		side  framework.Side
		stage framework.Stage
		want  codes.Code
	}{
		{"outside", framework.ServerSide, framework.StageAuthorize, codes.OK},
		{"inside", framework.ServerSide, framework.StageApp, codes.InvalidArgument},
		{"outside", framework.ClientSide, framework.StageApp, codes.OK},
		{"inside", framework.ClientSide, framework.StageAuthenticate, codes.InvalidArgument},
	} {
		for _, kind := range kinds {
			t.Run(tt.side.String()+"/"+tt.name+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				s := &shop{}
				conn := s.open(t, validating(t, tt.side, validate.Options{}), on(tt.side, framework.Use(fill, framework.At(tt.stage))))
				if _, err := order(t.Context(), conn, kind, message(t, "Order", `note: "for nobody"`)); status.Code(err) != tt.want {
					t.Error(err)
				}
			})
		}
	}
}

// A client that tries again does so inside of those who observe and outside of validate: what is refused is not tried
// again, and what is tried again is as it was.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			attempts, observed := 0, make(chan error, 1)
			retry := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				call.KeepRequests(10)
				for attempts = 1; ; attempts++ {
					if err := next(ctx, call); status.Code(err) != codes.Unavailable {
						return err
					}
				}
			})
			watch := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				err := next(ctx, call)
				observed <- err
				return err
			})
			down := true
			fails := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				if err := next(ctx, call); err != nil || !down {
					return err
				}
				down = false
				return status.Error(codes.Unavailable, "again")
			})
			s := &shop{}
			if kind.StreamsResponses() {
				s.receipts = []string{} // one would end the trying
			}
			conn := s.open(t, frameworktest.ClientParts(
				framework.Use(interceptor(t, framework.ClientSide, validate.Options{})),
				framework.Use(retry, framework.Name("retry"), framework.At(framework.StageRetry)),
				framework.Use(watch, framework.Name("watch"), framework.At(framework.StageObserve)),
				framework.Use(fails, framework.Name("fails"), framework.At(framework.StageTranslate))))
			_, err := order(t.Context(), conn, kind, message(t, "Order", badOrder))
			if got := <-observed; status.Code(err) != codes.InvalidArgument || status.Code(got) != codes.InvalidArgument || attempts != 1 || s.took() != 0 {
				t.Errorf("%v, observed %v, %d attempts", err, got, attempts)
			}
			orders := []proto.Message{message(t, "Order", goodOrder)}
			if kind == framework.BidiStream {
				orders = nil // no response comes to be waited for
			}
			_, err = order(t.Context(), conn, kind, orders...)
			if got := <-observed; err != nil || got != nil || attempts != 2 || s.took() != 2*len(orders) {
				t.Errorf("%v, observed %v, %d attempts", err, got, attempts)
			}
		})
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	for side, want := range map[framework.Side]framework.Stage{framework.ServerSide: framework.StageValidate, framework.ClientSide: framework.StageRetry} {
		p := interceptor(t, side, validate.Options{}).(framework.Placed).Placement()
		if p.Name != "validate" || p.Stage != want || !slices.Equal(p.Sides, []framework.Side{side}) || len(p.Keys) != 0 {
			t.Errorf("%+v", p)
		}
	}
	_, err := framework.NewClientChain(framework.DeclaredAt("main.go:41", framework.Use(interceptor(t, framework.ServerSide, validate.Options{}))))
	if want := `framework: link "validate" (main.go:41): *validate.Interceptor does not serve on a client; it serves on a server`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// No link stands on a method whose messages have no rules.
func TestMethodsWithoutRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method  string
		options validate.Options
		stands  bool
	}{
		{"Place", validate.Options{}, true},
		{"Ping", validate.Options{}, false},
		{"Ping", validate.Options{Responses: true}, false},
		{"Ping", validate.Options{Validator: protovalidate.GlobalValidator}, true},
		{"Report", validate.Options{}, false},
		{"Report", validate.Options{Responses: true}, true},
	} {
		server, err := framework.NewServerChain(framework.Use(interceptor(t, framework.ServerSide, tt.options)))
		if err != nil {
			t.Fatal(err)
		}
		client, err := framework.NewClientChain(framework.Use(interceptor(t, framework.ClientSide, tt.options)))
		if err != nil {
			t.Fatal(err)
		}
		full := "/acme.orders.v1.Orders/" + tt.method
		for _, e := range []framework.Explanation{server.Explain(full), client.Explain(full)} {
			if (len(e.Links) == 1) != tt.stands || e.Error != "" {
				t.Errorf("%s, %+v: %s", tt.method, tt.options, e)
			}
		}
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	every := validate.Options{Validator: protovalidate.GlobalValidator, Responses: true} // DummyService has no rules
	for _, side := range sides {
		frameworktest.TestInterceptor(t, func() framework.Interceptor { return interceptor(t, side, every) })
		frameworktest.TestInterceptor(t, func() framework.Interceptor { return interceptor(t, side, validate.Options{}) })
	}
}

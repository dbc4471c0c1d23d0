package errmap_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/errmap"
)

// withDetails is sent, with the details on the lines below.
func withDetails(err error) string {
	var b strings.Builder
	b.WriteString(sent(err))
	for _, d := range status.Convert(err).Details() {
		b.WriteString("\n  " + detailText(d))
	}
	return b.String()
}

// configured makes a mapper that logs nothing.
func configured(c errmap.Config, rules ...errmap.Rule) *errmap.Mapper {
	c.Observer = func(context.Context, errmap.Outcome) {}
	m, err := errmap.New(c, rules...)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// A tagged type says all of itself, and comes back at the client.
func ExampleTagged() {
	m := mapper(errmap.Tagged[*OutOfStock]())
	server := m.Error(ctx, method, fmt.Errorf("at 10.0.0.3: %w", &OutOfStock{SKU: "A1", Again: time.Minute, Query: "select"}))
	fmt.Println(withDetails(server))

	client := m.Decode(ctx, status.Convert(server).Err())
	if e, ok := errors.AsType[*OutOfStock](client); ok {
		fmt.Printf("client: %s, in %v, %q\n", e.SKU, e.Again, e.Query)
	}
	// Output:
	// FailedPrecondition: A1 is out of stock
	//   OUT_OF_STOCK@shop.acme.com sku=A1
	//   RetryInfo{1m0s}
	// client: A1, in 1m0s, ""
}

func ExampleText() {
	fmt.Println(errmap.Text(&OutOfStock{SKU: "A1"}))
	// Output: A1 is out of stock
}

func ExampleRetryable() {
	fmt.Println(errmap.Retryable(fmt.Errorf("get: %w", Busy{})), errmap.Retryable(sql.ErrNoRows))
	// Output: true false
}

func ExampleWith() {
	err := errmap.With(errmap.ResourceExhausted.New("60 calls a minute"), errmap.RetryAfter(time.Minute))
	fmt.Println(withDetails(mapper().Error(ctx, method, fmt.Errorf("quota of jane: %w", err))))
	// Output:
	// ResourceExhausted: 60 calls a minute
	//   RetryInfo{1m0s}
}

func ExampleAnnotation() {
	again := []errmap.Annotation{errmap.RetryAfter(time.Second), errmap.Info("BUSY", "")}
	fmt.Println(withDetails(mapper().Error(ctx, method, errmap.With(errmap.Unavailable, again...))))
	// Output:
	// Unavailable: The service is currently unavailable
	//   RetryInfo{1s}
	//   BUSY@orders.acme.com
}

func ExampleDetail() {
	help := &errdetails.Help{Links: []*errdetails.Help_Link{{Url: "https://acme.com/roles", Description: "ask for a role"}}}
	fmt.Println(withDetails(mapper().Error(ctx, method, errmap.With(errmap.PermissionDenied, errmap.Detail(help)))))
	// Output:
	// PermissionDenied: The caller does not have permission to execute the specified operation
	//   Help{https://acme.com/roles ask for a role}
}

func ExampleRetryAfter() {
	delay, ok := errmap.RetryDelay(mapper().Error(ctx, method, errmap.With(errmap.Unavailable, errmap.RetryAfter(time.Second))))
	fmt.Println(delay, ok)
	// Output: 1s true
}

func ExampleInfo() {
	err := errmap.With(errmap.NotFound.New("no such order"), errmap.Info("NO_ORDER", "orders.acme.com", "orderId", "7"))
	fmt.Println(withDetails(mapper().Error(ctx, method, err)))
	// Output:
	// NotFound: no such order
	//   NO_ORDER@orders.acme.com orderId=7
}

func ExampleLocalized() {
	err := errmap.With(errmap.NotFound.New("no such order"), errmap.Localized("fr", "commande introuvable"))
	fmt.Println(withDetails(mapper().Error(ctx, method, err)))
	// Output:
	// NotFound: no such order
	//   LocalizedMessage{fr commande introuvable}
}

func ExampleTrailer() {
	err := mapper().Error(ctx, method, errmap.With(errmap.Unavailable, errmap.Trailer(metadata.Pairs("x-zone", "b"))))
	if mapped, ok := errors.AsType[*errmap.Error](err); ok {
		fmt.Println(mapped.Trailer().Get("x-zone"))
	}
	// Output: [b]
}

func ExampleError_Trailer() {
	m := configured(errmap.Config{Pushback: true}, errmap.On(sql.ErrConnDone, errmap.Unavailable, errmap.Retry(2*time.Second)))
	mapped, _ := errors.AsType[*errmap.Error](m.Error(ctx, method, sql.ErrConnDone))
	fmt.Println(mapped.Trailer().Get("grpc-retry-pushback-ms"))
	// Output: [2000]
}

func ExampleOnFunc() {
	m := mapper(errmap.OnFunc("unique", func(err error) bool {
		return strings.Contains(err.Error(), "SQLSTATE 23505")
	}, errmap.AlreadyExists, errmap.Message("there is one already")))
	fmt.Println(sent(m.Error(ctx, method, errors.New("insert into orders: SQLSTATE 23505"))))
	// Output: AlreadyExists: there is one already
}

func ExampleMessageFunc() {
	m := mapper(errmap.OnType[*ParseError](errmap.InvalidArgument,
		errmap.MessageFunc(func(e *ParseError) string { return "please look at " + e.Field })))
	fmt.Println(sent(m.Error(ctx, method, &ParseError{"amount"})))
	// Output: InvalidArgument: please look at amount
}

func ExampleDetails() {
	m := mapper(errmap.OnType[*ParseError](errmap.InvalidArgument, errmap.Details(func(e *ParseError) []proto.Message {
		return []proto.Message{&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: e.Field}}}}
	})))
	fmt.Println(withDetails(m.Error(ctx, method, errors.Join(&ParseError{"amount"}, &ParseError{"shop"}))))
	// Output:
	// InvalidArgument: The client specified an invalid argument
	//   BadRequest{amount; shop}
}

func ExampleRetry() {
	m := mapper(errmap.On(sql.ErrConnDone, errmap.Unavailable, errmap.Message("try again"), errmap.Retry(2*time.Second)))
	fmt.Println(withDetails(m.Error(ctx, method, sql.ErrConnDone)))
	// Output:
	// Unavailable: try again
	//   RetryInfo{2s}
}

func ExampleCodeOf() {
	fmt.Println(errmap.CodeOf(fmt.Errorf("get: %w", errmap.NotFound)), errmap.CodeOf(nil), errmap.CodeOf(sql.ErrNoRows))
	// Output: NotFound OK Unknown
}

func ExampleReasonOf() {
	m := mapper(errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Reason("NO_ROWS")))
	fmt.Println(errmap.ReasonOf(m.Error(ctx, method, sql.ErrNoRows)))
	// Output: NO_ROWS orders.acme.com
}

func ExampleDetailOf() {
	err := mapper().Error(ctx, method, errmap.With(errmap.NotFound, errmap.Localized("fr", "introuvable")))
	d, ok := errmap.DetailOf[*errdetails.LocalizedMessage](err)
	fmt.Println(d.GetMessage(), ok)
	// Output: introuvable true
}

func ExampleRetryDelay() {
	delay, ok := errmap.RetryDelay(status.Error(codes.Unavailable, "no idea when"))
	fmt.Println(delay, ok)
	// Output: 0s false
}

func ExampleIsRemote() {
	err := mapper().Decode(ctx, status.Error(codes.NotFound, "nf"))
	fmt.Println(errmap.IsRemote(fmt.Errorf("prices: %w", err)), errmap.IsRemote(errmap.NotFound))
	// Output: true false
}

// A gateway answers as google.rpc.Code has it.
func ExampleHTTPStatus() {
	for _, c := range []codes.Code{codes.OK, codes.NotFound, codes.FailedPrecondition, codes.Canceled, codes.Unavailable} {
		fmt.Println(c, errmap.HTTPStatus(c))
	}
	// Output:
	// OK 200
	// NotFound 404
	// FailedPrecondition 400
	// Canceled 499
	// Unavailable 503
}

func ExampleMapper_Explain() {
	m := mapper(errmap.OnFunc("always", func(error) bool { return true }, errmap.Unavailable))
	for _, step := range m.Explain(ctx, method, fmt.Errorf("get: %w", sql.ErrNoRows)) {
		fmt.Println(withoutPlace(step.String()))
	}
	// Output:
	// *fmt.wrapError: nobody claims it
	//   *errors.errorString: nobody claims it
	// *fmt.wrapError: OnFunc("always"): claimed by its predicate
	// UNAVAILABLE "The service is currently unavailable"
}

func withoutPlace(s string) string { return places.ReplaceAllString(s, "") }

func ExampleStep() {
	steps := mapper().Explain(ctx, method, errmap.Aborted)
	fmt.Printf("%d %q %q\n", steps[0].Depth, steps[0].Error, steps[0].Verdict)
	// Output: 0 "errmap.Code" "it says so itself"
}

func ExampleStep_String() {
	fmt.Println(errmap.Step{Depth: 1, Error: "*net.OpError", Verdict: "nobody claims it"})
	// Output:   *net.OpError: nobody claims it
}

// A table of all reasons.
func ExampleMapper_Rules() {
	m := mapper(errmap.Tagged[*OutOfStock](), errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Reason("NO_ROWS")))
	for r := range m.Rules() {
		fmt.Printf("%s: %s, %q\n", r.Reason, r.Code.Name(), r.Message)
	}
	// Output:
	// OUT_OF_STOCK: FAILED_PRECONDITION, "{SKU} is out of stock"
	// NO_ROWS: NOT_FOUND, "sql: no rows in result set"
}

func ExampleRuleInfo() {
	for r := range mapper(errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.For("Orders/*"))).Rules() {
		fmt.Println(r.Rule, r.Patterns)
	}
	// Output: On("sql: no rows in result set") [Orders/*]
}

func ExampleRuleInfo_String() {
	for r := range mapper(errmap.Tagged[*OutOfStock]()).Rules() {
		fmt.Println(r)
	}
	// Output:
	// Tagged[*errmap_test.OutOfStock]: FAILED_PRECONDITION, OUT_OF_STOCK in shop.acme.com, "{SKU} is out of stock"
	// errmap_test.OutOfStock: error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message={SKU} is out of stock
	//   SKU: metadata=sku
	//   Again: retry.delay
}

func ExampleRule_Err() {
	fmt.Println(withoutPlace(errmap.On(sql.ErrNoRows, 0).Err().Error()))
	// Output: errmap: On("sql: no rows in result set"): code 0 is none of the sixteen; OK is not an error
}

// A link of a chain that sees more than a mapper does has its hook asked first.
func ExampleMapper_First() {
	m := mapper(errmap.On(sql.ErrNoRows, errmap.NotFound)).First("drained", func(_ context.Context, _ string, err error) error {
		return errmap.Unavailable.Wrap(err, "this server is being replaced")
	})
	fmt.Println(sent(m.Error(ctx, method, sql.ErrNoRows)))
	// Output: Unavailable: this server is being replaced
}

func ExampleLocalizeRequest() {
	texts := map[string]string{"NO_ROWS": "introuvable"}
	m := configured(errmap.Config{
		Domain: "orders.acme.com",
		Localizer: func(_ context.Context, r errmap.LocalizeRequest) (locale, msg string, ok bool) {
			msg, ok = texts[r.Reason]
			return "fr", msg, ok
		},
	}, errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Reason("NO_ROWS")))
	fmt.Println(withDetails(m.Error(ctx, method, sql.ErrNoRows)))
	// Output:
	// NotFound: sql: no rows in result set
	//   NO_ROWS@orders.acme.com
	//   LocalizedMessage{fr introuvable}
}

// What another server did not find is not what this one's caller asked for.
func ExampleRemotePolicy() {
	remote := mapper().Decode(ctx, status.Error(codes.NotFound, "no such row in shard 3"))
	for _, policy := range []errmap.RemotePolicy{errmap.PassRemote, errmap.TranslateRemote} {
		fmt.Println(sent(configured(errmap.Config{Remote: policy}).Error(ctx, method, remote)))
	}
	// Output:
	// NotFound: no such row in shard 3
	// Internal: internal error
}

// outcomeOf is what an observer sees.
func outcomeOf(err error) errmap.Outcome {
	mapped, _ := errors.AsType[*errmap.Error](mapper().Error(ctx, method, err))
	return mapped.Outcome()
}

func ExampleOutcome_Fault() {
	fmt.Println(outcomeOf(errmap.NotFound).Fault(), outcomeOf(errmap.Unavailable).Fault())
	// Output: false true
}

func ExampleOutcome_Level() {
	fmt.Println(outcomeOf(errmap.NotFound).Level(), outcomeOf(errmap.Unavailable).Level())
	// Output: INFO ERROR
}

// What nobody was told is what a log must have.
func ExampleOutcome_Untold() {
	fmt.Println(outcomeOf(sql.ErrNoRows).Untold(), outcomeOf(errmap.Unavailable.Wrap(sql.ErrConnDone, "later")).Untold())
	fmt.Println(outcomeOf(&errmap.PanicError{Value: "boom", Logged: true}).Untold())
	// Output:
	// true false
	// false
}

package errmap_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// ctx and method are what an interceptor has at hand.
var ctx = context.Background()

const method = "/acme.orders.v1.Orders/Get"

// mapper makes a mapper that logs nothing.
func mapper(rules ...errmap.Rule) *errmap.Mapper {
	m, err := errmap.New(errmap.Config{Domain: "orders.acme.com", Observer: func(context.Context, errmap.Outcome) {}}, rules...)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// sent is what a client reads.
func sent(err error) string {
	s := status.Convert(err)
	return fmt.Sprintf("%v: %s", s.Code(), s.Message())
}

// A Code is returned as it is, and asked for as any sentinel.
func ExampleCode() {
	var err error = errmap.NotFound
	fmt.Println(sent(err))
	fmt.Println(errors.Is(fmt.Errorf("get: %w", err), errmap.NotFound))
	// Output:
	// NotFound: The requested entity was not found
	// true
}

func ExampleCode_Code() {
	fmt.Println(errmap.Canceled.Code() == codes.Canceled)
	// Output: true
}

func ExampleCode_Name() {
	fmt.Println(errmap.Canceled.Name(), errmap.NotFound.Name())
	// Output: CANCELLED NOT_FOUND
}

func ExampleCode_Error() {
	fmt.Println(errmap.Unavailable.Error())
	// Output: The service is currently unavailable
}

func ExampleCode_GRPCStatus() {
	fmt.Println(errmap.Aborted.GRPCStatus())
	// Output: rpc error: code = Aborted desc = The operation was aborted
}

func ExampleCode_Format() {
	fmt.Printf("%+v\n", errmap.Aborted)
	// Output: Aborted(code=ABORTED, message="The operation was aborted")
}

func ExampleCode_New() {
	err := errmap.NotFound.New("no such order")
	fmt.Println(sent(err))
	fmt.Printf("%+v\n", err)
	// Output:
	// NotFound: no such order
	// NotFound(code=NOT_FOUND, message="no such order")
}

func ExampleCode_Newf() {
	fmt.Println(sent(errmap.NotFound.Newf("no order %d", 7)))
	// Output: NotFound: no order 7
}

// The cause is for the log.
func ExampleCode_Wrap() {
	err := errmap.NotFound.Wrap(sql.ErrNoRows, "no such order")
	fmt.Println(sent(err))
	fmt.Println(errors.Is(err, sql.ErrNoRows))
	fmt.Printf("%+v\n", err)
	// Output:
	// NotFound: no such order
	// true
	// NotFound(code=NOT_FOUND, message="no such order", cause=sql: no rows in result set)
}

func ExampleCode_Wrapf() {
	fmt.Println(sent(errmap.NotFound.Wrapf(sql.ErrNoRows, "no order %d", 7)))
	// Output: NotFound: no order 7
}

func ExampleParseCode() {
	c, err := errmap.ParseCode("NOT_FOUND")
	fmt.Println(c.Code(), err)
	_, err = errmap.ParseCode("OK")
	fmt.Println(err)
	// Output:
	// NotFound <nil>
	// errmap: code "OK" is not an error; name one of the sixteen others, such as "NOT_FOUND"
}

func ExampleOn() {
	m := mapper(errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Message("no such record")))
	err := m.Error(ctx, method, fmt.Errorf("select from orders: %w", sql.ErrNoRows))
	fmt.Println(sent(err))
	// Output: NotFound: no such record
}

func ExampleOnType() {
	m := mapper(errmap.OnType[*net.DNSError](errmap.Unavailable))
	err := m.Error(ctx, method, &net.DNSError{Name: "db.internal", Err: "no such host"})
	fmt.Println(sent(err))
	// Output: Unavailable: The service is currently unavailable
}

// An interface claims all types that implement it.
func ExampleOnType_interface() {
	m := mapper(errmap.OnType[net.Error](errmap.Unavailable, errmap.Message("a service behind this one is not there")))
	err := m.Error(ctx, method, &net.DNSError{Name: "db.internal", Err: "no such host"})
	fmt.Println(sent(err))
	// Output: Unavailable: a service behind this one is not there
}

func ExampleHook() {
	m := mapper(errmap.Hook("legacy", func(_ context.Context, _ string, err error) error {
		if err.Error() == "ERR 404" {
			return errmap.NotFound.Wrap(err, "not in the old system")
		}
		return nil // not mine
	}))
	fmt.Println(sent(m.Error(ctx, method, errors.New("ERR 404"))))
	fmt.Println(sent(m.Error(ctx, method, errors.New("ERR 500"))))
	// Output:
	// NotFound: not in the old system
	// Unknown: unknown error
}

func ExampleHookFunc() {
	var drained errmap.HookFunc = func(ctx context.Context, fullMethod string, err error) error {
		return errmap.Unavailable.Wrap(err, fullMethod+" is being replaced")
	}
	fmt.Println(sent(mapper(errmap.Hook("drained", drained)).Error(ctx, method, sql.ErrConnDone)))
	// Output: Unavailable: /acme.orders.v1.Orders/Get is being replaced
}

func ExampleMessage() {
	m := mapper(errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Message("no such record")))
	fmt.Println(sent(m.Error(ctx, method, sql.ErrNoRows)))
	// Output: NotFound: no such record
}

// A ParseError is written for clients.
type ParseError struct{ Field string }

func (e *ParseError) Error() string { return e.Field + " can not be read" }

func ExampleExposeText() {
	m := mapper(errmap.OnType[*ParseError](errmap.InvalidArgument, errmap.ExposeText()))
	err := fmt.Errorf("request from 10.0.0.3: %w", &ParseError{"amount"})
	fmt.Println(sent(m.Error(ctx, method, err)))
	// Output: InvalidArgument: amount can not be read
}

// With the same rule on both sides a client gets the sentinel back.
func ExampleReason() {
	gone := errors.New("stock is gone")
	m := mapper(errmap.On(gone, errmap.FailedPrecondition, errmap.Reason("STOCK_GONE")))
	server := m.Error(ctx, method, gone)
	wire := status.Convert(server).Err()
	client := m.Decode(ctx, wire)
	fmt.Println(errors.Is(wire, gone), errors.Is(client, gone))
	// Output: false true
}

func ExampleDomain() {
	gone := errors.New("stock is gone")
	m := mapper(errmap.On(gone, errmap.FailedPrecondition, errmap.Reason("STOCK_GONE"), errmap.Domain("stock.acme.com")))
	for _, detail := range status.Convert(m.Error(ctx, method, gone)).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			fmt.Println(info.GetReason(), "in", info.GetDomain())
		}
	}
	// Output: STOCK_GONE in stock.acme.com
}

func ExampleFor() {
	m := mapper(
		errmap.On(sql.ErrNoRows, errmap.NotFound),
		errmap.On(sql.ErrNoRows, errmap.Internal, errmap.For("Orders/Sum")),
	)
	fmt.Println(status.Code(m.Error(ctx, "/acme.orders.v1.Orders/Get", sql.ErrNoRows)))
	fmt.Println(status.Code(m.Error(ctx, "/acme.orders.v1.Orders/Sum", sql.ErrNoRows)))
	// Output:
	// NotFound
	// Internal
}

func ExampleRule() {
	rules := []errmap.Rule{
		errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Message("no such record")),
		errmap.On(sql.ErrConnDone, errmap.Unavailable, errmap.Message("try again")),
	}
	fmt.Println(sent(mapper(rules...).Error(ctx, method, sql.ErrConnDone)))
	// Output: Unavailable: try again
}

func ExampleRule_String() {
	fmt.Println(fmt.Sprint(errmap.On(sql.ErrNoRows, errmap.NotFound))[:34])
	// Output: On("sql: no rows in result set") a
}

func ExampleRuleOption() {
	options := []errmap.RuleOption{errmap.Message("no such record"), errmap.Reason("NO_RECORD")}
	m := mapper(errmap.On(sql.ErrNoRows, errmap.NotFound, options...))
	fmt.Println(sent(m.Error(ctx, method, sql.ErrNoRows)))
	// Output: NotFound: no such record
}

// All mistakes are told at once.
func ExampleNew() {
	_, err := errmap.New(
		errmap.Config{Unknown: 99},
		errmap.Rule{},
	)
	fmt.Println(err)
	// Output:
	// errmap: Config.Unknown 99 is none of the sixteen codes
	// errmap: Rule{}: a zero Rule says nothing; make one with On, OnType, Tagged, OnFunc or Hook
}

func ExampleConfig() {
	m, err := errmap.New(errmap.Config{
		Unknown: errmap.Internal,
		Observer: func(_ context.Context, o errmap.Outcome) {
			fmt.Printf("%s failed with %s: %v\n", o.Method, o.Status.Code(), o.Cause)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Error(ctx, method, sql.ErrConnDone))
	// Output:
	// /acme.orders.v1.Orders/Get failed with Internal: sql: connection is already closed
	// internal error
}

func ExampleMapper() {
	m := mapper() // with no rules it still tells what was meant from what is not known
	fmt.Println(sent(m.Error(ctx, method, errmap.NotFound.New("no such order"))))
	fmt.Println(sent(m.Error(ctx, method, errors.New("dial 10.0.0.3: refused"))))
	// Output:
	// NotFound: no such order
	// Unknown: unknown error
}

// Outside of an RPC, as in a job, any name does.
func ExampleMapper_Error() {
	err := mapper().Error(ctx, "nightly report", fmt.Errorf("report: %w", errmap.DataLoss))
	fmt.Println(sent(err))
	fmt.Println(mapper().Error(ctx, "nightly report", nil))
	// Output:
	// DataLoss: There was unrecoverable data loss or corruption
	// <nil>
}

func ExampleMapper_Decode() {
	err := mapper().Decode(ctx, status.Error(codes.NotFound, "no such order"))
	fmt.Println(err)
	fmt.Println(errors.Is(err, errmap.NotFound), status.Code(err))
	// Output:
	// no such order
	// true NotFound
}

// The long form has what the client does not get.
func ExampleError() {
	err := mapper().Error(ctx, method, errors.New("dial 10.0.0.3: refused"))
	fmt.Println(err)
	fmt.Printf("%+v\n", err)
	// Output:
	// unknown error
	// Unknown(code=UNKNOWN, message="unknown error", source=unknown, method=/acme.orders.v1.Orders/Get, cause=dial 10.0.0.3: refused)
}

func ExampleError_Outcome() {
	err := mapper().Error(ctx, method, errors.New("dial 10.0.0.3: refused"))
	if mapped, ok := errors.AsType[*errmap.Error](err); ok {
		fmt.Println(mapped.Outcome().Source, mapped.Outcome().Redacted)
	}
	// Output: unknown true
}

func ExampleError_LogValue() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	logger.Info("failed", "err", mapper().Error(ctx, method, errmap.NotFound.Wrap(sql.ErrNoRows, "gone")))
	// Output:
	// level=INFO msg=failed err.code=NOT_FOUND err.message=gone err.source=explicit err.method=/acme.orders.v1.Orders/Get err.cause.code=NOT_FOUND err.cause.message=gone err.cause.cause="sql: no rows in result set"
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// A server's own time-out is not the caller's cancellation.
func ExampleRemote() {
	err := mapper().Decode(ctx, status.Error(codes.Canceled, "the job was stopped"))
	fmt.Println(errors.Is(err, errmap.Canceled), errors.Is(err, context.Canceled))
	fmt.Printf("%+v\n", err)
	// Output:
	// true false
	// Canceled(code=CANCELLED, message="the job was stopped", remote=true)
}

func ExamplePanicError() {
	err := &errmap.PanicError{Value: "index out of range in row of jane@acme.com"}
	fmt.Println(sent(fmt.Errorf("audit: %w", err)))
	fmt.Println(sent(mapper().Error(ctx, method, err)))
	// Output:
	// Internal: audit: recovered panic
	// Internal: internal error
}

func ExampleOutcome() {
	m, err := errmap.New(errmap.Config{Observer: func(_ context.Context, o errmap.Outcome) {
		fmt.Printf("%s by %s %q, redacted: %v\n", o.Status.Code(), o.Source, o.Rule, o.Redacted)
	}}, errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Message("no such record")))
	if err != nil {
		log.Fatal(err)
	}
	_ = m.Error(ctx, method, sql.ErrNoRows)
	_ = m.Error(ctx, method, sql.ErrConnDone)
	// Output:
	// NotFound by sentinel "sql: no rows in result set", redacted: false
	// Unknown by unknown "", redacted: true
}

// Sources tell what was meant from what went wrong.
func ExampleSource() {
	for _, err := range []error{errmap.NotFound, errmap.NotFound.New("x"), sql.ErrNoRows, &errmap.PanicError{}} {
		mapped, _ := errors.AsType[*errmap.Error](mapper().Error(ctx, method, err))
		fmt.Println(mapped.Outcome().Source)
	}
	// Output:
	// code
	// explicit
	// unknown
	// panic
}

func ExampleFlaw() {
	var missing *ParseError // the famous nil that is not nil
	mapped, _ := errors.AsType[*errmap.Error](mapper().Error(ctx, method, missing))
	fmt.Println(sent(mapped), mapped.Outcome().Flaw == errmap.FlawTypedNil)
	// Output: Internal: internal error true
}

package errmap_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/sluice-go/sluice/errmap"
)

// The errors and rules that the acceptance rows are about: a shop that has never heard of gRPC.

var (
	ErrOrderNotFound = errors.New("order not found")
	ErrStockGone     = errors.New("stock is gone")
	ErrNoRows        = errors.New("sql: no rows in result set")
	ErrScoped        = errors.New("scoped")
)

const (
	domain  = "shop.acme.com"
	service = "acme.shop.v1.Shop"
	unary   = "/" + service + "/Get"
	stream  = "/" + service + "/Watch"
	secret  = "dial 10.0.0.3: pw=hunter2"
)

// leaks are words that no client may read.
var leaks = []string{"hunter2", "10.0.0.3", "pw=", "goroutine"}

type ValidationError struct{ Err error }

func (e *ValidationError) Error() string { return "validation at 10.0.0.3: " + e.Err.Error() }
func (e *ValidationError) Unwrap() error { return e.Err }

type Temporary interface {
	error
	Temporary() bool
}

type TempTimeout interface {
	Temporary
	Timeout() bool
}

type NetErr struct{}

func (*NetErr) Error() string   { return secret }
func (*NetErr) Temporary() bool { return true }

type NetTimeout struct{ NetErr }

func (*NetTimeout) Timeout() bool { return true }

// Errno matches by its Is method, as that of package syscall does.
type Errno int

func (e Errno) Error() string        { return fmt.Sprintf("errno %d at 10.0.0.3", int(e)) }
func (e Errno) Is(target error) bool { return e == 2 && target == ErrStockGone }

// Value is an error of a struct type, by value.
type Value struct{ Text string }

func (v Value) Error() string { return v.Text }

// Uncomparable can not be compared with ==.
type Uncomparable struct{ fields []string }

func (u Uncomparable) Error() string { return secret + fmt.Sprint(u.fields) }

// An OrderNotFound is a tagged error with an Error method of its own, for logs.
type OrderNotFound struct {
	_       struct{} `grpc:"error=NOT_FOUND,reason=ORDER_NOT_FOUND,domain=orders.acme.com,message='order {OrderID} not found in {Shop}',resource.type=order"`
	OrderID int64    `grpc:"metadata,resource.name"`
	Shop    string   `grpc:"metadata"`
	Secret  string
	Cause   error `grpc:"cause"`
}

func (e *OrderNotFound) Error() string { return fmt.Sprint(e.OrderID, e.Shop, e.Secret, e.Cause) }
func (e *OrderNotFound) Unwrap() error { return e.Cause }

// A FieldError is about one field.
type FieldError struct {
	_     struct{} `grpc:"error=INVALID_ARGUMENT,reason=INVALID_FIELD,message='{Field}: {Desc}'"`
	Field string   `grpc:"badrequest.field"`
	Desc  string   `grpc:"badrequest.description"`
}

func (e FieldError) Error() string { return errmap.Text(e) }

// An Invalid has all violations.
type Invalid struct {
	_      struct{}    `grpc:"error=INVALID_ARGUMENT,reason=INVALID_REQUEST,message='the request is invalid'"`
	Fields []Violation `grpc:"badrequest"`
}

type Violation struct {
	Path string `grpc:"field"`
	Why  string `grpc:"description"`
	Code string `grpc:"reason"`
}

func (e *Invalid) Error() string { return errmap.Text(e) }

type Throttled struct {
	_     struct{}      `grpc:"error=RESOURCE_EXHAUSTED,message='quota of {Limit} exceeded'"`
	Limit int           `grpc:"metadata=limitPerMinute"`
	After time.Duration `grpc:"retry.delay"`
	Until time.Time     `grpc:"metadata"`
}

func (e *Throttled) Error() string { return errmap.Text(e) }

// SQLError is matched by a predicate.
type SQLError struct{ state string }

func (e *SQLError) Error() string { return "at 10.0.0.3: SQLSTATE " + e.state }

func fieldErrors(n int) error {
	all := make([]error, n)
	for i := range all {
		all[i] = FieldError{Field: fmt.Sprintf("f%d", i), Desc: strings.Repeat("d", 30)}
	}
	return errors.Join(all...)
}

func shopRules() []errmap.Rule {
	return []errmap.Rule{
		errmap.On(ErrOrderNotFound, errmap.NotFound, errmap.Reason("ORDER_MISSING")),
		errmap.On(ErrStockGone, errmap.FailedPrecondition),
		errmap.On(ErrNoRows, errmap.NotFound, errmap.Message("no such record")),
		errmap.On(fs.ErrNotExist, errmap.NotFound, errmap.Message("no such file")),
		errmap.On(ErrScoped, errmap.Aborted),
		errmap.On(ErrScoped, errmap.ResourceExhausted, errmap.For(service+"/*")),
		errmap.On(ErrScoped, errmap.PermissionDenied, errmap.For(service+"/Watch")),
		errmap.OnType[*ValidationError](errmap.InvalidArgument),
		errmap.OnType[Temporary](errmap.Unavailable),
		errmap.OnType[TempTimeout](errmap.DeadlineExceeded, errmap.Retry(time.Second)),
		errmap.Tagged[*OrderNotFound](),
		errmap.Tagged[FieldError](),
		errmap.Tagged[*Invalid](),
		errmap.Tagged[*Throttled](),
		errmap.OnFunc("pg-unique", func(err error) bool { return strings.Contains(err.Error(), "SQLSTATE 23505") }, errmap.AlreadyExists),
		errmap.OnFunc("norows", func(err error) bool { return errors.Is(err, ErrNoRows) }, errmap.Internal),
	}
}

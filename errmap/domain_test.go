package errmap_test

import (
	"errors"
	"fmt"
	"io/fs"

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
		errmap.OnType[TempTimeout](errmap.DeadlineExceeded),
	}
}

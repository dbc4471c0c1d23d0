package errmap_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/internal/tag"
)

// sixteen are the codes with the names that google.rpc.Code gives them.
var sixteen = map[errmap.Code]string{
	errmap.Canceled: "CANCELLED", errmap.Unknown: "UNKNOWN", errmap.InvalidArgument: "INVALID_ARGUMENT",
	errmap.DeadlineExceeded: "DEADLINE_EXCEEDED", errmap.NotFound: "NOT_FOUND", errmap.AlreadyExists: "ALREADY_EXISTS",
	errmap.PermissionDenied: "PERMISSION_DENIED", errmap.ResourceExhausted: "RESOURCE_EXHAUSTED",
	errmap.FailedPrecondition: "FAILED_PRECONDITION", errmap.Aborted: "ABORTED", errmap.OutOfRange: "OUT_OF_RANGE",
	errmap.Unimplemented: "UNIMPLEMENTED", errmap.Internal: "INTERNAL", errmap.Unavailable: "UNAVAILABLE",
	errmap.DataLoss: "DATA_LOSS", errmap.Unauthenticated: "UNAUTHENTICATED",
}

// T1: an error shows its kind, its code and its message.
func TestT1DebugForm(t *testing.T) {
	t.Parallel()
	cause := errors.New("no rows")
	for _, tt := range []struct {
		format string
		err    error
		want   string
	}{
		{"%+v", errmap.Unknown.New("oops"), `Unknown(code=UNKNOWN, message="oops")`},
		{"%+v", errmap.NotFound.New("oops"), `NotFound(code=NOT_FOUND, message="oops")`},
		{"%+v", errmap.NotFound.New("?"), `NotFound(code=NOT_FOUND, message="?")`},
		{"%+v", errmap.NotFound, `NotFound(code=NOT_FOUND, message="The requested entity was not found")`},
		{"%+v", errmap.NotFound.Wrap(cause, "gone"), `NotFound(code=NOT_FOUND, message="gone", cause=no rows)`},
		{"%+v", errmap.Internal.Wrap(errmap.NotFound.Wrap(cause, "gone"), "oops"), `Internal(code=INTERNAL, message="oops", cause=NotFound(code=NOT_FOUND, message="gone", cause=no rows))`},
		{"%v", errmap.NotFound.Wrap(cause, "gone"), "gone"},
		{"%s", errmap.NotFound.Wrap(cause, "gone"), "gone"},
		{"%q", errmap.NotFound.Wrap(cause, "gone"), `"gone"`},
		{"%v", errmap.NotFound.New(""), "NOT_FOUND"},
		{"%8s|", errmap.NotFound.New("gone"), "    gone|"},
		{"%v", errmap.NotFound, "The requested entity was not found"},
		{"%d", errmap.NotFound, "5"},
	} {
		if got := fmt.Sprintf(tt.format, tt.err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.format, got, tt.want)
		}
	}
}

// T2, T39: the name is that of the wire, not Go's.
func TestT2T39Names(t *testing.T) {
	t.Parallel()
	for c, want := range sixteen {
		if c.Name() != want {
			t.Errorf("%d: %q, want %q", c, c.Name(), want)
		}
		if back, err := errmap.ParseCode(want); back != c || err != nil {
			t.Errorf("ParseCode(%q) = %d, %v; want %d", want, back, err, c)
		}
	}
}

// T9: a code for every failure that gRPC has, each an error with a text of its own.
func TestT9AllCodes(t *testing.T) {
	t.Parallel()
	texts := map[string]errmap.Code{}
	for c := codes.Code(1); c <= 16; c++ {
		kind := errmap.Code(c)
		if kind.Code() != c || sixteen[kind] == "" {
			t.Errorf("%v is missing", c)
		}
		if s := status.Convert(kind); s.Code() != c || s.Message() != kind.Error() {
			t.Errorf("%v without a mapper: %v", c, s)
		}
		if other, taken := texts[kind.Error()]; taken || kind.Error() == "" {
			t.Errorf("%v and %v have one text, %q", kind.Name(), other.Name(), kind.Error())
		}
		texts[kind.Error()] = kind
		if err := kind.New("x"); !errors.Is(err, kind) || errors.Is(err, errmap.Code(c%16+1)) || status.Code(err) != c {
			t.Errorf("%v.New: %+v", kind.Name(), err)
		}
	}
}

// T11: OK is not an error, and nothing makes one of it.
func TestT11CodeOK(t *testing.T) {
	t.Parallel()
	cause := errors.New("no rows")
	for _, c := range []errmap.Code{errmap.Code(codes.OK), 17, 99} {
		for _, err := range []error{c, c.New("x"), c.Newf("%d", 1), c.Wrap(cause, "x"), c.Wrapf(cause, "%d", 1)} {
			if got := status.Convert(err); got.Code() != codes.Internal || got.Message() != "internal error" {
				t.Errorf("Code(%d): %v", c, got)
			}
		}
		if c.Name() != "INTERNAL" || c.Code() != codes.Internal {
			t.Errorf("Code(%d) is %v, %q", c, c.Code(), c.Name())
		}
		err := c.Wrap(cause, "x")
		want := fmt.Sprintf(`Internal(code=INTERNAL, message="internal error", cause=errmap: %d is none of the sixteen codes; its message was "x"`+"\nno rows)", c)
		if got := fmt.Sprintf("%+v", err); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if !errors.Is(err, cause) {
			t.Errorf("Code(%d): the cause is lost", c)
		}
	}
}

// Tags name the codes as the wire does.
func TestTagsNameTheCodes(t *testing.T) {
	t.Parallel()
	var want []string
	for c := errmap.Canceled; c <= errmap.Unauthenticated; c++ {
		want = append(want, c.Name())
	}
	if got := tag.ErrorLine().First.OneOf; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	want := []int{200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401, 500}
	for c, status := range want {
		if got := errmap.HTTPStatus(codes.Code(c)); got != status {
			t.Errorf("%v: %d, want %d", codes.Code(c), got, status)
		}
	}
}

func TestParseCodeRefuses(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"OK":        `errmap: code "OK" is not an error; name one of the sixteen others, such as "NOT_FOUND"`,
		"NotFound":  `errmap: unknown code "NotFound"; write a name of google.rpc.Code, such as "NOT_FOUND"`,
		"CANCELED":  `errmap: unknown code "CANCELED"; write a name of google.rpc.Code, such as "NOT_FOUND"`,
		"5":         `errmap: unknown code "5"; write a name of google.rpc.Code, such as "NOT_FOUND"`,
		"":          `errmap: unknown code ""; write a name of google.rpc.Code, such as "NOT_FOUND"`,
		"not_found": `errmap: unknown code "not_found"; write a name of google.rpc.Code, such as "NOT_FOUND"`,
	} {
		if c, err := errmap.ParseCode(name); c != 0 || err == nil || err.Error() != want {
			t.Errorf("%q: %d, %v; want %s", name, c, err, want)
		}
	}
}

// Without a mapper grpc-go sends the text of Error: a cause must not be in it, wrapped or not.
func TestCausesStayInsideWithoutAMapper(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errmap.Aborted.Wrap(errors.New(secret), "try again"),
		&errmap.PanicError{Value: secret, Stack: []byte("goroutine 7")},
	} {
		noLeak(t, status.Convert(err).Message())
		noLeak(t, status.Convert(fmt.Errorf("audit: %w", err)).Message())
	}
}

package auth

import (
	"context"
	"errors"
	"fmt"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// Func is a Verifier of a function that was written for go-grpc-middleware. who says whose context it made; nil for
// nobody's. The context goes on to the handler, so that what reads its values works on; not where a Verifier of one's
// own asks this one.
//
// An error of the function that is UNAUTHENTICATED is ErrNotMine where the caller shows no "authorization", else
// ErrRejected; PERMISSION_DENIED is that; all others are failures, UNAVAILABLE. None of their texts reach the client. A
// service that is a ggm ServiceAuthFuncOverride is asked in place of the function, as ggm does. The context
// must be made of the given one.
func Func(authenticate ggm.AuthFunc, who func(ctx context.Context) *Principal) Verifier {
	return function{authenticate, who}
}

type function struct {
	authenticate ggm.AuthFunc
	who          func(ctx context.Context) *Principal
}

func (f function) Verify(ctx context.Context, c Credentials) (*Principal, error) {
	_, p, err := f.ask(ctx, c)
	return p, err
}

func (f function) ask(ctx context.Context, c Credentials) (context.Context, *Principal, error) {
	call, _ := framework.CallFrom(ctx)
	known, err := f.call(ctx, call)
	if err != nil {
		return ctx, nil, meant(err, c)
	}
	if known == nil {
		return ctx, nil, errForeign
	}
	if of, _ := framework.CallFrom(known); of != call {
		return ctx, nil, errForeign
	}
	if p := f.who(known); p != nil {
		return known, p, nil
	}
	return ctx, nil, ErrNotMine
}

var errForeign = errors.New("auth: the AuthFunc gave a context that is not made of the one it was given")

func (f function) call(ctx context.Context, call *framework.Call) (context.Context, error) {
	if call != nil {
		if service, ok := call.Service().(ggm.ServiceAuthFuncOverride); ok {
			return service.AuthFuncOverride(ctx, call.Method().String())
		}
	}
	return f.authenticate(ctx)
}

// meant is what an AuthFunc says by a status.
func meant(err error, c Credentials) error {
	switch {
	case status.Code(err) == codes.PermissionDenied:
		return fmt.Errorf("%w: %w", errForbids, err)
	case status.Code(err) != codes.Unauthenticated:
		return err
	case !c.Present():
		return fmt.Errorf("%w: %w", ErrNotMine, err)
	}
	return fmt.Errorf("%w: %w", ErrRejected, err)
}

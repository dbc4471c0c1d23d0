package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluice-go/sluice/errmap"
)

// A caller who is refused reads the same text whatever is wrong. Why is the error's cause, which logs show.

func unauthenticated(why error) error { return refuse(errmap.Unauthenticated, why) }

func forbidden(why error) error { return refuse(errmap.PermissionDenied, why) }

func refuse(c errmap.Code, why error) error { return c.Wrap(why, c.Error()) }

// errForbids is of a verifier that knows the caller, and does not let it in: ggm's may do so.
var errForbids = errors.New("auth: the verifier forbids it")

// refusal is the error of an RPC whose caller was not identified. What a verifier says of a failure of its own is never
// the RPC's status, not even where it has one: it is of the verifier's own RPCs.
func refusal(ctx context.Context, shown Credentials, err error) error {
	why := shown.hide(err)
	for _, known := range [...]struct {
		is   error
		code errmap.Code
	}{
		{ErrRejected, errmap.Unauthenticated},
		{ErrNotMine, errmap.Unauthenticated},
		{errForbids, errmap.PermissionDenied},
		{errNameless, errmap.Internal},
	} {
		if errors.Is(err, known.is) {
			if !errors.Is(why, known.is) { // it had the token in it
				why = fmt.Errorf("%w: %w", known.is, why)
			}
			return refuse(known.code, why)
		}
	}
	if ended := ctx.Err(); ended != nil {
		return ended // the caller went away, or its time is up
	}
	return refuse(errmap.Unavailable, fmt.Errorf("auth: the verifier failed: %w", why))
}

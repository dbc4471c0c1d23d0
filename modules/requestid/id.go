package requestid

import (
	"context"

	"github.com/google/uuid"
)

const maxLength = 128

// wellFormed reports whether a text can be an id.
func wellFormed(id string) bool {
	if len(id) == 0 || len(id) > maxLength {
		return false
	}
	for i := range len(id) {
		if c := id[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	return true
}

// newID is a new id. It is "" only where the system has no random bytes.
func (o *Options) newID() string {
	if o.Generate != nil {
		if id := o.Generate(); wellFormed(id) {
			return id
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return ""
	}
	return id.String()
}

type idKey struct{}

// NewContext gives a context an id, for the calls of a client that belong together: those of a job, for instance. What
// is not 1 to 128 letters, digits and ._- is no id, and leaves the context as it is.
func NewContext(ctx context.Context, id string) context.Context {
	if !wellFormed(id) {
		return ctx
	}
	return context.WithValue(ctx, idKey{}, id)
}

// FromContext is the id of the RPC, in a handler, in links inside, and wherever their context goes; or the one that
// NewContext gave. It is false where there is none.
func FromContext(ctx context.Context) (string, bool) {
	id, ok := ctx.Value(idKey{}).(string)
	return id, ok
}

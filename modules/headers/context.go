package headers

import (
	"context"
	"fmt"
	"reflect"

	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/internal/tag"
)

// From is, in a handler and whatever it calls with its context, the T that the request's metadata was bound to. Slices
// and pointers in it are shared by all who ask; they are not to be changed.
//
// It panics where none is bound, which is a mistake in the wiring and no client's: a struct of zeros would pass for
// one that was checked. Where there may be none, ask Lookup.
func From[T any](ctx context.Context) T {
	v, ok := Lookup[T](ctx)
	if !ok {
		panic(fmt.Sprintf("headers: no %s is bound to this RPC; put an interceptor that binds headers.Of[%[1]s]() on its method",
			tag.TypeName(reflect.TypeFor[T]())))
	}
	return v
}

// Lookup is From, and reports whether there is one.
func Lookup[T any](ctx context.Context) (T, bool) { return carried[bound[T], T](ctx) }

// Send has the client's calls that are made with the context send v. It takes the place of a T that was given before.
// A client without a link that binds T sends nothing of it. What v points to is read when a call begins, and not to be
// changed until then. It panics for a pointer to a struct, which no link binds.
func Send[T any](ctx context.Context, v T) context.Context {
	if t := reflect.TypeFor[T](); t.Kind() == reflect.Pointer {
		panic(fmt.Sprintf("headers: Send was given a %s, which no link can bind; give it the %s itself", t, t.Elem()))
	}
	return &carrier[toSend[T], T]{ctx, v}
}

// bound and toSend are keys of a context.
type (
	bound[T any]  struct{}
	toSend[T any] struct{}
)

// A carrier is a context with a value under a key of type K. In contrast to those of context.WithValue it does not
// print the value, which may be secret.
type carrier[K, T any] struct {
	context.Context
	value T
}

func (c *carrier[K, T]) Value(key any) any {
	if _, ok := key.(K); ok {
		return &c.value
	}
	return c.Context.Value(key)
}

func (c *carrier[K, T]) String() string {
	return fmt.Sprintf("%v.headers(%s)", c.Context, tag.TypeName(reflect.TypeFor[T]()))
}

func carried[K, T any](ctx context.Context) (v T, ok bool) {
	if p := carriedIn[K, T](ctx); p != nil {
		return *p, true
	}
	return v, false
}

func carriedIn[K, T any](ctx context.Context) *T {
	var key K
	p, _ := ctx.Value(key).(*T)
	return p
}

// typed is what takes the type itself.
type typed interface {
	// read is the context inside with a struct that was read from the metadata of the context given.
	read(given, inside context.Context, fields []field, broken *violations) context.Context
	// sent is the struct that a call is to send, addressable.
	sent(ctx context.Context) (reflect.Value, bool)
}

type of[T any] struct {
	each func(ctx context.Context) (T, bool) // nil for none
}

func (of[T]) read(given, inside context.Context, fields []field, broken *violations) context.Context {
	c := &carrier[bound[T], T]{Context: inside}
	v := reflect.ValueOf(&c.value).Elem()
	for i := range fields {
		f := &fields[i]
		f.decode(v, metadata.ValueFromIncomingContext(given, f.key), broken)
	}
	return c
}

func (o of[T]) sent(ctx context.Context) (reflect.Value, bool) {
	if p := carriedIn[toSend[T], T](ctx); p != nil {
		return reflect.ValueOf(p).Elem(), true
	}
	if o.each == nil {
		return reflect.Value{}, false
	}
	v, ok := o.each(ctx)
	return reflect.ValueOf(&v).Elem(), ok
}

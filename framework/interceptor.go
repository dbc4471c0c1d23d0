package framework

import (
	"context"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// An Interceptor is code that runs around an RPC, of whichever of the four kinds, on a server or on a client.
//
// Intercept is called once for each RPC, on a server on the goroutine that grpc runs the handler on, on a client
// on the caller's (unary) or on one of the stream's own that the caller waits for (streams). Calls may be
// concurrent: an Interceptor is shared by all RPCs of its chain. A Call belongs to its RPC and is not kept
// after it.
//
//   - next runs the rest of the chain and then the RPC. It returns when the RPC has ended, whatever its kind: its
//     error is the RPC's, nil is success. What Intercept returns is the RPC's outcome for everything outside it. The
//     context given to next is what everything inside sees; it must derive from ctx.
//   - next may be called not at all: answer with SetResponse or SetResponses, or return an error. It may be called
//     again after it returned: on a unary call freely; on streamed requests after BufferRequests or KeepRequests; on
//     streamed responses until a message reached the caller. A link registers its functions once, before its
//     loop; what inner links registered, set or added in a failed attempt is discarded.
//   - Given a context without the caller's cancellation (context.WithoutCancel), what is inside outlives the caller's
//     context, on streams too.
//   - What grpc ends with reaches a client's next as a status error, never as a bare ctx.Err(). The ctx of
//     Intercept derives from the caller's and is not cancelled by the end of the stream itself.
//   - Returning nil although next was not called and no response was set is INTERNAL and names the link: grpc-go
//     would send an empty OK, end the stream cleanly, or hand the caller a nil stream. So is nil without a response
//     where one is due, a request or response of the wrong message type, next called by two goroutines at once
//     (Clones aside), and next called after Intercept returned.
//   - An error whose status code is OK is never success, on any kind.
//   - A panic on a server reaches the links outside and then the chain's own guard, which answers INTERNAL and logs
//     value and stack. On a client it reaches the caller's goroutine.
type Interceptor interface {
	Intercept(ctx context.Context, call *Call, next Handler) error
}

// InterceptorFunc is a function as an Interceptor.
type InterceptorFunc func(ctx context.Context, call *Call, next Handler) error

// Intercept calls f.
func (f InterceptorFunc) Intercept(ctx context.Context, call *Call, next Handler) error {
	return f(ctx, call, next)
}

// A Handler is what next is: the rest of the chain, then the RPC.
type Handler func(ctx context.Context, call *Call) error

// A Binder is an Interceptor that is made anew for each method, so that limiters, metric labels and parsed rules
// are looked up once and not on every call.
//
// Bind is called once for each method the link stands on, by ServerChain.Bind, or at the method's first call, never
// concurrently for one method. A nil Interceptor means: not on this method. An error, or a panic, fails the
// method: Bind of the chain returns it; at a first call the RPC ends with INTERNAL and the error is logged.
type Binder interface {
	Bind(m MethodInfo) (Interceptor, error)
}

// MethodInfo is what is known of a method before it is called.
type MethodInfo struct {
	Method     Method
	Kind       Kind
	Side       Side
	Target     string                        // the server's or client's name; "" where it has none
	Descriptor protoreflect.MethodDescriptor // nil where not linked into the binary

	rules *readings // of the link that is bound, for Key.Of
}

// Outside reports whether a link of a stage stands on the method outside of the one that is bound: whether, when it is
// entered, the caller has been authenticated. It is for Bind.
func (m MethodInfo) Outside(stage Stage) bool {
	return m.rules != nil && slices.ContainsFunc(m.rules.outer, func(b boundLink) bool { return b.link.stage == stage })
}

// Package translate stands on both ends of an RPC and makes statuses of Go errors there, and Go errors of statuses
// here, by the rules of an [github.com/sluice-go/sluice/errmap.Mapper].
//
//	client                                                              server
//	  caller ◀─ … ◀─ translate ◀── status ── ~ wire ~ ◀── logging ◀─ translate ◀─ recovery ◀─ … ◀─ handler
//	                    │                                    │           │                             │
//	               *errmap.Remote                       sees the code  *errmap.Error                 any error
//	          the status, and inside                    and the cause   the status, and
//	          the error that was meant                                  the cause inside
//
// It is one link, for all four kinds, in the stage Translate: on a server inside of what observes, so that logs and
// metrics have the code that the client gets, and outside of everything else; on a client innermost, so that everything
// else works with Go errors.
//
//	mapper, err := errmap.New(errmap.Config{Domain: "shop.acme.com"},
//		errmap.On(ErrSoldOut, errmap.FailedPrecondition, errmap.Reason("SOLD_OUT")))
//	…
//	errs, err := translate.New(translate.Options{Mapper: mapper})
//	…
//	server, err := framework.NewServerChain(framework.Use(errs), …)
//	client, err := framework.NewClientChain(framework.Use(errs), …)
//
// What decides on the code, what of an error the client gets to read, and who is told of the rest, is package errmap's
// to say. This one gives it the errors, from where each kind of RPC has them: what the handler or an inner link
// returned, and at a client what Recv, CloseAndRecv or the call itself would. nil and io.EOF stay what they are.
//
// [Options].OnError is a hook like errmap.Hook, which sees the Call besides, and is asked before all others. [RequestID] is
// for the mapper's Config.
//
// An error may have trailers, by errmap.Trailer or by Config.Pushback; the server's link sends them with the status.
//
// # Not for
//
// Rules, which belong to the mapper. Recovering from panics, which modules/recovery does, one stage further in. Errors of
// links in the stage Observe of a server: they are outside, and grpc-go makes of them what it can.
package translate

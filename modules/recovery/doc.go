// Package recovery keeps a panic in an RPC from ending the server. It makes an error of it, logs value and stack, and
// tells the client neither.
//
//	logging ─▶ translate ─▶ recovery ─▶ auth ─▶ … ─▶ handler
//	   │          ▲            │ ▲                      │
//	   ▼          └────────────┘ └────── panic ─────────┘
//	INTERNAL   *errmap.PanicError
//	              │
//	              ▼
//	           slog: value, stack, method
//
// It stands in the stage Recover of a server, and covers what is inside of it, for all four kinds: the handler, the
// links, and the functions that these gave to OnRequest, OnResponse, OnHeader and OnTrailer.
//
//	interceptor, err := recovery.New(recovery.Options{Logger: logger})
//	…
//	chain, err := framework.NewServerChain(framework.Use(interceptor), …)
//
// The client gets INTERNAL "internal error", with modules/translate outside of it or without: an
// [github.com/sluice-go/sluice/errmap.PanicError] has that status of its own, whatever the panic carries, an error with
// a status included. Messages that a stream sent before arrive. Links outside find the value with errors.As.
//
// # Not for
//
// Panics on other goroutines: one in a goroutine that a handler starts ends the process, and so it should. Panics of
// links outside: framework's own guard at the edge of every server chain answers them.
//
// runtime.Goexit, as in t.FailNow called by a handler, can not be stopped. It is logged here, and then the goroutine ends
// without an answer: the client waits for its deadline. Clients have no stage Recover: a panic in a client's link
// belongs to the caller.
//
// # What is kept of go-grpc-middleware, and what is not
//
// The type of [Options].Handler is that of its package recovery, so that handlers written for it work. Its interceptors are
// not used, for what they do with a panic, which the tests named here hold this package to:
//
//   - without a handler they send value and stack to the client, as UNKNOWN (TestPanic)
//   - a handler that returns nil makes an empty success of a panic, and one that panics ends the process (TestHandler)
//   - with a handler the stack is lost unless that takes it itself (TestLog)
package recovery

package errmap

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// slack is how close to its deadline a cancelled call is taken for one that ran out of time. At its own deadline
// a client resets the stream, and the reset reaches a server before the server's timer fires: nearly all
// deadlines look like cancellations there. Measured: 1.5 ms at most remained.
const slack = 5 * time.Millisecond

// callEnded tells how the call ended, by the caller's wish or by time; false while it goes on.
func callEnded(ctx context.Context) (Code, bool) {
	err := ctx.Err()
	if err == nil {
		return 0, false
	}
	deadline, ok := ctx.Deadline()
	if errors.Is(err, context.DeadlineExceeded) || ok && time.Until(deadline) < slack {
		return DeadlineExceeded, true
	}
	return Canceled, true
}

// ended decides for context.Canceled and context.DeadlineExceeded. Once the call has ended, its end counts. While
// it goes on, the error is of a context that the handler made: c, and local.
func (w *walk) ended(c Code) bool {
	end, over := callEnded(w.ctx)
	if over {
		c = end
	} else {
		c = w.mapper.config.local(c)
	}
	w.out.Local = !over
	return w.settle(c.GRPCStatus(), SourceContext)
}

// local is the code for a context of the handler's own.
func (c *Config) local(end Code) Code {
	if end == Canceled {
		return cmp.Or(c.LocalCancel, end)
	}
	return cmp.Or(c.LocalDeadline, end)
}

// abandoned decides for an error that nothing claimed after the call had ended: most likely the end is its cause,
// as with a driver's "canceling statement due to user request".
func (w *walk) abandoned() bool {
	end, over := callEnded(w.ctx)
	if !over {
		return false
	}
	w.out.Redacted = true
	w.explain("nothing is known of it, and the call has ended")
	return w.settle(end.GRPCStatus(), SourceContextDone)
}

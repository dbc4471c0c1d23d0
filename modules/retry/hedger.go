package retry

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
)

// A hedger makes further attempts of the unary RPCs of one method while there is no answer.
type hedger struct {
	policy
	hedging Hedging
}

// Intercept makes attempts, side by side, and takes the first answer. The others have ended when it returns.
func (h *hedger) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	racing, cancel := context.WithCancel(ctx)
	r := &race{hedger: h, call: call, next: next, ctx: ctx, racing: racing, ended: make(chan *runner, h.hedging.Attempts)}
	defer r.all.Wait()
	defer cancel()
	err := r.run()
	annotate(call, r.sent, r.stopped)
	return err
}

// A race is the attempts of one RPC.
type race struct {
	*hedger
	call   *framework.Call
	next   framework.Handler
	ctx    context.Context // the caller's
	racing context.Context // the attempts'

	sent, running int
	last          error
	stopped       string // why no other is sent
	ended         chan *runner
	all           sync.WaitGroup
}

// run is the race, up to what ends it: an answer, a failure that another attempt would not mend, or the failure of the last.
func (r *race) run() error {
	r.send(false)
	timer := time.NewTimer(r.hedging.After)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			if r.hedge() {
				timer.Reset(r.hedging.After)
			}
		case one := <-r.ended:
			wait, over := r.end(one)
			switch {
			case over:
				r.call.Adopt(one.call)
				return one.err
			case r.isOpen():
				timer.Reset(wait)
			}
		case <-r.givenUp():
			r.stopped = byCaller
			return interrupted(r.ctx, r.last)
		}
	}
}

// end takes the end of an attempt. It says when to send another one, or that the race is over.
func (r *race) end(one *runner) (wait time.Duration, over bool) {
	r.running--
	if one.left != nil {
		one.left()
	}
	w, again := r.judge(r.ctx, one.err, one.trailer, one.paid)
	if !again {
		r.stopped = ""
		return 0, true
	}
	r.last = one.err
	if reason := r.refuses(r.ctx, w); reason != "" && r.isOpen() {
		r.stopped = reason
	}
	if wait = w.after; wait == 0 {
		wait = r.hedging.After
		r.hedge()
	}
	return wait, r.running == 0 && !r.isOpen()
}

// isOpen reports whether another attempt may be sent, and else knows why not.
func (r *race) isOpen() bool {
	if r.stopped == "" && r.sent == r.hedging.Attempts {
		r.stopped = byAttempts
	}
	return r.stopped == ""
}

// hedge sends another attempt, if it may.
func (r *race) hedge() bool {
	switch {
	case !r.isOpen() || r.ctx.Err() != nil:
		return false
	case !r.budget.spend():
		r.stopped = byBudget
		return false
	}
	r.send(true)
	return true
}

func (r *race) send(paid bool) {
	one := &runner{call: r.call.Clone(), paid: paid}
	one.call.OnTrailer(func(_ context.Context, md metadata.MD) (metadata.MD, error) {
		one.trailer = md
		return md, nil
	})
	ctx := after(r.racing, r.sent)
	r.sent++
	r.running++
	r.all.Go(func() {
		defer func() { r.ended <- one }()
		one.run(ctx, r.next)
	})
}

// givenUp is when the caller's context ends while no attempt is there to notice.
func (r *race) givenUp() <-chan struct{} {
	if r.running > 0 {
		return nil
	}
	return r.ctx.Done()
}

package retry

import (
	"fmt"
	"math"
	"sync/atomic"
)

// A Budget bounds what attempts add to the load of a server that is in trouble, for all methods of a client together that
// are retried or hedged. It is the throttling of gRPC A6, a bucket of tokens that is full at first: an attempt that fails
// takes one, an RPC that succeeds brings a part of one, and while the bucket is no more than half full there is no other
// attempt. Unlike there, a hedge takes its token when it is sent, so that a server that is slow is not asked twice for ever.
type Budget struct {
	// Tokens is how many tokens the bucket holds, at most 1000. Half of them are what a burst of failures may take. 0
	// means 10, of which one RPC can take what 5 attempts do.
	Tokens int

	// Ratio is the part of a token that a success brings, to three digits, and so the share of RPCs that may be tried
	// again in the long run. 0 means 0.1.
	Ratio float64
}

// What gRPC A6 has in its example, and its bounds.
const (
	defaultTokens = 10
	defaultRatio  = 0.1
	maxTokens     = 1000
	token         = 1000 // thousandths: A6 ignores digits beyond the third
)

func (b Budget) check() (errs []error) {
	if b.Tokens < 0 || b.Tokens > maxTokens {
		errs = append(errs, fmt.Errorf("retry: Options.Budget.Tokens is %d; it is a number from 1 to %d, 0 for %d", b.Tokens, maxTokens, defaultTokens))
	}
	if !(b.Ratio == 0 || b.Ratio >= 1./token && b.Ratio <= 1) { // nor a NaN
		errs = append(errs, fmt.Errorf("retry: Options.Budget.Ratio is %v; it is the part of a token that a success brings, from 0.001 to 1, 0 for %v", b.Ratio, defaultRatio))
	}
	return errs
}

func (b Budget) settled() Budget {
	if b.Tokens == 0 {
		b.Tokens = defaultTokens
	}
	if b.Ratio == 0 {
		b.Ratio = defaultRatio
	}
	return b
}

// most is how many attempts one RPC can make of a bucket that is full: each before the last took a token.
func (b Budget) most() int { return (b.Tokens + 1) / 2 }

// tooMany refuses attempts that the budget would never let happen.
func tooMany(attempts, most int) error {
	return fmt.Errorf("of %d attempts the budget lets one RPC make %d; ask for fewer, or set Options.Budget.Tokens to %d or more", attempts, most, 2*attempts-1)
}

// A bucket is a Budget in use.
type bucket struct {
	full, gain int64
	tokens     atomic.Int64
}

func newBucket(b Budget) *bucket {
	made := &bucket{full: int64(b.Tokens) * token, gain: int64(math.Round(b.Ratio * token))}
	made.tokens.Store(made.full)
	return made
}

// open reports whether there may be another attempt.
func (b *bucket) open() bool { return b.tokens.Load() > b.full/2 }

// failed takes a token.
func (b *bucket) failed() { b.add(-token) }

// succeeded brings a part of one. Mostly the bucket is full, and then nothing is written.
func (b *bucket) succeeded() { b.add(b.gain) }

// spend takes a token for a hedge; false where there may be none.
func (b *bucket) spend() bool {
	for {
		tokens := b.tokens.Load()
		if tokens <= b.full/2 {
			return false
		}
		if b.tokens.CompareAndSwap(tokens, tokens-token) {
			return true
		}
	}
}

func (b *bucket) add(n int64) {
	for {
		tokens := b.tokens.Load()
		then := min(max(tokens+n, 0), b.full)
		if then == tokens || b.tokens.CompareAndSwap(tokens, then) {
			return
		}
	}
}

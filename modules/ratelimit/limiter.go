package ratelimit

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluice-go/sluice/framework"
)

// A Limiter has buckets of tokens, in memory if Options do not say where else: several machines can share what is
// elsewhere.
type Limiter interface {
	// Take takes a token out of a call's bucket. It gives 0 where there was one, and the call goes on; else the time until
	// there is one, and the call is refused. It does not wait for a token.
	//
	// It is called once for each call of each method that has a rate, concurrently. ctx is the call's. An error means that
	// it can't tell: the call ends with it. A Limiter that is to let calls through then gives 0 instead.
	Take(ctx context.Context, b Bucket) (wait time.Duration, err error)
}

// LimiterFunc is a function as a Limiter.
type LimiterFunc func(ctx context.Context, b Bucket) (wait time.Duration, err error)

// Take calls f.
func (f LimiterFunc) Take(ctx context.Context, b Bucket) (time.Duration, error) { return f(ctx, b) }

// A Bucket is what calls take tokens out of: those of one method, and of one key where it has one. It has Burst tokens when it
// is full, and gets Limit new ones a second.
type Bucket struct {
	Method framework.Method
	By     string // the rule rate.key, "principal"; "" where all calls of the method share a bucket
	Key    string // what that is for the call, "ann"; "" where it is nothing
	Limit  rate.Limit
	Burst  int
}

// refill is the time that an empty bucket takes to be full.
func (b *Bucket) refill() time.Duration { return b.time(float64(b.Burst)) }

// longest is a time that can be added to any other.
const longest = 100 * 365 * 24 * time.Hour

// time is how long so many tokens take to come, rounded up.
func (b *Bucket) time(tokens float64) time.Duration {
	ns := math.Ceil(tokens / float64(b.Limit) * float64(time.Second))
	return time.Duration(min(ns, float64(longest)))
}

// take takes a token, or tells when there will be one. A limiter may not be told a time before the last one: it would give
// the tokens of what is between for a second time.
func (b *Bucket) take(l *rate.Limiter, now time.Time) time.Duration {
	if l.AllowN(now, 1) {
		return 0
	}
	return b.time(1 - l.TokensAt(now))
}

// A single is the one bucket of a method without a key.
type single struct {
	bucket  Bucket
	mu      sync.Mutex // also of the clock: see Bucket.take
	limiter *rate.Limiter
}

func newSingle(b Bucket) *single {
	return &single{bucket: b, limiter: rate.NewLimiter(b.Limit, b.Burst)}
}

func (s *single) Take(context.Context, Bucket) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bucket.take(s.limiter, time.Now()), nil
}

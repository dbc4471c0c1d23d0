package ratelimit

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A table is the buckets of a method with a key, in memory: so many, and no more.
//
// Keys are known by a hash with a seed of the table's own: a long one takes no more room than a short one, nobody can
// make two that are taken for one, and none is left lying in memory.
type table struct {
	bucket Bucket
	most   int
	logger *slog.Logger
	seed   maphash.Seed

	mu     sync.Mutex // also of the clock: see Bucket.take
	keys   map[uint64]*entry
	fill   fill
	warned time.Time
}

// An entry is the bucket of one key.
type entry struct {
	key        uint64
	limiter    *rate.Limiter
	prev, next *entry // of those that are full at about the same time
}

func newTable(b Bucket, most int, logger *slog.Logger) *table {
	t := &table{bucket: b, most: most, logger: logger, seed: maphash.MakeSeed(), keys: map[uint64]*entry{}}
	t.fill.init(time.Now(), b.refill())
	return t
}

func (t *table) Take(ctx context.Context, b Bucket) (time.Duration, error) {
	wait, warn := t.take(maphash.String(t.seed, b.Key))
	if warn {
		t.warn(ctx)
	}
	return wait, nil
}

func (t *table) take(key uint64) (wait time.Duration, warn bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.fill.advance(now)
	e, known := t.keys[key]
	if !known {
		e, warn = t.room(now)
	}
	if wait = t.bucket.take(e.limiter, now); wait > 0 {
		return wait, warn
	}
	if !known {
		t.give(e, key)
	}
	missing := float64(t.bucket.Burst) - e.limiter.TokensAt(now)
	t.fill.put(e, now.Add(t.bucket.time(missing)))
	return 0, warn
}

// room is a bucket for a key that has none: a new one, or that of another key. A full one is as good as new, and its key
// loses nothing by it. Where none is full it is the fullest, as it is: were it filled for the new key, whoever makes up
// keys could have as many calls as he likes.
func (t *table) room(now time.Time) (e *entry, warn bool) {
	if len(t.keys) < t.most {
		return &entry{limiter: rate.NewLimiter(t.bucket.Limit, t.bucket.Burst)}, false
	}
	e, full := t.fill.fullest()
	if full || !t.warned.IsZero() && now.Sub(t.warned) < time.Minute {
		return e, false
	}
	t.warned = now
	return e, true
}

// give makes a bucket a key's.
func (t *table) give(e *entry, key uint64) {
	if e.isHeld() {
		delete(t.keys, e.key)
	}
	e.key, t.keys[key] = key, e
}

func (t *table) warn(ctx context.Context) {
	logger := t.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, slog.LevelWarn, "ratelimit: more keys are active than MaxKeys; new ones get what others left",
		slog.String("grpc.service", t.bucket.Method.FullService()),
		slog.String("grpc.method", t.bucket.Method.Name),
		slog.String("rate.key", t.bucket.By),
		slog.Int("max_keys", t.most))
}

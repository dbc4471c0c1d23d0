package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"golang.org/x/time/rate"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// The rules of a method.
var (
	// Rate is how many calls are let through in how much time: rate=100/s, rate=5/m, rate=10/5s, or rate=none for no
	// limit. Its option form counts in a second: ratelimit.Rate.Set(100), ratelimit.Rate.Set(rate.Every(12*time.Second)),
	// and ratelimit.Rate.Set(rate.Inf) for no limit.
	Rate = framework.NewKey("rate", parseRate)

	// Burst is how many calls are let through at once where there were none for a while: rate.burst=20. Without it, it is
	// as many as in a second, and at least one.
	Burst = framework.NewKey("rate.burst", tag.Count)

	// By is which calls share a bucket: rate.key=principal, rate.key=peer, rate.key=header:x-tenant-id, or the name of
	// one of Options.Keys. Without it all calls of the method share one.
	By = framework.NewKey("rate.key", parseBy)
)

func parseRate(text string) (rate.Limit, error) {
	if text == "none" {
		return rate.Inf, nil
	}
	perSecond, err := tag.Rate(text)
	if err != nil {
		return 0, fmt.Errorf("%w; or none, for no limit", err)
	}
	return rate.Limit(perSecond), nil
}

// checkRate is for values that no tag gave.
func checkRate(limit rate.Limit) error {
	if !(limit > 0) { // nor a NaN
		return fmt.Errorf("rate is %v calls a second, which lets none through; set a number above zero, or rate.Inf for no limit", limit)
	}
	return nil
}

func checkBurst(burst int) error {
	if burst < 1 {
		return fmt.Errorf("rate.burst is %d, which lets no call through; set a number from 1 up", burst)
	}
	return nil
}

// roundedUp is the burst where none is said.
func roundedUp(limit rate.Limit) int {
	return int(max(1, min(math.Ceil(float64(limit)), math.MaxInt32)))
}

func parseBy(text string) (string, error) { return text, checkBy(text) }

// checkBy is what can be said of a key without the options.
func checkBy(text string) error {
	if text == "" {
		return errors.New("it is not said which calls share a bucket; write principal, peer, header:x-tenant-id, or the name of a key of your own")
	}
	name, ok := strings.CutPrefix(text, headerPrefix)
	if ok && !validHeader(name) {
		return fmt.Errorf("%q is not the name of a header; write it as in header:x-tenant-id, in small letters", name)
	}
	return nil
}

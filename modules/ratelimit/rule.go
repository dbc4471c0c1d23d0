package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// The rules of a method.
var (
	// Rate is how many calls are let through in how much time: rate=100/s, rate=5/m, rate=10/5s, or rate=none for no
	// limit. Its option form counts in a second: ratelimit.Rate.Set(100), ratelimit.Rate.Set(rate.Every(12*time.Second)),
	// and ratelimit.Rate.Set(rate.Inf) for no limit.
	Rate = framework.NewKey("rate", parseRate).WithText(writtenRate)

	// Burst is how many calls are let through at once where there were none for a while: rate.burst=20. Without it, it is
	// as many as in a second, and at least one.
	Burst = framework.NewKey("rate.burst", tag.Count).WithText(strconv.Itoa)

	// By is which calls share a bucket: rate.key=principal, rate.key=peer, rate.key=header:x-tenant-id, or the name of
	// one of Options.Keys. Without it all calls of the method share one.
	By = framework.NewKey("rate.key", parseBy).WithText(strings.Clone)
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

// writtenRate is what a tag has for parseRate to read: in the shortest time that counts whole events, or nearly so.
func writtenRate(limit rate.Limit) string {
	switch {
	case limit == rate.Inf:
		return "none"
	case !(limit > 0): // nor a NaN
		return fmt.Sprintf("%v/s", float64(limit))
	}
	for _, per := range []string{"1s", "2s", "5s", "10s", "1m", "1h", "24h"} {
		d, _ := tag.Duration(per)
		events := min(float64(limit)*d.Seconds(), math.MaxInt32)
		if whole := math.Round(events); whole >= 1 && math.Abs(events-whole) < 1e-6*whole {
			return fmt.Sprintf("%.0f/%s", whole, strings.TrimPrefix(per, "1"))
		}
	}
	const most = 2500000 // hours; a time.Duration holds some more
	return "1/" + time.Duration(min(float64(time.Second)/float64(limit), most*float64(time.Hour))).String()
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

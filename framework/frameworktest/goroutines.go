package frameworktest

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// Goroutines inherit the labels of who starts them, so that a trial knows its own: other tests, and other trials, may run
// side by side with it.
const labelKey = "frameworktest"

func (t *trial) label() string { return fmt.Sprintf("%p", t) }

// goroutines counts the trial's goroutines by their stacks.
func (t *trial) goroutines() map[string]int {
	var profile strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)  // a Builder never fails
	_, groups, _ := strings.Cut(profile.String(), "\n") // the first line has the total
	counts := map[string]int{}
	for _, group := range strings.Split(groups, "\n\n") {
		head, stack, _ := strings.Cut(group, "\n")
		labels, stack, _ := strings.Cut(stack, "\n")
		if !strings.Contains(labels, strconv.Quote(t.label())) {
			continue
		}
		number, _, _ := strings.Cut(head, " ")
		n, _ := strconv.Atoi(number)
		counts[stack] += n
	}
	return counts
}

// quiet waits for the goroutines of some RPCs to end. Those that an RPC leaves behind are as many more as there were
// RPCs.
func (t *trial) quiet(ctx context.Context, before map[string]int, rpcs int) error {
	ctx, cancel := context.WithTimeout(ctx, t.within/5)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		stack, grown := mostGrown(before, t.goroutines())
		if grown < rpcs {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d RPCs of each outcome left %d goroutines behind:\n%s", rpcs, grown, stack)
		}
	}
}

func mostGrown(before, after map[string]int) (stack string, grown int) {
	for s, n := range after {
		if n -= before[s]; n > grown {
			stack, grown = s, n
		}
	}
	return stack, grown
}

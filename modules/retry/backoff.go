package retry

import (
	"context"
	"math/rand/v2"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
)

// FullJitter is a random pause from zero to a longest one, which is first after the first attempt, twice that after the
// next, and so on to most: those who failed together do not come again together. It is what AWS found to make the least
// work in "Exponential Backoff And Jitter", and what gRPC A6 said first; it says plus or minus a fifth since.
func FullJitter(first, most time.Duration) ggm.BackoffFunc {
	return func(_ context.Context, attempt uint) time.Duration {
		return rand.N(max(ceiling(first, most, attempt), 0) + 1)
	}
}

// ceiling is the longest pause after an attempt.
func ceiling(first, most time.Duration, attempt uint) time.Duration {
	most = min(most, longest)
	for ; attempt > 1 && first > 0; attempt-- {
		if first > most/2 {
			return most
		}
		first *= 2
	}
	return min(first, most)
}

// longest is a pause to which something can be added.
const longest time.Duration = 1 << 62

package retry

import (
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A wish is what a server says of another attempt.
type wish struct {
	never  bool          // there shall be none
	pushed bool          // after is in place of the backoff, not only at least
	after  time.Duration // 0: it says nothing
}

// pushback is the trailer that says it to grpc's own retries (gRPC A6).
const pushback = "grpc-retry-pushback-ms"

// pushedBack reads the trailer as grpc does: what is no number of milliseconds, and what is said twice, means never.
func pushedBack(trailer metadata.MD) wish {
	values := trailer[pushback]
	if len(values) == 0 {
		return wish{}
	}
	ms, err := strconv.ParseInt(values[0], 10, 32)
	if len(values) > 1 || err != nil || ms < 0 {
		return wish{never: true}
	}
	return wish{pushed: true, after: time.Duration(ms) * time.Millisecond}
}

// retryInfo is the time that a status says to wait at least; not above 0 where it says none.
func retryInfo(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

package errmap

import (
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// CodeOf is the code of an error that has a status, also inside of others: OK for nil, UNKNOWN for one without.
func CodeOf(err error) codes.Code { return status.Code(err) }

// ReasonOf is what the first google.rpc.ErrorInfo of an error's status says; both are "" without one.
func ReasonOf(err error) (reason, domain string) {
	info, _ := DetailOf[*errdetails.ErrorInfo](err)
	return info.GetReason(), info.GetDomain()
}

// DetailOf is the first detail of a type in an error's status.
func DetailOf[M proto.Message](err error) (detail M, ok bool) {
	for _, d := range status.Convert(err).Details() {
		if detail, ok = d.(M); ok {
			return detail, true
		}
	}
	return detail, false
}

// RetryDelay is how long to wait before another try, if an error's status says so (google.rpc.RetryInfo).
func RetryDelay(err error) (delay time.Duration, ok bool) {
	retry, ok := DetailOf[*errdetails.RetryInfo](err)
	if !ok || !retry.GetRetryDelay().IsValid() {
		return 0, false
	}
	return retry.GetRetryDelay().AsDuration(), true
}

// IsRemote reports whether an error is, or holds, the failure of an RPC to another server: a [*Remote].
func IsRemote(err error) bool {
	_, ok := errors.AsType[*Remote](err)
	return ok
}

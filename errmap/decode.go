package errmap

import (
	"context"
	"errors"
	"reflect"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Decode gives the error that a client works with: a [*Remote] for an error that has a status, or wraps one as grpc does
// when its retries are exhausted; everything else as it is: nil, io.EOF, an error that is decoded already, and errors of
// this side's own code.
//
// ctx is the context that the caller gave to the RPC, not that of the stream, which has ended by the time that
// the error comes. A sentinel whose rule has a [Reason] comes back as itself, by the domain and reason of the
// status's first google.rpc.ErrorInfo; a server can choose among the errors registered here, and nothing else.
// The code, the text and names of Go types never bring an error back.
func (m *Mapper) Decode(ctx context.Context, err error) error {
	if s := received(err); s != nil {
		return &Remote{status: s, typed: m.typed(s, err), own: ctx.Err() != nil}
	}
	return err
}

// received is the status of an error that came from the other side, else nil.
func received(err error) (s *status.Status) {
	for range maxDepth {
		switch e := err.(type) {
		case nil, *Remote, *Error, *explicit, *PanicError, Code:
			return nil
		case interface{ GRPCStatus() *status.Status }:
			if typedNil(err) {
				return nil
			}
			s = e.GRPCStatus()
		}
		if s.Code() != codes.OK {
			return s
		}
		if err = errors.Unwrap(err); err == nil || typedNil(err) {
			return nil
		}
	}
	return nil
}

// grpcError is the type of grpc's own errors, which hold nothing but the status.
var grpcError = reflect.TypeOf(status.Error(codes.Unknown, ""))

// typed gives what is to be found inside of a Remote.
func (m *Mapper) typed(s *status.Status, err error) (found []error) {
	received := receivedOf(s)
	switch one := m.known[originOf(received)]; {
	case one.sentinel != nil:
		found = append(found, one.sentinel)
	case one.tagged != nil:
		found = append(found, one.tagged.decode(one.as, received)...)
	}
	if reflect.TypeOf(err) != grpcError {
		found = append(found, err)
	}
	return found
}

// receivedOf are the details that can be read.
func receivedOf(s *status.Status) (all []proto.Message) {
	for _, d := range s.Details() {
		if m, ok := d.(proto.Message); ok {
			all = append(all, m)
		}
	}
	return all
}

// originOf gives domain and reason of the first ErrorInfo.
func originOf(details []proto.Message) origin {
	info, _ := find[*errdetails.ErrorInfo](details)
	return origin{info.GetDomain(), info.GetReason()}
}

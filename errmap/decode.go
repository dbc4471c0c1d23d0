package errmap

import (
	"context"
	"reflect"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Decode gives the error that a client works with: a [*Remote] for an error that has a status, everything else
// as it is: nil, io.EOF, an error that is decoded already, errors of this side's own code, and wrapped ones.
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
	switch e := err.(type) {
	case *Remote, *Error, *explicit, *PanicError, Code:
		return nil
	case interface{ GRPCStatus() *status.Status }:
		if typedNil(err) {
			return nil
		}
		s = e.GRPCStatus()
	}
	if s.Code() == codes.OK {
		return nil
	}
	return s
}

// grpcError is the type of grpc's own errors, which hold nothing but the status.
var grpcError = reflect.TypeOf(status.Error(codes.Unknown, ""))

// typed gives what is to be found inside of a Remote.
func (m *Mapper) typed(s *status.Status, err error) (found []error) {
	switch one := m.known[originOf(s)]; {
	case one.sentinel != nil:
		found = append(found, one.sentinel)
	case one.tagged != nil:
		found = append(found, one.tagged.decode(one.as, s)...)
	}
	if reflect.TypeOf(err) != grpcError {
		found = append(found, err)
	}
	return found
}

// originOf gives domain and reason of the first ErrorInfo.
func originOf(s *status.Status) origin {
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return origin{info.GetDomain(), info.GetReason()}
		}
	}
	return origin{}
}

package errmap

import (
	"slices"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// A status travels in HTTP/2 headers, and many clients take no more than 8,192 bytes of them, in which each header counts
// its name, its value and 32 bytes more. A status beyond it does not come cut: the client sees a reset stream, and some
// lose the connection with all other calls on it.
const (
	defaultMaxMessage = 1024
	defaultMaxStatus  = 8192 - 1024 // the rest is for :status, content-type and trailers
	leastMaxStatus    = 1024        // reason and domain fit, whatever they are
	maxTrailer        = 1024 - 102 - 22
	maxValue          = 512 // of metadata and violations

	perHeader = 32
)

// textCost is what code and message take.
func textCost(message string) int {
	escaped := 0
	for i := range len(message) {
		if c := message[i]; c < ' ' || c > '~' || c == '%' {
			escaped += 2
		}
	}
	return len("grpc-status16") + perHeader + len("grpc-message") + len(message) + escaped + perHeader
}

// cost is what the draft takes in headers.
func (d *draft) cost() int {
	if len(d.details) == 0 {
		return textCost(d.message)
	}
	size := 1 + protowire.SizeVarint(uint64(d.code)) + textSize(d.message)
	for _, m := range d.details {
		size += 1 + protowire.SizeBytes(packedSize(m))
	}
	return textCost(d.message) + len("grpc-status-details-bin") + (4*size+2)/3 + perHeader
}

// textSize is that of a protobuf field with a number below 16.
func textSize(s string) int {
	if s == "" {
		return 0
	}
	return 1 + protowire.SizeBytes(len(s))
}

const typeURL = "type.googleapis.com/"

// packedSize is the size of the google.protobuf.Any of a detail.
func packedSize(m proto.Message) int {
	if packed, ok := m.(*anypb.Any); ok {
		return proto.Size(packed)
	}
	size := 1 + protowire.SizeBytes(len(typeURL)+len(typeOf(m)))
	if n := sizeOf(m); n > 0 {
		size += 1 + protowire.SizeBytes(n)
	}
	return size
}

// sizeOf is proto.Size, which allocates for a map.
func sizeOf(m proto.Message) int {
	info, ok := m.(*errdetails.ErrorInfo)
	if !ok {
		return proto.Size(m)
	}
	size := textSize(info.GetReason()) + textSize(info.GetDomain()) + len(info.ProtoReflect().GetUnknown())
	for k, v := range info.GetMetadata() {
		size += 1 + protowire.SizeBytes(2+protowire.SizeBytes(len(k))+protowire.SizeBytes(len(v)))
	}
	return size
}

// sound reports whether a status can be sent as it is.
func sound(s *status.Status, limit int) bool {
	if details := s.Details(); len(details) > 0 {
		d := draftOf(s)
		return !slices.ContainsFunc(d.details, nameless) && !d.mended(details) && d.cost() <= limit
	}
	return 3*len(s.Message()) < limit-textCost("") || textCost(s.Message()) <= limit
}

// mended reports whether the draft has a detail that could not be read as it came.
func (d *draft) mended(came []any) bool {
	for i, m := range d.details {
		if _, broken := came[i].(error); broken && !is[*anypb.Any](m) {
			return true
		}
	}
	return false
}

// nameless reports whether a detail has a type that protobuf does not send.
func nameless(m proto.Message) bool {
	packed, ok := m.(*anypb.Any)
	return ok && packed.GetTypeUrl() != valid(packed.GetTypeUrl())
}

// cut shortens a text to so many bytes, the dots at its end included.
func cut(text string, most int) string {
	const dots = "..."
	if len(text) <= most {
		return text
	}
	at := max(most-len(dots), 0)
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + dots[:min(most, len(dots))]
}

// less is what stays of so many where it is too much: a quarter goes at a time.
func less(n int) int { return n * 3 / 4 }

// shorten cuts the message until it fits.
func (d *draft) shorten(limit int) {
	for d.message != "" && d.cost() > limit {
		d.message = cut(d.message, less(len(d.message)))
	}
}

package errmap

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// limit makes the draft fit, and tells what it left out for it. The code always stays, and reason and domain do where
// they fit at all; of the rest the least useful goes first.
func (d *draft) limit(limit int) (dropped []string) {
	for _, step := range drops {
		if d.cost() <= limit {
			break
		}
		dropped = append(dropped, step(d, limit)...)
	}
	return dropped
}

// A drop leaves out what it is about, and gives the names of that.
type drop func(d *draft, limit int) (dropped []string)

// drops is the order in which things go.
var drops = [...]drop{
	oversized,
	whole("DebugInfo", is[*errdetails.DebugInfo]),
	foreign,
	whole("Help", is[*errdetails.Help]),
	whole("LocalizedMessage", is[*errdetails.LocalizedMessage]),
	tails,
	whole("ResourceInfo", is[*errdetails.ResourceInfo]),
	whole("RequestInfo", is[*errdetails.RequestInfo]),
	whole("RetryInfo", is[*errdetails.RetryInfo]),
	metadataOfInfo,
	message,
}

// oversized drops what would not fit with all else gone: a reason or a last violation that is beyond the limit by itself.
func oversized(d *draft, limit int) (dropped []string) {
	kept := &draft{code: d.code}
	fits := func(m proto.Message) bool {
		kept.details = append(kept.details, least(m))
		if kept.cost() <= limit {
			return true
		}
		kept.details = kept.details[:len(kept.details)-1]
		return false
	}
	for _, step := range []struct {
		name  string
		which func(proto.Message) bool
	}{{"ErrorInfo", is[*errdetails.ErrorInfo]}, {"violations", violates}} {
		dropped = append(dropped, whole(step.name, func(m proto.Message) bool { return step.which(m) && !fits(m) })(d, limit)...)
	}
	return dropped
}

// least is what the steps leave of a detail that stays.
func least(m proto.Message) proto.Message {
	if info, ok := m.(*errdetails.ErrorInfo); ok && len(info.GetMetadata()) > 0 {
		return bare(info)
	}
	if entries(m) > 1 {
		return first(m, 1)
	}
	return m
}

// whole drops all details of a type.
func whole(name string, which func(proto.Message) bool) drop {
	return func(d *draft, _ int) []string {
		before := len(d.details)
		if d.remove(which); len(d.details) == before {
			return nil
		}
		return []string{name}
	}
}

// foreign drops details of types that are not google.rpc's, the last first.
func foreign(d *draft, limit int) (dropped []string) {
	for i := len(d.details) - 1; i >= 0 && d.cost() > limit; i-- {
		if m := d.details[i]; m.ProtoReflect().Descriptor().Parent() != errdetails.File_google_rpc_error_details_proto {
			dropped = append(dropped, string(typeOf(m)))
			d.details = append(d.details[:i:i], d.details[i+1:]...)
		}
	}
	return dropped
}

// tails drops the last violations, of which one always stays.
func tails(d *draft, limit int) (dropped []string) {
	for i, m := range d.details {
		n := entries(m)
		if n < 2 || d.cost() <= limit {
			continue
		}
		for n > 1 && d.cost() > limit {
			n = max(less(n), 1)
			d.details[i] = first(m, n)
		}
		dropped = append(dropped, string(m.ProtoReflect().Descriptor().Name())+"(part)")
	}
	return dropped
}

// violates reports whether a detail is a list of violations.
func violates(m proto.Message) bool { return repeats(m) && !is[*errdetails.Help](m) }

func entries(m proto.Message) int {
	switch list := m.(type) {
	case *errdetails.BadRequest:
		return len(list.GetFieldViolations())
	case *errdetails.PreconditionFailure:
		return len(list.GetViolations())
	case *errdetails.QuotaFailure:
		return len(list.GetViolations())
	}
	return 0
}

// first has the first n entries of a detail.
func first(m proto.Message, n int) proto.Message {
	switch list := m.(type) {
	case *errdetails.BadRequest:
		return &errdetails.BadRequest{FieldViolations: list.GetFieldViolations()[:n]}
	case *errdetails.PreconditionFailure:
		return &errdetails.PreconditionFailure{Violations: list.GetViolations()[:n]}
	case *errdetails.QuotaFailure:
		return &errdetails.QuotaFailure{Violations: list.GetViolations()[:n]}
	}
	return m
}

func metadataOfInfo(d *draft, _ int) (dropped []string) {
	for i, m := range d.details {
		if info, ok := m.(*errdetails.ErrorInfo); ok && len(info.GetMetadata()) > 0 {
			d.details[i] = bare(info)
			dropped = append(dropped, "ErrorInfo.metadata")
		}
	}
	return dropped
}

// bare is an ErrorInfo without its metadata.
func bare(info *errdetails.ErrorInfo) *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Reason: info.GetReason(), Domain: info.GetDomain()}
}

func message(d *draft, limit int) []string {
	before := len(d.message)
	if d.shorten(limit); len(d.message) == before {
		return nil
	}
	return []string{"message"}
}

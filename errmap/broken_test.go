package errmap_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Errors as they should not be, and makers of errors.

// carrier has any status, and any error inside.
type carrier struct {
	status *status.Status
	inner  error
}

func (c carrier) Error() string              { return secret }
func (c carrier) Unwrap() error              { return c.inner }
func (c carrier) GRPCStatus() *status.Status { return c.status }

// pointerCarrier fails when a nil one is asked.
type pointerCarrier struct{ status *status.Status }

func (c *pointerCarrier) Error() string              { return secret + c.status.Message() }
func (c *pointerCarrier) GRPCStatus() *status.Status { return c.status }

// cycle wraps itself. Its Error would never end.
type cycle struct{ inner error }

func (c *cycle) Error() string { return secret + c.inner.Error() }
func (c *cycle) Unwrap() error { return c.inner }

// multi is a join that keeps its nils.
type multi []error

func (m multi) Error() string   { return fmt.Sprintf("%d errors", len(m)) }
func (m multi) Unwrap() []error { return m }

// bomb panics in one method, and in Error.
type bomb struct{ in string }

func (b bomb) Error() string { panic("Error: pw=hunter2") }

func (b bomb) Is(error) bool {
	if b.in == "Is" {
		panic("Is: pw=hunter2")
	}
	return false
}

func (b bomb) Unwrap() error {
	if b.in == "Unwrap" {
		panic("Unwrap: pw=hunter2")
	}
	return nil
}

type statusBomb struct{}

func (statusBomb) Error() string              { return secret }
func (statusBomb) GRPCStatus() *status.Status { panic("GRPCStatus: pw=hunter2") }

func wrap(times int, err error) error {
	for range times {
		err = plain{err}
	}
	return err
}

// plain is a wrapper that asks nothing of what it wraps: fmt.Errorf would ask for the text.
type plain struct{ inner error }

func (p plain) Error() string { return "wrapped at 10.0.0.3: " + p.inner.Error() }
func (p plain) Unwrap() error { return p.inner }

func details(m ...proto.Message) (all []*anypb.Any) {
	for _, one := range m {
		packed, err := anypb.New(one)
		if err != nil {
			panic(err)
		}
		all = append(all, packed)
	}
	return all
}

func withInfo(c codes.Code, text, reason, domain string, metadata map[string]string) error {
	return status.ErrorProto(&spb.Status{
		Code: int32(c), Message: text,
		Details: details(&errdetails.ErrorInfo{Reason: reason, Domain: domain, Metadata: metadata}),
	})
}

// infoOf writes the details of a status: the ErrorInfo as REASON@domain key=value, others as Name{…}.
func infoOf(s *status.Status) string {
	var all []string
	for _, d := range s.Details() {
		all = append(all, detailText(d))
	}
	return strings.Join(all, " ")
}

func detailText(d any) string {
	switch m := d.(type) {
	case *errdetails.ErrorInfo:
		all := []string{m.GetReason() + "@" + m.GetDomain()}
		for _, k := range slices.Sorted(maps.Keys(m.GetMetadata())) {
			all = append(all, k+"="+m.GetMetadata()[k])
		}
		return strings.Join(all, " ")
	case *errdetails.BadRequest:
		if n := len(m.GetFieldViolations()); n > 9 {
			return fmt.Sprintf("BadRequest{%d violations}", n)
		}
		var all []string
		for _, v := range m.GetFieldViolations() {
			all = append(all, strings.TrimRight(v.GetField()+":"+v.GetDescription()+":"+v.GetReason(), ":"))
		}
		return "BadRequest{" + strings.Join(all, "; ") + "}"
	case *errdetails.ResourceInfo:
		return "ResourceInfo{" + strings.TrimRight(m.GetResourceType()+"/"+m.GetResourceName()+"/"+m.GetOwner()+"/"+m.GetDescription(), "/") + "}"
	case *errdetails.RetryInfo:
		return "RetryInfo{" + m.GetRetryDelay().AsDuration().String() + "}"
	case *errdetails.RequestInfo:
		return "RequestInfo{" + strings.TrimSpace(m.GetRequestId()+" "+m.GetServingData()) + "}"
	case *errdetails.PreconditionFailure:
		var all []string
		for _, v := range m.GetViolations() {
			all = append(all, v.GetType()+":"+v.GetSubject()+":"+v.GetDescription())
		}
		return "PreconditionFailure{" + strings.Join(all, "; ") + "}"
	case *errdetails.QuotaFailure:
		var all []string
		for _, v := range m.GetViolations() {
			all = append(all, fmt.Sprint(v.GetSubject(), ":", v.GetDescription(), ":", v.GetQuotaMetric(), ":", v.GetQuotaId(), ":", v.GetQuotaValue(), ":", v.GetQuotaDimensions()))
		}
		return "QuotaFailure{" + strings.Join(all, "; ") + "}"
	case *errdetails.Help:
		var all []string
		for _, l := range m.GetLinks() {
			all = append(all, l.GetUrl()+" "+l.GetDescription())
		}
		return "Help{" + strings.Join(all, "; ") + "}"
	case *errdetails.LocalizedMessage:
		return "LocalizedMessage{" + m.GetLocale() + " " + m.GetMessage() + "}"
	}
	return fmt.Sprintf("%T", d)
}

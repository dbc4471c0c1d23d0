package breaker

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sluice-go/sluice/framework"
)

// What the google.rpc.ErrorInfo of a refusal says; errmap.ReasonOf reads it.
const (
	ReasonOpen     = "CIRCUIT_OPEN"      // too much failed
	ReasonHalfOpen = "CIRCUIT_HALF_OPEN" // other RPCs find out whether that is over
	Domain         = "github.com/sluice-go/sluice"
)

// AnnotationState is the circuit's state where an RPC was refused: "open" or "half-open".
const AnnotationState = "breaker.state"

// refusals are what callers get of a circuit that is not closed.
type refusals struct {
	subject  string
	metadata map[string]string
	halfOpen error
}

func newRefusals(p Place) refusals {
	r := refusals{subject: p.subject(), metadata: map[string]string{"service": p.Service}}
	if p.Method != "" {
		r.metadata["method"] = p.Method
	}
	r.halfOpen = r.status(ReasonHalfOpen, "other calls find out whether %s has recovered, so this one was not sent; try again later", r.subject)
	return r
}

func (r *refusals) status(reason, format string, args ...any) error {
	return detailed(format, args, &errdetails.ErrorInfo{Reason: reason, Domain: Domain, Metadata: r.metadata})
}

// open also says when there will be a probe.
func (r *refusals) open(wait time.Duration) error {
	return detailed("the circuit to %s is open after failures, so the call was not sent; try again in %s", []any{r.subject, wait},
		&errdetails.ErrorInfo{Reason: ReasonOpen, Domain: Domain, Metadata: r.metadata},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
}

func detailed(format string, args []any, details ...protoadapt.MessageV1) error {
	bare := status.New(codes.Unavailable, fmt.Sprintf(format, args...))
	s, err := bare.WithDetails(details...)
	if err != nil { // they can be marshalled, so this is for the compiler
		s = bare
	}
	return s.Err()
}

// refuse is the end of an RPC that is not sent.
func (c *circuit) refuse(call *framework.Call, err error) error {
	state, refusal := gobreaker.StateHalfOpen, c.refusals.halfOpen
	if err == gobreaker.ErrOpenState {
		state, refusal = gobreaker.StateOpen, c.refusals.open(c.wait())
	}
	call.Annotate(slog.String(AnnotationState, state.String()))
	return refusal
}

// wait is the time to the next probe in whole milliseconds, and never so short that the circuit would still be open.
func (c *circuit) wait() time.Duration {
	return max(time.Until(*c.until.Load()), 0).Truncate(time.Millisecond) + time.Millisecond
}

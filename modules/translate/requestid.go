package translate

import (
	"context"

	"github.com/sluice-go/sluice/framework"
)

// RequestID is the id that some link annotated the RPC of ctx with, under framework.AnnotationRequestID; "" for none. It
// is for errmap.Config.RequestID, which sends it to the client with every error.
func RequestID(ctx context.Context) string {
	call, ok := framework.CallFrom(ctx)
	if !ok {
		return ""
	}
	id, ok := call.Annotation(framework.AnnotationRequestID)
	if !ok {
		return ""
	}
	return id.String()
}

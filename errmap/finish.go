package errmap

import (
	"context"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// A LocalizeRequest is what a Localizer knows of a failed call. Nothing in it is not sent to the client.
type LocalizeRequest struct {
	Method   string // "/pkg.Service/Method"
	Code     Code
	Reason   string // of the google.rpc.ErrorInfo, if there is one, as are Domain and Metadata
	Domain   string
	Metadata map[string]string // not to be changed
	Message  string
}

// finish makes what was decided ready to be sent.
func (w *walk) finish() {
	w.identify()
	w.localize()
	w.pushBack()
	w.fit()
}

// identify adds the request id.
func (w *walk) identify() {
	id := ask(w, "RequestID", w.mapper.config.RequestID)
	if id != "" {
		w.open().add(&errdetails.RequestInfo{RequestId: cut(valid(id), maxValue)})
	}
}

// ask calls a function of the Config that takes the context, if there is one.
func ask(w *walk, name string, f func(context.Context) string) string {
	if f == nil {
		return ""
	}
	w.asked = asked{"Config function", name}
	answer := f(w.ctx)
	w.asked = asked{}
	return answer
}

// localize adds a text in the user's language, if there is none yet.
func (w *walk) localize() {
	if w.mapper.config.Localizer == nil {
		return
	}
	d := w.open()
	info, _ := find[*errdetails.ErrorInfo](d.details)
	w.asked = asked{"Config function", "Localizer"}
	locale, text, ok := w.mapper.config.Localizer(w.ctx, LocalizeRequest{
		Method: w.call.full, Code: Code(d.code), Message: d.message,
		Reason: info.GetReason(), Domain: info.GetDomain(), Metadata: info.GetMetadata(),
	})
	if w.asked = (asked{}); ok {
		d.add(&errdetails.LocalizedMessage{Locale: locale, Message: text})
	}
}

// pushback is the trailer by which a server tells grpc's own retries to wait, or to stop.
const pushback = "grpc-retry-pushback-ms"

// pushBack makes the trailers ready. What is not sent is left out, so that nothing breaks the rest.
func (w *walk) pushBack() {
	if len(w.trailer) > 0 {
		w.trailer = w.sendableTrailer()
	}
	if !w.mapper.config.Pushback || w.trailer[pushback] != nil {
		return
	}
	if wait := w.wait(); wait != "" {
		w.trailer = metadata.Join(w.trailer, metadata.MD{pushback: {wait}})
	}
}

// wait is the value of the trailer.
func (w *walk) wait() string {
	if w.never {
		return "-1"
	}
	details := w.details()
	if retry, ok := find[*errdetails.RetryInfo](details); ok && retry.GetRetryDelay().IsValid() {
		return strconv.FormatInt(retry.GetRetryDelay().AsDuration().Milliseconds(), 10)
	}
	return ""
}

// details are what is to be sent.
func (d *decision) details() []proto.Message {
	if d.draft != nil {
		return d.draft.details
	}
	return draftOf(d.status).details
}

func (w *walk) sendableTrailer() metadata.MD {
	sent, size := metadata.MD{}, 0
	for k, values := range w.trailer {
		if k = strings.ToLower(k); !sendableKey(k) && k != pushback {
			w.out.Dropped = append(w.out.Dropped, "trailer "+strconv.Quote(k))
			continue
		}
		for _, v := range values {
			if strings.HasSuffix(k, "-bin") || !strings.ContainsFunc(v, unprintable) {
				sent[k] = append(sent[k], v)
				size += len(k) + len(v)*4/3 + perHeader
			}
		}
	}
	if size > maxTrailer {
		w.out.Dropped = append(w.out.Dropped, "trailers")
		return nil
	}
	return sent
}

// sendableKey follows the specification of gRPC over HTTP/2: a custom metadata key.
func sendableKey(k string) bool {
	return k != "" && !strings.HasPrefix(k, "grpc-") && !strings.ContainsFunc(k, func(r rune) bool {
		return !strings.ContainsRune("_-.", r) && !('a' <= r && r <= 'z') && !('0' <= r && r <= '9')
	})
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }

// fit holds the status to the limits.
func (w *walk) fit() {
	limit := w.mapper.config.MaxStatus
	if w.draft == nil && (w.fits || sound(w.status, limit)) {
		w.out.Status = w.status
		return
	}
	d := w.open()
	d.message = valid(d.message)
	if dropped := d.limit(limit); len(dropped) > 0 {
		w.out.Dropped = append(w.out.Dropped, dropped...)
		w.explain("too large: without " + strings.Join(dropped, ", "))
	}
	if d.code == codes.OK { // no draft begins so
		d.code = codes.Internal
	}
	w.out.Status = d.status()
}

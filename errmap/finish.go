package errmap

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
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
	w.trail()
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
	w.out.Status = d.status()
}

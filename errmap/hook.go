package errmap

import "fmt"

// hooked asks the hooks, and gives the error to map: err, or what a hook put in its place.
func (w *walk) hooked(err error) error {
	for _, h := range w.mapper.hooks {
		w.hook, w.asked = h.name, fmt.Sprintf("hook %q", h.name)
		next := h.hook(w.ctx, w.call.full, err)
		w.hook, w.asked = "", ""
		w.explainHook(h, next)
		if next != nil {
			w.replace(err, next, h.name)
			return next
		}
	}
	return err
}

// replace keeps the handler's error in the cause, beside the hook's.
func (w *walk) replace(err, next error, hook string) {
	w.out.Hook = hook
	w.inspect(next)
	if w.flaw == "" {
		w.out.Cause = fmt.Errorf("%w (by hook %q, in place of: %w)", next, hook, err)
	}
}

package errmap

import "fmt"

// hooked asks hooks until one answers, and gives the error to map: err, or what a hook put in its place. A hook that
// looks through a cycle never ends, so none is asked about one.
func (w *walk) hooked(hooks []Rule, err error) error {
	if w.flaw == FlawTooDeep {
		return err
	}
	for _, h := range hooks {
		w.asked = asked{"hook", h.name}
		next := h.hook(w.ctx, w.call.full, err)
		w.asked = asked{}
		w.explainHook(h, next)
		if next != nil {
			w.replace(next, h.name)
			return next
		}
	}
	return err
}

// replace keeps the handler's error in the cause, beside the hook's.
func (w *walk) replace(next error, hook string) {
	w.out.Hook = hook
	w.inspect(next)
	if w.flaw == "" {
		w.out.Cause = fmt.Errorf("%w (by hook %q, in place of: %w)", next, hook, w.out.Cause)
	}
}

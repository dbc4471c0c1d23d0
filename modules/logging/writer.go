package logging

import (
	"context"
	"log/slog"
	"slices"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
)

// A writer writes lines that begin with the same attributes.
type writer struct {
	logger  *slog.Logger // that has them already; nil for slog.Default()
	adapter ggm.Logger   // in place of a logger
	fixed   []slog.Attr
}

func newWriter(o Options, fixed []slog.Attr) writer {
	w := writer{adapter: o.Adapter, fixed: fixed}
	if o.Logger != nil {
		w.logger = slog.New(o.Logger.Handler().WithAttrs(fixed))
	}
	return w
}

func (w *writer) enabled(ctx context.Context, level slog.Level) bool {
	switch {
	case w.adapter != nil:
		return true
	case w.logger != nil:
		return w.logger.Enabled(ctx, level)
	default:
		return slog.Default().Enabled(ctx, level)
	}
}

func (w *writer) write(ctx context.Context, level slog.Level, msg string, attrs []slog.Attr) {
	switch {
	case w.adapter != nil:
		w.adapter.Log(ctx, ggm.Level(level), msg, fields(w.fixed, attrs)...)
	case w.logger != nil:
		w.logger.LogAttrs(ctx, level, msg, attrs...)
	default:
		slog.Default().LogAttrs(ctx, level, msg, slices.Concat(w.fixed, attrs)...)
	}
}

// fields are attributes as ggm has them. The slice is the logger's to keep.
func fields(attrs ...[]slog.Attr) []any {
	var f []any
	for _, some := range attrs {
		f = appendFields(f, "", some)
	}
	return f
}

func appendFields(f []any, prefix string, attrs []slog.Attr) []any {
	for _, a := range attrs {
		key, value := prefix+a.Key, a.Value.Resolve()
		switch value.Kind() {
		case slog.KindGroup:
			if a.Key != "" {
				key += "."
			}
			f = appendFields(f, key, value.Group())
		case slog.KindTime:
			f = append(f, key, value.Time().Format(time.RFC3339))
		case slog.KindFloat64, slog.KindDuration:
			f = append(f, key, value.String())
		default:
			f = append(f, key, value.Any())
		}
	}
	return f
}

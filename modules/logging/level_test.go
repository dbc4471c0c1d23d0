package logging_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/logging"
)

// The level is by the code, as ggm has it, on either side, or as the option says.
func TestLevels(t *testing.T) {
	t.Parallel()
	input := map[string]func(context.Context, string) (string, error){}
	for c := codes.Code(0); c <= 17; c++ {
		input[c.String()] = func(context.Context, string) (string, error) { return "", status.Error(c, "text") }
	}
	odd := func(c codes.Code) slog.Level { return slog.Level(c % 2) }
	for _, tt := range []struct {
		name    string
		options logging.Options
		want    [2]func(codes.Code) slog.Level
	}{
		{"ggm's", logging.Options{}, [2]func(codes.Code) slog.Level{
			func(c codes.Code) slog.Level { return slog.Level(ggm.DefaultServerCodeToLevel(c)) },
			func(c codes.Code) slog.Level { return slog.Level(ggm.DefaultClientCodeToLevel(c)) },
		}},
		{"own", logging.Options{ServerLevel: odd, ClientLevel: odd}, [2]func(codes.Code) slog.Level{odd, odd}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
				log, link := logged(t, side, tt.options)
				client := frameworktest.DummyClient(t, link, cases(input))
				for c := codes.Code(0); c <= 17; c++ {
					_, _ = frameworktest.Execute(t.Context(), client, kind, []string{c.String()})
					if got, want := log.only(t)["level"], tt.want[side](c).String(); got != want {
						t.Errorf("%v at %v, want %s", c, got, want)
					}
				}
			})
		})
	}
}

// A level that is not enabled is not logged, and nobody is asked for what would be in the line.
func TestDisabled(t *testing.T) {
	t.Parallel()
	asked := func(context.Context, *framework.Call) []slog.Attr {
		t.Error("asked for fields")
		return nil
	}
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		for _, level := range []slog.Level{slog.LevelError, slog.LevelError + 1} { // some lines, none at all
			log := &lines{}
			client := frameworktest.DummyClient(t, on(side, framework.Use(newLogging(t, logging.Options{
				Logger: log.logger(level), StartLine: true, Fields: asked,
				Payloads: func(context.Context, *framework.Call) bool { return true },
			}))), raises(errmap.NotFound))
			for _, input := range []string{"x", "error"} {
				_, _ = frameworktest.Execute(t.Context(), client, kind, []string{input})
			}
			if got := log.take(); len(got) > 0 {
				t.Errorf("%v", got)
			}
		}
	})
}

// Whatever is in the texts of an RPC, its line is one line.
func TestInjection(t *testing.T) {
	t.Parallel()
	const forged = "x\nlevel=ERROR msg=\"forged\"\r\n\x1b[31m"
	for _, side := range sides {
		var out bytes.Buffer
		annotate := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.Annotate(slog.String("principal", forged), slog.String(forged, "key"), slog.Any("err", errors.New(forged)))
			return next(ctx, call)
		})
		link := newLogging(t, logging.Options{Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		client := frameworktest.DummyClient(t, on(side, framework.Use(link), framework.Use(annotate, framework.At(framework.StageAdmit)), errs(t)),
			raises(errmap.NotFound.Wrap(errors.New(forged), forged)))
		for _, kind := range kinds {
			out.Reset()
			_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"error"})
			text := out.String()
			if strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\r\x1b") || strings.Contains(text, `msg="forged"`) {
				t.Errorf("%s, %s: %s", side, kind, text)
			}
		}
	}
}

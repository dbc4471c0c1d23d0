package auth_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/auth"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/translate"
)

// A log is what a whole server logs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// server is all that usually stands around auth, logging to one place.
func (l *log) server(t *testing.T, v auth.Verifier, rules ...framework.Setting) frameworktest.Option {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	lines, err := logging.New(logging.Options{Logger: logger, StartLine: true})
	if err != nil {
		t.Fatal(err)
	}
	panics, err := recovery.New(recovery.Options{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	observer := func(_ context.Context, o errmap.Outcome) {
		logger.Error("outcome", "cause", o.Cause, "panic", o.Panic, "text", fmt.Sprintf("%+v", o))
	}
	mapper, err := errmap.New(errmap.Config{Verbose: true, Observer: observer})
	if err != nil {
		t.Fatal(err)
	}
	errs, err := translate.New(translate.Options{Mapper: mapper})
	if err != nil {
		t.Fatal(err)
	}
	return frameworktest.ServerParts(framework.Use(lines), framework.Use(errs), framework.Use(panics),
		framework.Use(newAuth(t, auth.Options{Verifier: v})), framework.Rules("*", rules...))
}

// The line of an RPC has who called, also where that was refused, and why; the token is in no line.
func TestLog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		token string
		want  codes.Code
		line  []string
	}{
		{writerToken, codes.OK, []string{"grpc.code=OK", "principal=bob"}},
		{
			readerToken, codes.PermissionDenied,
			[]string{"grpc.code=PermissionDenied", "principal=ann", `auth: \"ann\" has none of role:admin role:writer`},
		},
		{wrongToken, codes.Unauthenticated, []string{"grpc.code=Unauthenticated", "no credentials that are known here"}},
	} {
		var l log
		client := frameworktest.DummyClient(t, l.server(t, staticTokens(t), auth.Allow.Set(auth.Grants{auth.Role("admin"), auth.Role("writer")})))
		for _, kind := range kinds {
			t.Run(tt.want.String()+"/"+kind.String(), func(t *testing.T) {
				_, err := frameworktest.Execute(showing(t, "Bearer "+tt.token), client, kind, []string{"x"})
				if tt.want != codes.OK {
					wantRefusal(t, err, tt.want)
				} else if err != nil {
					t.Error(err)
				}
				text := l.take()
				for _, want := range tt.line {
					if !strings.Contains(text, want) {
						t.Errorf("%s\nhas no %s", text, want)
					}
				}
				if strings.Contains(text, marker) {
					t.Errorf("the token is in the log: %s", text)
				}
			})
		}
	}
}

// Whatever a verifier says and does, the token is in no line, and in no answer, of a server that tells clients all it can.
func TestLogOfVerdicts(t *testing.T) {
	t.Parallel()
	for _, tt := range verdicts {
		var l log
		client := frameworktest.DummyClient(t, l.server(t, tt.verifier))
		for _, kind := range kinds {
			t.Run(tt.name+"/"+kind.String(), func(t *testing.T) {
				_, err := frameworktest.Execute(showing(t, "Bearer "+wrongToken), client, kind, []string{"x"})
				wantRefusal(t, err, tt.want)
				wantNoMarker(t, "the client's error", err)
				if text := l.take(); strings.Contains(text, marker) || !strings.Contains(text, "grpc.code="+tt.want.String()) {
					t.Errorf("the log: %s", text)
				}
			})
		}
	}
}

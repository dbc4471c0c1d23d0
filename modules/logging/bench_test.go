package logging_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/logging"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/sluice.testing.v1.DummyService/Execute"}
	errBench          = status.Error(codes.NotFound, "nf")
	benchPeer         = &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 50051}}
	benchOutcome  any
)

func answers(context.Context, any) (any, error)   { return benchResponse, nil }
func complains(context.Context, any) (any, error) { return nil, errBench }

// nowhere is a handler that formats nothing, so that what is measured is the making of lines.
type nowhere struct{ level slog.Level }

func (n nowhere) Enabled(_ context.Context, level slog.Level) bool { return level >= n.level }
func (n nowhere) Handle(context.Context, slog.Record) error        { return nil }
func (n nowhere) WithAttrs([]slog.Attr) slog.Handler               { return n }
func (n nowhere) WithGroup(string) slog.Handler                    { return n }

// adapted is the adapter that ggm's documentation has for slog.
func adapted(l *slog.Logger) ggm.Logger {
	return ggm.LoggerFunc(func(ctx context.Context, level ggm.Level, msg string, fields ...any) {
		l.Log(ctx, slog.Level(level), msg, fields...)
	})
}

// BenchmarkUnary measures what a server's RPC pays for its line, beside ggm's own interceptor with the end of a call
// alone switched on: to a logger that formats nothing, to one that formats and throws away, and to one where the level
// is not enabled.
func BenchmarkUnary(b *testing.B) {
	formatting := slog.New(slog.NewJSONHandler(discard{}, nil))
	for _, log := range []struct {
		name string
		to   *slog.Logger
	}{
		{"unformatted", slog.New(nowhere{slog.LevelDebug})},
		{"json", formatting},
		{"level-disabled", slog.New(nowhere{slog.LevelWarn})}, // of these RPCs: they are at INFO
		{"all-disabled", slog.New(nowhere{slog.LevelError + 1})},
	} {
		for _, bb := range []struct {
			name    string
			i       grpc.UnaryServerInterceptor
			handler grpc.UnaryHandler
		}{
			{"success/sluice", chainOf(b, newLogging(b, logging.Options{Logger: log.to})), answers},
			{"success/ggm", ggm.UnaryServerInterceptor(adapted(log.to), ggm.WithLogOnEvents(ggm.FinishCall)), answers},
			{"failure/sluice", chainOf(b, newLogging(b, logging.Options{Logger: log.to})), complains},
			{"failure/ggm", ggm.UnaryServerInterceptor(adapted(log.to), ggm.WithLogOnEvents(ggm.FinishCall)), complains},
		} {
			b.Run(log.name+"/"+bb.name, func(b *testing.B) {
				ctx, cancel := context.WithTimeout(peer.NewContext(b.Context(), benchPeer), time.Hour)
				defer cancel()
				b.ReportAllocs()
				for b.Loop() {
					benchOutcome, _ = bb.i(ctx, benchRequest, benchInfo, bb.handler)
				}
			})
		}
	}
}

// discard is io.Discard, which a slog handler would recognise.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func chainOf(b *testing.B, i framework.Interceptor) grpc.UnaryServerInterceptor {
	b.Helper()
	chain, err := framework.NewServerChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}

package retry_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
)

// refuser is a server of HTTP/2 that refuses every other stream before it looks at it, and ends the others UNAVAILABLE.
type refuser struct {
	*http2.Framer
	streams int
}

func (r *refuser) serve(conn io.ReadWriter) error {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return err
	}
	r.Framer = http2.NewFramer(conn, conn)
	if err := r.WriteSettings(); err != nil {
		return err
	}
	for {
		frame, err := r.ReadFrame()
		if err != nil {
			return err
		}
		if err := r.answer(frame); err != nil {
			return err
		}
	}
}

func (r *refuser) answer(frame http2.Frame) error {
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if frame.IsAck() {
			return nil
		}
		return r.WriteSettingsAck()
	case *http2.PingFrame:
		if frame.IsAck() {
			return nil
		}
		return r.WritePing(true, frame.Data)
	case *http2.HeadersFrame:
		if r.streams++; r.streams%2 == 1 {
			return r.WriteRSTStream(frame.StreamID, http2.ErrCodeRefusedStream)
		}
		return r.WriteHeaders(http2.HeadersFrameParam{StreamID: frame.StreamID, BlockFragment: trailersOnly(), EndStream: true, EndHeaders: true})
	}
	return nil
}

func trailersOnly() []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range []hpack.HeaderField{
		{Name: ":status", Value: "200"},
		{Name: "content-type", Value: "application/grpc"},
		{Name: "grpc-status", Value: "14"},
		{Name: "grpc-message", Value: "down"},
	} {
		_ = encoder.WriteField(f) // to memory
	}
	return block.Bytes()
}

// A stream that the server refused unseen grpc opens again by itself, in each attempt, without a rule and beside one.
func TestTransparentRetriesStay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		rules             []framework.Setting
		attempts, streams int
	}{
		{"no rule", []framework.Setting{retry.Idempotent.Set(true)}, 1, 2},
		{"rule", []framework.Setting{retry.Idempotent.Set(true), retry.Attempts.Set(3)}, 3, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			here, there := net.Pipe()
			server, served := &refuser{}, make(chan error, 1)
			go func() { served <- server.serve(there) }()
			inside := &witness{}
			chain, err := framework.NewClientChain(framework.Use(newRetry(t, retry.Options{Backoff: func(context.Context, uint) time.Duration { return 0 }})),
				framework.Rules(methods[framework.Unary], tt.rules...), framework.Use(inside, framework.At(framework.StageAdmit)))
			if err != nil {
				t.Fatal(err)
			}
			conn, err := grpc.NewClient("passthrough:pipe", append(chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return here, nil }))...)
			if err != nil {
				t.Fatal(err)
			}
			_, err = dummypb.NewDummyServiceClient(conn).Execute(t.Context(), &dummypb.DummyRequest{})
			_, _ = conn.Close(), <-served
			if status.Code(err) != codes.Unavailable || inside.entered != tt.attempts || server.streams != tt.streams {
				t.Errorf("%v after %d attempts on %d streams, want %d on %d", err, inside.entered, server.streams, tt.attempts, tt.streams)
			}
		})
	}
}

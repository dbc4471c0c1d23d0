package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/errmap"
)

// A shop is a server and a client of it, each with a mapper in plain grpc interceptors, as a chain would have it.
// The handler's error depends on the request.
type shop struct {
	handle   func(ctx context.Context, in string) error
	conn     *grpc.ClientConn
	mu       sync.Mutex
	outcomes map[string]errmap.Outcome // by method and request
}

func newShop(t *testing.T, c errmap.Config, handle func(ctx context.Context, in string) error, rules ...errmap.Rule) *shop {
	t.Helper()
	s := &shop{handle: handle, outcomes: map[string]errmap.Outcome{}}
	c.Observer = s.observe
	m := newMapper(t, c, rules...)
	s.conn = s.serve(t, serverSide(m), clientSide(m))
	return s
}

// serve runs the shop in memory. A client takes 8 KiB of headers.
func (s *shop) serve(t *testing.T, inside []grpc.ServerOption, outside []grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(inside...)
	server.RegisterService(&shopDesc, s)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:shop", append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithMaxHeaderListSize(8192),
	}, outside...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); server.Stop() })
	return conn
}

func serverSide(m *errmap.Mapper) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.UnaryInterceptor(unaryServer(m)), grpc.StreamInterceptor(streamServer(m))}
}

func clientSide(m *errmap.Mapper) []grpc.DialOption {
	return []grpc.DialOption{grpc.WithUnaryInterceptor(unaryClient(m)), grpc.WithStreamInterceptor(streamClient(m))}
}

var shopDesc = grpc.ServiceDesc{
	ServiceName: service,
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: serveGet}},
	Streams:     []grpc.StreamDesc{{StreamName: "Watch", Handler: serveWatch, ServerStreams: true}},
}

func serveGet(s any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	in := new(wrapperspb.StringValue)
	if err := decode(in); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, in any) (any, error) {
		return in, s.(*shop).handle(ctx, in.(*wrapperspb.StringValue).GetValue())
	}
	if interceptor == nil {
		return handler(ctx, in)
	}
	return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: s, FullMethod: unary}, handler)
}

// serveWatch sends one message before it fails.
func serveWatch(s any, ss grpc.ServerStream) error {
	in := new(wrapperspb.StringValue)
	if err := ss.RecvMsg(in); err != nil {
		return err
	}
	if err := ss.SendMsg(in); err != nil {
		return err
	}
	return s.(*shop).handle(ss.Context(), in.GetValue())
}

func unaryServer(m *errmap.Mapper) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		resp, err := next(ctx, req)
		return resp, m.Error(ctx, info.FullMethod, err)
	}
}

func streamServer(m *errmap.Mapper) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		return m.Error(ss.Context(), info.FullMethod, next(srv, ss))
	}
}

func unaryClient(m *errmap.Mapper) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, o ...grpc.CallOption) error {
		return m.Decode(ctx, next(ctx, method, req, reply, cc, o...))
	}
}

func streamClient(m *errmap.Mapper) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := next(ctx, desc, cc, method, o...)
		return decoding{stream, ctx, m}, m.Decode(ctx, err)
	}
}

// decoding keeps the caller's context: the stream's own has ended when the last error comes.
type decoding struct {
	grpc.ClientStream
	ctx    context.Context
	mapper *errmap.Mapper
}

func (d decoding) RecvMsg(m any) error { return d.mapper.Decode(d.ctx, d.ClientStream.RecvMsg(m)) }

func (s *shop) observe(ctx context.Context, o errmap.Outcome) {
	in := metadata.ValueFromIncomingContext(ctx, "in")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes[fmt.Sprint(o.Method, in)] = o
}

func (s *shop) outcome(method, in string) errmap.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outcomes[fmt.Sprint(method, []string{in})]
}

// get and watch are the two kinds of call: what the client gets, and what it finds in header and trailer.
func (s *shop) get(ctx context.Context, in string) (metadata.MD, error) {
	var header, trailer metadata.MD
	ctx = metadata.AppendToOutgoingContext(ctx, "in", in)
	err := s.conn.Invoke(ctx, unary, wrapperspb.String(in), new(wrapperspb.StringValue), grpc.Header(&header), grpc.Trailer(&trailer))
	return metadata.Join(header, trailer), err
}

func (s *shop) watch(ctx context.Context, in string) (metadata.MD, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "in", in)
	stream, err := s.conn.NewStream(ctx, &grpc.StreamDesc{StreamName: "Watch", ServerStreams: true}, stream)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(stream.SendMsg(wrapperspb.String(in)), stream.CloseSend()); err != nil {
		return nil, err
	}
	received := new(wrapperspb.StringValue)
	for err == nil {
		err = stream.RecvMsg(received)
	}
	if received.GetValue() != in {
		return nil, fmt.Errorf("the message before the error did not come: %w", err)
	}
	header, _ := stream.Header()
	return metadata.Join(header, stream.Trailer()), err
}

// TestRowsOverTheWire sends every row through grpc, as a unary call and as a stream with a message before the end.
func TestRowsOverTheWire(t *testing.T) {
	t.Parallel()
	byName := map[string]row{}
	for _, r := range rows() {
		byName[r.name] = r
	}
	s := newShop(t, errmap.Config{Domain: domain}, func(_ context.Context, in string) error { return byName[in].handle() }, shopRules()...)
	for _, r := range rows() {
		t.Run("row "+r.name, func(t *testing.T) {
			t.Parallel()
			md, err := s.get(t.Context(), r.name)
			r.checkClient(t, err, md)
			r.checkOutcome(t, s.outcome(unary, r.name))
			if r.name == "D7" {
				r.code = codes.PermissionDenied
			}
			md, err = s.watch(t.Context(), r.name)
			r.checkClient(t, err, md)
			r.checkOutcome(t, s.outcome(stream, r.name))
		})
	}
}

func (r row) checkClient(t *testing.T, err error, md metadata.MD) {
	t.Helper()
	if _, ok := errors.AsType[*errmap.Remote](err); !ok {
		t.Fatalf("got %T %v, want a *Remote", err, err)
	}
	r.check(t, status.Convert(err))
	for k, values := range md {
		noLeak(t, fmt.Sprint(k, values))
	}
	if got := status.Code(fmt.Errorf("w: %w", err)); got != r.code {
		t.Errorf("wrapped at the client: %v, want %v", got, r.code)
	}
	for _, target := range append(r.is, errmap.Code(r.code)) {
		if !errors.Is(err, target) {
			t.Errorf("errors.Is(err, %q) is false at the client", target)
		}
	}
	if r.as != nil && !r.as(err) {
		t.Errorf("the error did not come back: %+v", err)
	}
	for _, target := range r.isNot {
		if errors.Is(err, target) {
			t.Errorf("errors.Is(err, %q) is true at the client", target)
		}
	}
}

// Success is left alone: nil for a unary call, io.EOF at the end of a stream.
func TestRowA1OverTheWire(t *testing.T) {
	t.Parallel()
	s := newShop(t, errmap.Config{}, func(context.Context, string) error { return nil })
	if _, err := s.get(t.Context(), "fine"); err != nil {
		t.Errorf("unary: %v", err)
	}
	if _, err := s.watch(t.Context(), "fine"); err != io.EOF {
		t.Errorf("stream: %v, want io.EOF itself", err)
	}
	if len(s.outcomes) != 0 {
		t.Errorf("observed %v", s.outcomes)
	}
}

// TestCallsThatEnd has the caller leave first. In the bubble time stands still until all wait, so that a server's
// deadline is exactly the client's.
func TestCallsThatEnd(t *testing.T) {
	t.Parallel()
	statement := errors.New("pq: canceling statement due to user request at 10.0.0.3")
	for _, tt := range []struct {
		name     string
		deadline bool
		returns  func(context.Context) error
		code     codes.Code
		by       string
	}{
		{"M1", false, context.Context.Err, codes.Canceled, "context"},
		{"M2", false, func(context.Context) error { return statement }, codes.Canceled, "context-done"},
		{"M3", true, context.Context.Err, codes.DeadlineExceeded, "context"},
		{"M4", true, func(context.Context) error { return statement }, codes.DeadlineExceeded, "context-done"},
		{"M5", true, func(context.Context) error { return ErrStockGone }, codes.FailedPrecondition, "sentinel stock is gone"},
	} {
		t.Run("row "+tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t, errmap.Config{}, func(ctx context.Context, _ string) error {
					<-ctx.Done()
					return tt.returns(ctx)
				}, shopRules()[1])
				ctx, cancel := context.WithCancel(t.Context())
				if tt.deadline {
					ctx, cancel = context.WithTimeout(t.Context(), time.Second)
				}
				defer cancel()
				if !tt.deadline {
					time.AfterFunc(time.Second, cancel)
				}
				_, err := s.get(ctx, tt.name)
				if errors.Is(err, context.DeadlineExceeded) != tt.deadline || errors.Is(err, context.Canceled) == tt.deadline {
					t.Errorf("client: %+v", err)
				}
				synctest.Wait()
				o := s.outcome(unary, tt.name)
				if o.Status.Code() != tt.code || decidedBy(o) != tt.by {
					t.Errorf("server: %v by %q, want %v by %q", o.Status.Code(), decidedBy(o), tt.code, tt.by)
				}
			})
		})
	}
}

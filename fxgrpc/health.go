package fxgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// healthService is the health of one server, as the gRPC health protocol has it: NOT_SERVING until the server listens
// and from when it is to stop. A nil one is that of a server without.
type healthService struct {
	*health.Server
	draining <-chan struct{}
}

// registerHealth gives a server the service.
func registerHealth(s *server, r grpc.ServiceRegistrar) {
	h := &healthService{health.NewServer(), s.draining}
	h.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
	r.RegisterService(&healthpb.Health_ServiceDesc, h)
}

// adoptHealth remembers the service once it is on the server.
func (s *server) adoptHealth(implementation any) {
	if h, ok := implementation.(*healthService); ok {
		s.health = h
	}
}

// Watch ends when the server drains: a stream without end would hold it up to its timeout.
func (h *healthService) Watch(in *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	watched := make(chan struct{})
	defer close(watched)
	go func() {
		select {
		case <-h.draining:
			cancel(status.Error(codes.Unavailable, "the server is draining"))
		case <-watched:
		}
	}()
	err := h.Server.Watch(in, &watchStream{stream, ctx})
	if why, ok := status.FromError(context.Cause(ctx)); ok && ctx.Err() != nil && stream.Context().Err() == nil {
		return why.Err()
	}
	return err
}

type watchStream struct {
	grpc.ServerStreamingServer[healthpb.HealthCheckResponse]
	ctx context.Context
}

func (s *watchStream) Context() context.Context { return s.ctx }

// serving tells watchers that the server and its services are there.
func (h *healthService) serving(services map[string]grpc.ServiceInfo) {
	if h == nil {
		return
	}
	h.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)
	for name := range services {
		h.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
}

// shutdown tells watchers that the server is going.
func (h *healthService) shutdown() {
	if h != nil {
		h.Shutdown()
	}
}

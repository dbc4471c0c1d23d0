package fxgrpc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc"
)

// run ties the server to the life of the app.
func (s *server) run(p *Plan, lc fx.Lifecycle, shutdown fx.Shutdowner) {
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error { return s.start(ctx, p, shutdown) },
		OnStop:  s.stop,
	})
}

// start checks what the app registered itself, opens the listener, and serves. What fails is told to fx.
func (s *server) start(ctx context.Context, p *Plan, shutdown fx.Shutdowner) error {
	if s.stopped.Load() {
		return s.errorf("a server that was stopped can't start again; make a new fx.App")
	}
	if err := p.Check(); err != nil {
		return err
	}
	l, err := s.listen(ctx)
	if err != nil {
		return err
	}
	s.listening(l.Addr())
	go s.serve(l, shutdown)
	s.health.serving(s.grpc.GetServiceInfo())
	return nil
}

func (s *server) listening(addr net.Addr) {
	s.mu.Lock()
	s.addr = addr
	s.mu.Unlock()
	s.log().Info("fxgrpc: listening", "network", addr.Network(), "address", addr.String())
}

// serve runs until the server is stopped. When it ends by itself the app can not go on.
func (s *server) serve(l net.Listener, shutdown fx.Shutdowner) {
	defer close(s.served)
	err := s.grpc.Serve(l)
	if err == nil || errors.Is(err, grpc.ErrServerStopped) {
		return
	}
	err = s.errorf("it ended by itself: %w", err)
	s.mu.Lock()
	s.failure = err
	s.mu.Unlock()
	s.log().Error("fxgrpc: a server ended by itself; the app is shut down", "error", err)
	if err := shutdown.Shutdown(fx.ExitCode(1)); err != nil {
		s.log().Error("fxgrpc: the app could not be shut down", "error", err)
	}
}

// stop drains the server, and returns in time for the hooks of others to run, with whatever had to be cancelled. It
// returns no error: there is nobody who could do more.
func (s *server) stop(ctx context.Context) error {
	s.stopped.Store(true)
	s.health.shutdown()
	end, cancel := untilSlack(ctx)
	defer cancel()
	if s.delay > 0 {
		wait(s.delay, end, nil)
	}
	close(s.draining)
	defer s.endStreamsLater()()
	if wait(s.timeout, end, inBackground(s.grpc.GracefulStop)) || s.cancel(ctx) {
		wait(slack/2, ctx, s.served)
	}
	return nil
}

// cancel cancels what runs, and gives handlers a moment to return; it reports whether they did.
func (s *server) cancel(ctx context.Context) bool {
	s.log().Warn("fxgrpc: calls were still running when the time to drain was over; they are cancelled")
	return wait(slack/2, ctx, inBackground(s.grpc.Stop))
}

// untilSlack ends slack before ctx does.
func untilSlack(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-slack))
	}
	return context.WithCancel(ctx)
}

// wait waits for done at most that long, and not past the end; it reports whether done was.
func wait(d time.Duration, end context.Context, done <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
	case <-end.Done():
	}
	return false
}

func inBackground(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return done
}

func (s *server) log() *slog.Logger { return s.module.logger.With("server", s.name) }

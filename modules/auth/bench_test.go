package auth_test

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"testing"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/auth"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/sluice.testing.v1.DummyService/Execute"}
	benchRight        = metadata.Pairs("authorization", "Bearer "+readerToken)
	benchWrong        = metadata.Pairs("authorization", "Bearer "+wrongToken)
	benchSums         = [][sha256.Size]byte{sha256.Sum256([]byte(readerToken)), sha256.Sum256([]byte(writerToken))}
	benchOutcome  any
)

func benchHandler(context.Context, any) (any, error) { return benchResponse, nil }

// byHand is what a careful user of ggm writes for static tokens.
func byHand(ctx context.Context) (context.Context, error) {
	token, err := ggm.AuthFromMD(ctx, "bearer")
	if err != nil {
		return nil, err
	}
	sum, found := sha256.Sum256([]byte(token)), 0
	for i := range benchSums {
		found |= subtle.ConstantTimeCompare(benchSums[i][:], sum[:])
	}
	if found == 0 {
		return nil, status.Error(codes.Unauthenticated, "invalid auth token")
	}
	return context.WithValue(ctx, userKey{}, "ann"), nil
}

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// BenchmarkUnary measures what an RPC pays to be let in by one of two tokens, or refused, beside ggm's own interceptor with a
// function that does as much, and a chain with a link that does nothing. What ggm's does not do is in the difference: rules,
// and the caller's name for the log.
func BenchmarkUnary(b *testing.B) {
	tokens := auth.Options{Verifier: staticTokens(b)}
	rules := framework.Rules("*", auth.Allow.Set(auth.Grants{auth.Role("admin"), auth.Role("reader")}))
	for _, bb := range []struct {
		name string
		i    grpc.UnaryServerInterceptor
		md   metadata.MD
	}{
		{"known/sluice", chainOf(b, framework.Use(newAuth(b, tokens))), benchRight},
		{"known/sluice-rules", chainOf(b, framework.Use(newAuth(b, tokens)), rules), benchRight},
		{"known/sluice-func", chainOf(b, framework.Use(newAuth(b, auth.Options{Verifier: auth.Func(byHand, user)}))), benchRight},
		{"known/ggm", ggm.UnaryServerInterceptor(byHand), benchRight},
		{"refused/sluice", chainOf(b, framework.Use(newAuth(b, tokens))), benchWrong},
		{"refused/ggm", ggm.UnaryServerInterceptor(byHand), benchWrong},
		{"nothing/sluice", chainOf(b, framework.Use(framework.InterceptorFunc(through))), benchRight},
	} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := metadata.NewIncomingContext(b.Context(), bb.md)
			b.ReportAllocs()
			for b.Loop() {
				benchOutcome, _ = bb.i(ctx, benchRequest, benchInfo, benchHandler)
			}
		})
	}
}

// BenchmarkTokens measures how the comparison with all tokens grows with their number.
func BenchmarkTokens(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		holders := []auth.Holder{auth.HeldBy(reader, readerToken)}
		for i := 1; i < n; i++ {
			sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
			holders = append(holders, auth.HeldBy(writer, hex.EncodeToString(sum[:])))
		}
		i := chainOf(b, framework.Use(newAuth(b, auth.Options{Verifier: newTokens(b, holders...)})))
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			ctx := metadata.NewIncomingContext(b.Context(), benchRight)
			for b.Loop() {
				benchOutcome, _ = i(ctx, benchRequest, benchInfo, benchHandler)
			}
		})
	}
}

func chainOf(b *testing.B, parts ...framework.Part) grpc.UnaryServerInterceptor {
	b.Helper()
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}

package retry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
)

type policy struct {
	_     struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
	All   framework.Rule `grpc:"*,idempotent,retry=3,retry.on=UNAVAILABLE ABORTED,retry.backoff=50ms"`
	Get   framework.Rule `grpc:"Execute,retry=none,hedge=2/20ms"`
	Watch framework.Rule `grpc:"ExecuteServerStream,retry=2,retry.on=DEADLINE_EXCEEDED,retry.backoff=1s..1m"`
	Chat  framework.Rule `grpc:"ExecuteClientServerStream,retry=none"`
}

// typed says what policy does.
func typed() []framework.Part {
	const service = "sluice.testing.v1.DummyService/"
	return []framework.Part{
		framework.Rules(service+"*", retry.Idempotent.Set(true), retry.Attempts.Set(3), retry.On.Set(retry.Codes{errmap.Unavailable, errmap.Aborted}),
			retry.Backoff.Set(retry.Pause{First: 50 * time.Millisecond})),
		framework.Rules(service+"Execute", retry.Attempts.Set(retry.None), retry.Hedge.Set(retry.Hedging{Attempts: 2, After: 20 * time.Millisecond})),
		framework.Rules(service+"ExecuteServerStream", retry.Attempts.Set(2), retry.On.Set(retry.Codes{errmap.DeadlineExceeded}),
			retry.Backoff.Set(retry.Pause{First: time.Second, Most: time.Minute})),
		framework.Rules(service+"ExecuteClientServerStream", retry.Attempts.Set(retry.None)),
	}
}

// Tags and options say the same, agree where both say it, and are shown alike. A rule for all does not disturb a method that
// says none, or is hedged.
func TestRules(t *testing.T) {
	t.Parallel()
	want := map[framework.Kind]string{
		framework.Unary:        "hedge=2/20ms idempotent retry.backoff=50ms retry.on=UNAVAILABLE ABORTED retry=none",
		framework.ClientStream: "idempotent retry.backoff=50ms retry.on=UNAVAILABLE ABORTED retry=3",
		framework.ServerStream: "idempotent retry.backoff=1s..1m retry.on=DEADLINE_EXCEEDED retry=2",
		framework.BidiStream:   "idempotent retry.backoff=50ms retry.on=UNAVAILABLE ABORTED retry=none",
	}
	for name, parts := range map[string][]framework.Part{
		"tags": {framework.Policy(policy{})}, "options": typed(), "both": append(typed(), framework.Policy(policy{})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chain, err := framework.NewClientChain(append(parts, framework.Use(newRetry(t, retry.Options{})))...)
			if err != nil {
				t.Fatal(err)
			}
			for kind, want := range want {
				e := chain.Explain("/sluice.testing.v1." + methods[kind])
				if got := strings.ReplaceAll(counting(e), "1m0s", "1m"); got != want {
					t.Errorf("%s: %s\nwant %s", kind, got, want)
				}
				if stands := len(e.Links) == 1; stands == (kind == framework.BidiStream) || e.Error != "" {
					t.Errorf("%s: %s", kind, e)
				}
			}
		})
	}
}

// counting are the rules of a method that count.
func counting(e framework.Explanation) string {
	var rules []string
	for _, r := range e.Rules {
		if r.Why == "" {
			rules = append(rules, r.String())
		}
	}
	slices.Sort(rules)
	return strings.Join(slices.Compact(rules), " ")
}

// levels are the methods of a service, and what its proto says of them.
var levels = map[string]*descriptorpb.MethodOptions_IdempotencyLevel{
	"Get":    descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum(),
	"Put":    descriptorpb.MethodOptions_IDEMPOTENT.Enum(),
	"Create": nil,
}

// register links the proto of the service, as generated code would.
func register(t *testing.T) {
	t.Helper()
	const path = "acme/stock/v1/stock.proto"
	if _, err := protoregistry.GlobalFiles.FindFileByPath(path); err == nil {
		return // with -count
	}
	dummy := dummypb.File_framework_frameworktest_dummypb_dummy_proto
	service := &descriptorpb.ServiceDescriptorProto{Name: proto.String("Stock")}
	for name, level := range levels {
		service.Method = append(service.Method, &descriptorpb.MethodDescriptorProto{
			Name:       proto.String(name),
			InputType:  proto.String("." + string(dummy.Messages().ByName("DummyRequest").FullName())),
			OutputType: proto.String("." + string(dummy.Messages().ByName("DummyResponse").FullName())),
			Options:    &descriptorpb.MethodOptions{IdempotencyLevel: level},
		})
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String(path), Package: proto.String("acme.stock.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{dummy.Path()}, Service: []*descriptorpb.ServiceDescriptorProto{service},
	}, protoregistry.GlobalFiles)
	if err == nil {
		err = protoregistry.GlobalFiles.RegisterFile(file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A method of which the proto says that it is idempotent needs no rule to say so.
func TestIdempotencyLevel(t *testing.T) { // not parallel: it links a proto
	register(t)
	link := framework.Use(newRetry(t, retry.Options{Attempts: 3}))
	chain, err := framework.NewClientChain(link)
	if err != nil {
		t.Fatal(err)
	}
	for name, level := range levels {
		e := chain.Explain("/acme.stock.v1.Stock/" + name)
		if stands := len(e.Links) == 1; stands != (level != nil) {
			t.Errorf("%s: %s", name, e)
		}
	}
	for name, level := range levels {
		for _, s := range []framework.Setting{retry.Attempts.Set(3), retry.Hedge.Set(retry.Hedging{Attempts: 2})} {
			_, err := framework.NewClientChain(link, framework.Rules("acme.stock.v1.Stock/"+name, s))
			if (err == nil) != (level != nil) {
				t.Errorf("%s %s: %v", name, s, err)
			}
		}
	}
}

// What a rule's text says is what is read of it.
func TestTexts(t *testing.T) {
	t.Parallel()
	for text, v := range map[string]fmt.Stringer{
		"50ms": retry.Pause{First: 50 * time.Millisecond}, "50ms..2s": retry.Pause{First: 50 * time.Millisecond, Most: 2 * time.Second},
		"2/50ms": retry.Hedging{Attempts: 2, After: 50 * time.Millisecond}, "3/0s": retry.Hedging{Attempts: 3}, "none": retry.Hedging{},
		"UNAVAILABLE CANCELLED": retry.Codes{errmap.Unavailable, errmap.Canceled}, "": retry.Codes{},
	} {
		if v.String() != text {
			t.Errorf("%#v is %q, want %q", v, v, text)
		}
	}
}

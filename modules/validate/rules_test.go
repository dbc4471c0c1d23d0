package validate_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/validate"
)

// brokenProto has rules that do not compile: of a message, of fields of it, and of types in these.
const brokenProto = `
name: "acme/broken/v1/broken.proto" package: "acme.broken.v1" syntax: "proto3"
dependency: "buf/validate/validate.proto" dependency: "acme/orders/v1/orders.proto"
message_type {
	name: "Form"
	field {
		name: "code" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL
		options { [buf.validate.field] { string { pattern: "(" } } }
	}
	field {
		name: "size" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL
		options { [buf.validate.field] { int32 { gt: 0 } } }
	}
	field {
		name: "parts" number: 3 type: TYPE_MESSAGE type_name: ".acme.broken.v1.Part" label: LABEL_REPEATED
		options { [buf.validate.field] { required: true } }
	}
	field { name: "form" number: 4 type: TYPE_MESSAGE type_name: ".acme.broken.v1.Form" label: LABEL_OPTIONAL }
	field { name: "by_name" number: 5 type: TYPE_MESSAGE type_name: ".acme.broken.v1.Form.ByNameEntry" label: LABEL_REPEATED }
	nested_type {
		name: "ByNameEntry" options { map_entry: true }
		field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
		field { name: "value" number: 2 type: TYPE_MESSAGE type_name: ".acme.broken.v1.Choice" label: LABEL_OPTIONAL }
	}
}
message_type {
	name: "Part"
	field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
	options { [buf.validate.message] { cel { id: "part.id" expression: "7" } } }
}
message_type {
	name: "Choice"
	field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
	options { [buf.validate.message] { oneof { fields: "id" fields: "name" } } }
}
service {
	name: "Broken"
	method { name: "Send" input_type: ".acme.broken.v1.Form" output_type: ".acme.orders.v1.Plain" }
	method { name: "Get" input_type: ".acme.orders.v1.Plain" output_type: ".acme.broken.v1.Part" }
	method { name: "Ping" input_type: ".acme.orders.v1.Plain" output_type: ".acme.orders.v1.Plain" }
}`

// brokenServices is a server that has the service.
var brokenServices = map[string]grpc.ServiceInfo{
	"acme.broken.v1.Broken": {Methods: []grpc.MethodInfo{{Name: "Send"}, {Name: "Get"}, {Name: "Ping"}}},
}

// Rules that do not compile fail startup, all at once, each with its field.
func TestRulesRefused(t *testing.T) {
	t.Parallel()
	const at = `framework: link "validate" (main.go:41): Bind of `
	const (
		code   = "the rules of acme.broken.v1.Form.code: compilation error: failed to compile program string.pattern: error parsing regexp: missing closing ): `(`"
		size   = `the rules of acme.broken.v1.Form.size: compilation error: expected rule "buf.validate.FieldRules.string", got "buf.validate.FieldRules.int32" on field "acme.broken.v1.Form.size"`
		part   = `the rules of acme.broken.v1.Part: compilation error: expression part.id outputs int, wanted either bool or string`
		choice = `the rules of acme.broken.v1.Choice: compilation error: field name not found in message acme.broken.v1.Choice`
	)
	for _, tt := range []struct {
		name    string
		options validate.Options
		want    []string
	}{
		{"requests", validate.Options{}, []string{at + "/acme.broken.v1.Broken/Send: " + code, size, part, choice}},
		{"responses", validate.Options{Responses: true}, []string{
			at + "/acme.broken.v1.Broken/Get: " + part,
			at + "/acme.broken.v1.Broken/Send: " + code, size, part, choice,
		}},
		{"of a validator that stops at the first", validate.Options{Validator: newValidator(t, protovalidate.WithFailFast())}, []string{
			at + "/acme.broken.v1.Broken/Send: " + code, size, part, choice,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			chain, err := framework.NewServerChain(framework.DeclaredAt("main.go:41", framework.Use(interceptor(t, framework.ServerSide, tt.options))))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(chain.Bind(brokenServices)), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func newValidator(t testing.TB, o ...protovalidate.ValidatorOption) protovalidate.Validator {
	t.Helper()
	v, err := protovalidate.New(o...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A client finds out at the first call of a method, which is refused and not sent; methods without such rules work. What
// is wrong is logged, so this one has the process's logger to itself.
func TestRulesRefusedByClient(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	defer slog.SetDefault(before)
	chain, err := framework.NewClientChain(framework.Use(interceptor(t, framework.ClientSide, validate.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	for full, want := range map[string]codes.Code{
		"/acme.broken.v1.Broken/Send": codes.Internal, "/acme.broken.v1.Broken/Get": codes.OK, "/acme.broken.v1.Broken/Ping": codes.OK,
	} {
		sent := false
		err := chain.Unary()(t.Context(), full, dynamicpb.NewMessage(messageOf("acme.orders.v1.Plain")), dynamicpb.NewMessage(messageOf("acme.orders.v1.Plain")), nil,
			func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				sent = true
				return nil
			})
		if status.Code(err) != want || sent != (want == codes.OK) {
			t.Errorf("%s: %v, sent %t", full, err, sent)
		}
	}
}

// An interceptor that stands in a function is not bound to a method. It validates what comes; a rule that does not
// compile is INTERNAL, without a word of it on a server.
func TestUnbound(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		part := framework.Use(framework.InterceptorFunc(interceptor(t, side, validate.Options{Responses: true}).Intercept))
		for _, kind := range kinds {
			s := &shop{receipts: []string{badReceipt}}
			conn := s.open(t, on(side, part))
			if _, err := order(t.Context(), conn, kind, message(t, "Order", badOrder)); violations(err) != badViolations {
				t.Errorf("%s, %s: %v", side, kind, err)
			}
			if _, err := order(t.Context(), conn, kind, message(t, "Order", goodOrder)); status.Code(err) != codes.Internal {
				t.Errorf("%s, %s: %v", side, kind, err)
			}
		}
		r := frameworktest.Run(t, framework.InterceptorFunc(interceptor(t, side, validate.Options{}).Intercept), frameworktest.Case{
			Side: side, Requests: []any{dynamicpb.NewMessage(messageOf("acme.broken.v1.Part"))}, Responses: []any{&dummypb.DummyResponse{}},
		})
		want := "internal error"
		if side == framework.ClientSide {
			want = "validate: the rules of acme.broken.v1.Part failed: compilation error: expression part.id outputs int, wanted either bool or string"
		}
		if s := status.Convert(r.Err); s.Code() != codes.Internal || s.Message() != want || r.Runs > 0 {
			t.Errorf("%s: %v", side, r.Err)
		}
		if why := fmt.Sprintf("%+v", r.Err); !strings.Contains(why, "outputs int") {
			t.Errorf("%s: the log has %s", side, why)
		}
	}
}

// A rule that fails on a message is INTERNAL, and the message is not let through.
func TestRuleFails(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		for _, kind := range kinds {
			s := &shop{}
			conn := s.open(t, validating(t, side, validate.Options{}))
			_, err := order(t.Context(), conn, kind, message(t, "Order", `customer: "ann" note: "fails"`))
			if status.Code(err) != codes.Internal || s.took() > 0 || side == framework.ServerSide && status.Convert(err).Message() != "internal error" {
				t.Errorf("%s, %s: %v", side, kind, err)
			}
			// Behind a violation it does not matter: the caller has something to mend.
			_, err = order(t.Context(), conn, kind, message(t, "Order", `customer: "a" note: "fails" gift { note: "echo x" customer: "b" }`))
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("%s, %s: %v", side, kind, err)
			}
		}
	}
}

// What is no proto message can not be validated, and is not let through where it would have to be.
func TestNoProtoMessage(t *testing.T) {
	t.Parallel()
	type plain struct{ Text string }
	for _, side := range sides {
		for _, tt := range []struct {
			name      string
			o         validate.Options
			method    string
			request   any
			responses []any
			want      codes.Code
		}{
			{"a request where nothing is known", validate.Options{}, "/acme.unknown.v1.Service/Do", &plain{"x"}, []any{&plain{"y"}}, codes.Internal},
			{"a request without rules", validate.Options{}, "/acme.orders.v1.Orders/Ping", &plain{"x"}, []any{&plain{"y"}}, codes.OK},
			{"a request with rules", validate.Options{}, "/acme.orders.v1.Orders/Place", &plain{"x"}, []any{&plain{"y"}}, codes.Internal},
			{"a response with rules", validate.Options{Responses: true}, "/acme.orders.v1.Orders/Report", &plain{"x"}, []any{&plain{"y"}}, codes.Internal},
		} {
			t.Run(tt.name+"/"+side.String(), func(t *testing.T) {
				t.Parallel()
				r := frameworktest.Run(t, interceptor(t, side, tt.o), frameworktest.Case{Side: side, Method: tt.method, Requests: []any{tt.request}, Responses: tt.responses})
				if status.Code(r.Err) != tt.want {
					t.Errorf("%v", r.Err)
				}
			})
		}
	}
}

// strict is a Validator of one's own, which has its own opinion.
type strict struct{ protovalidate.Validator }

func (s strict) Validate(msg proto.Message, o ...protovalidate.ValidationOption) error {
	if m, ok := msg.(*dummypb.DummyRequest); ok && m.GetInput() == "odd" {
		return fmt.Errorf("odd: %w", &protovalidate.ValidationError{})
	}
	return s.Validator.Validate(msg, o...)
}

// A Validator of one's own stands also where no rules are; an error of it that has no violations is a failure.
func TestOwnValidator(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		client := frameworktest.DummyClient(t, validating(t, side, validate.Options{Validator: strict{newValidator(t)}}))
		for _, kind := range kinds {
			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"even"}); err != nil {
				t.Error(err)
			}
			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"odd"}); status.Code(err) != codes.Internal {
				t.Errorf("%s, %s: %v", side, kind, err)
			}
		}
	}
}

// A stream that a bad request ends is INVALID_ARGUMENT, also where its handler takes the error for the end.
func TestSwallowed(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds[1:] {
		s := &shop{swallows: true}
		conn := s.open(t, validating(t, framework.ServerSide, validate.Options{}))
		if _, err := order(t.Context(), conn, kind, message(t, "Order", badOrder)); violations(err) != badViolations {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func brokenPart() proto.Message { return dynamicpb.NewMessage(messageOf("acme.broken.v1.Part")) }

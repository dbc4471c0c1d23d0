package validate

import (
	"context"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// messages are those of all methods that are validated.
type messages struct {
	rules     *rules
	all       bool // also those of which no rules are known
	responses bool
}

func newMessages(o Options) messages {
	return messages{rules: newRules(o.Validator), all: o.Validator != nil, responses: o.Responses}
}

// bind makes the interceptor of one method; nil where none of its messages has rules.
func (m messages) bind(info framework.MethodInfo) (framework.Interceptor, error) {
	made := method{
		rules: m.rules, name: info.Method, server: info.Side == framework.ServerSide, requests: true, responses: m.responses,
	}
	if info.Descriptor != nil {
		input, output, err := m.compile(info.Descriptor)
		if err != nil {
			return nil, err
		}
		made.requests, made.responses = input, output
	}
	if !made.requests && !made.responses {
		return nil, nil
	}
	return &made, nil
}

// compile says which messages of a method are to be validated, when their rules are compiled.
func (m messages) compile(d protoreflect.MethodDescriptor) (input, output bool, err error) {
	types := []protoreflect.MessageDescriptor{d.Input()}
	if m.responses {
		types = append(types, d.Output())
	}
	if err := m.rules.compile(types); err != nil {
		return false, false, err
	}
	return m.all || m.rules.has(d.Input()), m.responses && (m.all || m.rules.has(d.Output())), nil
}

// unbound is the interceptor of a method of which nothing is known.
func (m messages) unbound(call *framework.Call) *method {
	return &method{
		rules: m.rules, name: call.Method(), server: call.Side() == framework.ServerSide, requests: true, responses: m.responses,
	}
}

// A method validates the messages of one method.
type method struct {
	rules     *rules
	name      framework.Method
	server    bool
	requests  bool
	responses bool
}

// Intercept refuses what does not keep the rules. A unary call's messages are at hand, and need no functions.
func (m *method) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if call.Kind() != framework.Unary {
		if m.requests {
			call.OnRequest(m.request)
		}
		if m.responses {
			call.OnResponse(m.response)
		}
		return next(ctx, call)
	}
	if m.requests {
		if _, err := m.request(ctx, call.Request()); err != nil {
			return err
		}
	}
	err := next(ctx, call)
	if err == nil && m.responses {
		_, err = m.response(ctx, call.Response())
	}
	return err
}

func (m *method) request(_ context.Context, msg any) (any, error) {
	found, err := m.rules.check(msg)
	switch {
	case err != nil:
		return nil, m.internal(err)
	case len(found) == 0:
		return msg, nil
	case m.server:
		return nil, invalid("invalid request", found)
	}
	return nil, invalid("validate: the request was not sent", found)
}

// response refuses a response by INTERNAL on both sides, as grpc does one that it can't read: the caller did nothing
// wrong.
func (m *method) response(_ context.Context, msg any) (any, error) {
	found, err := m.rules.check(msg)
	switch {
	case err != nil:
		return nil, m.internal(err)
	case len(found) == 0:
		return msg, nil
	}
	return nil, m.internal(invalidResponse(m.name, found))
}

// internal hides from the clients of a server what it says to the one who calls by a client.
func (m *method) internal(why error) error {
	if m.server {
		return errmap.Internal.Wrap(why, errmap.Internal.Error())
	}
	return errmap.Internal.Wrap(why, why.Error())
}

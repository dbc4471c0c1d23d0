package logging_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/logging"
)

func always(context.Context, *framework.Call) bool { return true }

// Messages are logged where it was asked for, each in a line, with ggm's names.
func TestPayloads(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log, link := logged(t, side, logging.Options{Payloads: always})
		client := frameworktest.DummyClient(t, link)
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
		requests, responses := []string{"ab"}, []string{"ab"}
		if kind.StreamsRequests() {
			requests = []string{"a", "b"}
		}
		if kind.StreamsResponses() {
			responses = []string{"a", "b"}
		}
		got := log.take()
		msgs := [2]string{"request received", "response sent"}
		if side == framework.ClientSide {
			msgs = [2]string{"request sent", "response received"}
		}
		checkPayloads(t, of(got, msgs[0]), "grpc.request.content", `{"input":%q}`, requests)
		checkPayloads(t, of(got, msgs[1]), "grpc.response.content", `{"output":%q}`, responses)
		if want := len(requests) + len(responses) + 1; len(got) != want || len(of(got, "finished call")) != 1 {
			t.Errorf("%d lines, want %d", len(got), want)
		}
	})
}

func checkPayloads(t *testing.T, got []line, key, format string, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i, l := range got {
		if l[key] != fmt.Sprintf(format, want[i]) || l.text("grpc.method") == "" {
			t.Errorf("%s is %v, want %s", key, l[key], want[i])
		}
	}
}

// Payloads says of which RPCs.
func TestPayloadsOfSome(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log, link := logged(t, side, logging.Options{Payloads: func(_ context.Context, call *framework.Call) bool {
			return call.Kind() != kind
		}})
		client := frameworktest.DummyClient(t, link, raises(errmap.NotFound))
		for _, input := range []string{"a", "error"} {
			_, _ = frameworktest.Execute(t.Context(), client, kind, []string{input})
			log.only(t)
		}
	})
}

// What is logged is a text: who changes the message afterwards changes no line of a handler that is late. ggm gives the
// handler the message itself.
func TestPayloadIsACopy(t *testing.T) {
	t.Parallel()
	var log entries
	request := &dummypb.DummyRequest{Input: "as sent"}
	client := frameworktest.DummyClient(t, frameworktest.ClientParts(
		framework.Use(newLogging(t, logging.Options{Adapter: adapter(&log), Payloads: always}))))
	if _, err := client.Execute(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	request.Input = "changed"
	if got := log.take()[0].value("grpc.request.content"); got != `{"input":"as sent"}` {
		t.Errorf("%T %v", got, got)
	}
}

func TestPayloadLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit int
		want  string
	}{
		{0, `{"input":"` + strings.Repeat("ж", 1019) + "… (4012 bytes)"},
		{13, `{"input":"ж… (4012 bytes)`},
		{14, `{"input":"жж… (4012 bytes)`},
		{1, `{… (4012 bytes)`},
		{5000, `{"input":"` + strings.Repeat("ж", 2000) + `"}`},
	} {
		log, link := logged(t, framework.ServerSide, logging.Options{Payloads: always, PayloadLimit: tt.limit})
		client := frameworktest.DummyClient(t, link)
		if _, err := client.Execute(t.Context(), &dummypb.DummyRequest{Input: strings.Repeat("ж", 2000)}); err != nil {
			t.Fatal(err)
		}
		if got := of(log.take(), "request received")[0]["grpc.request.content"]; got != tt.want {
			t.Errorf("limit %d: %v", tt.limit, got)
		}
	}
}

// accounts is a file with fields marked debug_redact.
const accounts = `{
	"name": "test/accounts.proto", "package": "test", "syntax": "proto3", "dependency": ["google/protobuf/any.proto"],
	"messageType": [{
		"name": "Account",
		"field": [
			{"name": "user", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL", "jsonName": "user"},
			{"name": "password", "number": 2, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL", "jsonName": "password", "options": {"debugRedact": true}},
			{"name": "pin", "number": 3, "type": "TYPE_INT32", "label": "LABEL_OPTIONAL", "jsonName": "pin", "options": {"debugRedact": true}},
			{"name": "codes", "number": 4, "type": "TYPE_STRING", "label": "LABEL_REPEATED", "jsonName": "codes", "options": {"debugRedact": true}},
			{"name": "inner", "number": 5, "type": "TYPE_MESSAGE", "typeName": ".test.Account", "label": "LABEL_OPTIONAL", "jsonName": "inner"},
			{"name": "list", "number": 6, "type": "TYPE_MESSAGE", "typeName": ".test.Account", "label": "LABEL_REPEATED", "jsonName": "list"},
			{"name": "map", "number": 7, "type": "TYPE_MESSAGE", "typeName": ".test.Account.MapEntry", "label": "LABEL_REPEATED", "jsonName": "map"},
			{"name": "names", "number": 8, "type": "TYPE_MESSAGE", "typeName": ".test.Account.NamesEntry", "label": "LABEL_REPEATED", "jsonName": "names"},
			{"name": "any", "number": 9, "type": "TYPE_MESSAGE", "typeName": ".google.protobuf.Any", "label": "LABEL_OPTIONAL", "jsonName": "any"}
		],
		"nestedType": [
			{"name": "MapEntry", "options": {"mapEntry": true}, "field": [
				{"name": "key", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL", "jsonName": "key"},
				{"name": "value", "number": 2, "type": "TYPE_MESSAGE", "typeName": ".test.Account", "label": "LABEL_OPTIONAL", "jsonName": "value"}]},
			{"name": "NamesEntry", "options": {"mapEntry": true}, "field": [
				{"name": "key", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL", "jsonName": "key"},
				{"name": "value", "number": 2, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL", "jsonName": "value"}]}
		]
	}]
}`

// account is the type, registered so that an Any of it can be unpacked.
func account(t *testing.T) protoreflect.MessageType {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{}
	if err := protojson.Unmarshal([]byte(accounts), file); err != nil {
		t.Fatal(err)
	}
	d, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	if known, err := protoregistry.GlobalTypes.FindMessageByName("test.Account"); err == nil {
		return known // by an earlier run of the test
	}
	of := dynamicpb.NewMessageType(d.Messages().Get(0))
	if err := protoregistry.GlobalTypes.RegisterMessage(of); err != nil {
		t.Fatal(err)
	}
	return of
}

// What a descriptor marks debug_redact is in no line, wherever in the message it is.
func TestRedacted(t *testing.T) {
	t.Parallel()
	of := account(t)
	read := func(text string) proto.Message {
		m := of.New().Interface()
		if err := protojson.Unmarshal([]byte(text), m); err != nil {
			t.Fatal(text, err)
		}
		return m
	}
	const account, shown = `{"user":"ann","password":"hunter2","pin":4321,"codes":["hunter2"]}`, `{"user":"ann","password":"[redacted]"}`
	for _, tt := range []struct{ name, message, want string }{
		{"itself", account, shown},
		{"empty", `{}`, `{}`},
		{"field", `{"inner":` + account + `}`, `{"inner":` + shown + `}`},
		{"list", `{"list":[` + account + `,` + account + `]}`, `{"list":[` + shown + `,` + shown + `]}`},
		{"map", `{"map":{"a":` + account + `}}`, `{"map":{"a":` + shown + `}}`},
		{"map of text", `{"names":{"a":"b"}}`, `{"names":{"a":"b"}}`},
		{"any", `{"any":` + typed(account) + `}`, `{"any":` + typed(shown) + `}`},
		{"any in any", `{"any":` + typed(`{"any":`+typed(account)+`}`) + `}`, `{"any":` + typed(`{"any":`+typed(shown)+`}`) + `}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log, text := payloadOf(t, read(tt.message))
			if text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
			noLeak(t, log, "hunter2", "4321")
		})
	}
	t.Run("what can't be unpacked", func(t *testing.T) {
		t.Parallel()
		for name, a := range map[string]*anypb.Any{
			"unknown": {TypeUrl: "type.googleapis.com/test.Unknown", Value: []byte("hunter2")},
			"broken":  {TypeUrl: "type.googleapis.com/test.Account", Value: []byte("hunter2")},
		} {
			log, text := payloadOf(t, a)
			if text == "" {
				t.Errorf("%s: %v", name, log)
			}
			noLeak(t, log, "hunter2", "aHVudGVyMg")
		}
	})
	t.Run("packed too deep", func(t *testing.T) {
		t.Parallel()
		m := read(account)
		for range 20 {
			packed, err := anypb.New(m)
			if err != nil {
				t.Fatal(err)
			}
			m = packed
		}
		log, text := payloadOf(t, m)
		if n := strings.Count(text, "google.protobuf.Any"); n != 8 {
			t.Errorf("%d deep: %s", n, text)
		}
		noLeak(t, log, "hunter2", "4321", "ann")
	})
}

// typed is the JSON of an Any.
func typed(message string) string {
	return `{"@type":"type.googleapis.com/test.Account",` + message[1:]
}

// payloadOf logs a message as the request of an RPC, and gives its line's text.
func payloadOf(t *testing.T, m proto.Message) ([]line, string) {
	t.Helper()
	log, link := logged(t, framework.ClientSide, logging.Options{Payloads: always, PayloadLimit: 1 << 20})
	conn := frameworktest.DummyConn(t, link)
	_ = conn.Invoke(t.Context(), "/sluice.testing.v1.DummyService/Execute", m, &dummypb.DummyResponse{})
	got := log.take()
	return got, of(got, "request sent")[0].text("grpc.request.content")
}

// A codec of one's own has messages that are not proto's. ggm logs an error for each.
func TestPayloadNotProto(t *testing.T) {
	t.Parallel()
	log, link := logged(t, framework.ClientSide, logging.Options{Payloads: always})
	conn := frameworktest.DummyConn(t, link, frameworktest.DialOptions(grpc.WithDefaultCallOptions(grpc.ForceCodec(jsonCodec{}))))
	_ = conn.Invoke(t.Context(), "/sluice.testing.v1.DummyService/Execute", &struct{ Password string }{"hunter2"}, &struct{}{})
	got := log.take()
	if text := of(got, "request sent")[0]["grpc.request.content"]; text != "(*struct { Password string } is no proto message)" {
		t.Errorf("%v", text)
	}
	noLeak(t, got, "hunter2")
}

type jsonCodec struct{}

func (jsonCodec) Name() string                       { return "proto" }
func (jsonCodec) Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func (jsonCodec) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

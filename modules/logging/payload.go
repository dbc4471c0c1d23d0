package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/framework"
)

// A direction is that of a message, as lines name it.
type direction struct {
	key     string
	message [2]string // by side
}

var (
	request = direction{
		"grpc.request.content",
		[2]string{framework.ServerSide: "request received", framework.ClientSide: "request sent"},
	}
	response = direction{
		"grpc.response.content",
		[2]string{framework.ServerSide: "response sent", framework.ClientSide: "response received"},
	}
)

// payload logs a message.
func (m *method) payload(ctx context.Context, call *framework.Call, d direction, msg any) {
	level := m.level(codes.OK)
	if m.writer.enabled(ctx, level) {
		content := slog.String(d.key, cut(text(msg), m.options.PayloadLimit))
		m.write(ctx, call, level, d.message[m.side], []slog.Attr{content})
	}
}

// text is a message as JSON, without what is marked debug_redact.
func text(msg any) string {
	m, ok := msg.(proto.Message)
	if !ok {
		return fmt.Sprintf("(%T is no proto message)", msg)
	}
	m = proto.Clone(m)
	redact(m.ProtoReflect(), maxAny)
	marshalled, err := protojson.MarshalOptions{AllowPartial: true}.Marshal(m)
	if err != nil {
		return fmt.Sprintf("(%T has no JSON: %v)", msg, err)
	}
	var compact bytes.Buffer // protojson puts in spaces at random
	if err := json.Compact(&compact, marshalled); err != nil {
		return fmt.Sprintf("(%T has no JSON: %v)", msg, err)
	}
	return compact.String()
}

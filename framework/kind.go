package framework

// Kind is one of gRPC's four kinds of RPC. The zero value is Unary.
type Kind uint8

// The four kinds of RPC, after https://grpc.io/docs/what-is-grpc/core-concepts/#rpc-life-cycle.
const (
	Unary        Kind = iota // one request, one response
	ClientStream             // streamed requests, one response
	ServerStream             // one request, streamed responses
	BidiStream               // streamed requests, streamed responses
)

var kindNames = [...]string{"unary", "client_stream", "server_stream", "bidi_stream"}

// kindOf is the kind with these streaming directions.
func kindOf(requests, responses bool) Kind {
	k := Unary
	if requests {
		k |= ClientStream
	}
	if responses {
		k |= ServerStream
	}
	return k
}

// streamKind is kindOf for what is done as a stream: one that says it streams neither way, as a proxy may do a unary
// method, is a client stream of one message.
func streamKind(requests, responses bool) Kind {
	return kindOf(requests || !responses, responses)
}

// StreamsRequests reports whether requests are streamed.
func (k Kind) StreamsRequests() bool { return k&ClientStream != 0 }

// StreamsResponses reports whether responses are streamed.
func (k Kind) StreamsResponses() bool { return k&ServerStream != 0 }

// String is "unary", "client_stream", "server_stream" or "bidi_stream".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// MarshalText gives the text of String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Side says on which end of an RPC a chain stands. The zero value is ServerSide.
type Side uint8

// The two sides.
const (
	ServerSide Side = iota
	ClientSide
)

// String is "server" or "client".
func (s Side) String() string {
	if s == ClientSide {
		return "client"
	}
	return "server"
}

// MarshalText gives the text of String.
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

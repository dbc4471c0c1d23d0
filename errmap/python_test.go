package errmap_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/errmap"
)

// python is an interpreter that has gRPC's own library, which stands on another implementation than Go's.
func python(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(path, "-c", "import grpc").Run() == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no python3 has grpc, and .ci/run installs python3-grpcio")
	}
	t.Skip("no python3 has grpc: apt-get install python3-grpcio")
	return ""
}

// A told call is what client.py writes of one.
type told struct {
	Name, Kind, Code, Message, Trailer string
	Details                            []byte // packed google.rpc.Status, "" for none
	Messages, Size                     int
}

func (c told) status(t *testing.T) *status.Status {
	t.Helper()
	p := new(spb.Status)
	if err := proto.Unmarshal(c.Details, p); err != nil {
		t.Errorf("%s: details: %v", c.Name, err)
	}
	code, err := errmap.ParseCode(c.Code)
	if err != nil {
		t.Errorf("%s: %v", c.Name, err)
	}
	if len(c.Details) > 0 && (codes.Code(p.GetCode()) != code.Code() || p.GetMessage() != c.Message) {
		t.Errorf("%s: details of %v %q on %s %q", c.Name, codes.Code(p.GetCode()), p.GetMessage(), c.Code, c.Message)
	}
	p.Code, p.Message = int32(code), c.Message
	return status.FromProto(p)
}

// pythonRows are all rows, and what only another client can show.
func pythonRows() []row {
	big := func(n int) error {
		return status.ErrorProto(&spb.Status{Code: 5, Message: "big", Details: details(
			&errdetails.DebugInfo{Detail: strings.Repeat("x", n)}, &errdetails.ErrorInfo{Reason: "BIG", Domain: "a.b"})})
	}
	return append(rows(),
		row{name: "P1 6 kB", in: big(6_000), code: codes.NotFound, text: "big", info: "BIG@a.b"},
		row{name: "P1 100 kB", in: big(100_000), code: codes.NotFound, text: "big", info: "BIG@a.b"},
		row{name: "P2 pushback", in: errmap.With(errmap.Unavailable.New("busy"), errmap.RetryAfter(time.Second)), code: codes.Unavailable, text: "busy", info: "RetryInfo{1s}"})
}

// TestPythonClient sends the rows to Python's client, which takes no more than 8 KiB of headers: codes, messages and
// details come, unary and after a message of a stream.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	interpreter := python(t)
	byName := map[string]row{}
	var names []string
	for _, r := range pythonRows() {
		byName[r.name] = r
		names = append(names, r.name)
	}
	s := &shop{handle: func(_ context.Context, in string) error { return byName[in].handle() }}
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(serverSide(m)...)
	server.RegisterService(&shopDesc, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	calls := runClient(t, interpreter, listener.Addr().String(), names)
	if len(calls) != 2*len(names) {
		t.Errorf("%d calls failed, want all %d", len(calls), 2*len(names))
	}
	for _, c := range calls {
		r := byName[c.Name]
		if c.Kind == "stream" && c.Messages != 1 {
			t.Errorf("%s: %d messages came before the error", c.Name, c.Messages)
		}
		if r.name == "D7" && c.Kind == "stream" {
			r.code = codes.PermissionDenied
		}
		t.Run(c.Name+" "+c.Kind, func(t *testing.T) { r.check(t, c.status(t)) })
		noLeak(t, c.Trailer)
	}
}

func runClient(t *testing.T, interpreter, address string, names []string) (calls []told) {
	t.Helper()
	in, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), interpreter, "testdata/client.py", address)
	cmd.Stdin = bytes.NewReader(in)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	for line := range bytes.Lines(out) {
		var c told
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		calls = append(calls, c)
	}
	return calls
}

// TestPythonServer has Python's server answer with statuses of its own.
func TestPythonServer(t *testing.T) {
	t.Parallel()
	interpreter := python(t)
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	conn, err := grpc.NewClient("127.0.0.1:"+startServer(t, interpreter), append(clientSide(m), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &shop{conn: conn}
	for _, tt := range []struct {
		name    string
		code    errmap.Code
		message string
		typed   string
	}{
		{"plain", errmap.NotFound, "nf", "[]"},
		{"empty", errmap.Aborted, "ABORTED", "[]"},
		{"cyrillic", errmap.Internal, "\u0436 100%", "[]"},
		{"order", errmap.NotFound, "order 42 not found in fr", "[42fr<nil>]"},
		{"half", errmap.NotFound, "order seven", "[]"},
		{"sentinel", errmap.NotFound, "order not found", "[order not found]"},
		{"cancelled", errmap.Canceled, "stopped", "[]"},
	} {
		_, unaryErr := s.get(t.Context(), tt.name)
		_, streamErr := s.watch(t.Context(), tt.name)
		for kind, err := range map[string]error{"unary": unaryErr, "stream": streamErr} {
			remote, ok := err.(*errmap.Remote)
			if !ok {
				t.Errorf("%s %s: %T %v", tt.name, kind, err, err)
				continue
			}
			if !errors.Is(err, tt.code) || err.Error() != tt.message || fmt.Sprint(remote.Unwrap()) != tt.typed || errors.Is(err, context.Canceled) {
				t.Errorf("%s %s: %+v, want %s %q %s", tt.name, kind, err, tt.code.Name(), tt.message, tt.typed)
			}
		}
	}
}

// startServer gives the port of a server that lasts as long as the test.
func startServer(t *testing.T, interpreter string) string {
	t.Helper()
	cmd := exec.Command(interpreter, "testdata/server.py")
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(port)
}

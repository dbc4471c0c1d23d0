package fxgrpc_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/fxgrpc"
)

// TestByteSize has sizes as they are written, and as they are written back.
func TestByteSize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want fxgrpc.ByteSize
		back string
	}{
		{"0B", 0, "0B"},
		{"1B", 1, "1B"},
		{"1000B", 1000, "1000B"},
		{"1024B", 1 << 10, "1KiB"},
		{"1025B", 1<<10 + 1, "1025B"},
		{"16KiB", 16 << 10, "16KiB"},
		{"1536KiB", 3 << 19, "1536KiB"},
		{"4MiB", 4 << 20, "4MiB"},
		{"2GiB", 2 << 30, "2GiB"},
		{"4096GiB", 4 << 40, "4096GiB"},
	} {
		var s fxgrpc.ByteSize
		if err := s.UnmarshalText([]byte(tt.text)); err != nil || s != tt.want {
			t.Errorf("%s is %d, %v; want %d", tt.text, s, err, tt.want)
		}
		if back, err := s.MarshalText(); err != nil || string(back) != tt.back || s.String() != tt.back {
			t.Errorf("%s is written %s (%s), %v; want %s", tt.text, back, s, err, tt.back)
		}
	}
	if got := fxgrpc.ByteSize(-1 << 10).String(); got != "-1KiB" {
		t.Errorf("a negative size is written %s", got)
	}
}

// TestByteSizeWithoutUnit has what is none, as text and in JSON.
func TestByteSizeWithoutUnit(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "4", "4MB", "4M", "MiB", "-1B", "1.5MiB", "4 MiB", "9999999999GiB"} {
		s := fxgrpc.ByteSize(7)
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "4MiB") {
			t.Errorf("%q: %v", text, err)
		}
		if s != 7 {
			t.Errorf("%q changed the size to %d", text, s)
		}
	}
	var c fxgrpc.ClientConfig
	if err := json.Unmarshal([]byte(`{"max_send_bytes": 4}`), &c); err == nil {
		t.Errorf("a number of JSON is %s", c.MaxSendBytes)
	}
}

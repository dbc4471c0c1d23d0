package fxgrpc

import (
	"strconv"

	"github.com/sluice-go/sluice/internal/tag"
)

// A ByteSize is a number of bytes that is written with its unit: "512B", "16KiB", "4MiB", "1GiB". A text without one is an
// error, and so is a bare number of JSON: "4" has been meant as bytes, as kilobytes and as megabytes.
//
// Loaders that ask for encoding.TextUnmarshaler read it: encoding/json, yaml, caarlos0/env; mapstructure and what stands on
// it (viper, koanf) with its TextUnmarshallerHookFunc.
type ByteSize int64

// String is the size in the largest unit that divides it.
func (s ByteSize) String() string {
	if s != 0 {
		for _, u := range []struct {
			name  string
			bytes ByteSize
		}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
			if s%u.bytes == 0 {
				return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
			}
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// MarshalText gives the String.
func (s ByteSize) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText gives, and what a tag takes for a size.
func (s *ByteSize) UnmarshalText(text []byte) error {
	size, err := tag.Size(string(text))
	if err == nil {
		*s = ByteSize(size)
	}
	return err
}

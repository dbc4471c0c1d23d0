package tag_test

import (
	"testing"
	"time"

	"github.com/sluice-go/sluice/internal/tag"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"0s": 0, "300ms": 300 * time.Millisecond, "2s": 2 * time.Second, "1h30m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond, "3µs": 3 * time.Microsecond,
	} {
		if got, err := tag.Duration(in); got != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"":          `"" is not a duration; write it with units: 300ms, 2s, 1h30m`,
		"0":         `"0" is not a duration; write it with units: 300ms, 2s, 1h30m`,
		"5":         `"5" is not a duration; write it with units: 300ms, 2s, 1h30m`,
		"+5s":       `"+5s" is not a duration; write it with units: 300ms, 2s, 1h30m`,
		"2 s":       `"2 s" is not a duration; write it with units: 300ms, 2s, 1h30m`,
		"1d":        `"1d" is not a duration; write it with units: 300ms, 2s, 1h30m`,
		"99999999h": `"99999999h" is not a duration; write it with units: 300ms, 2s, 1h30m`,
		"-2s":       `duration "-2s" is negative; write 300ms, 2s, 1h30m`,
		"-0":        `duration "-0" is negative; write 300ms, 2s, 1h30m`,
	} {
		if got, err := tag.Duration(in); got != 0 || err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v; want %s", in, got, err, want)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"0B": 0, "100B": 100, "512KiB": 512 << 10, "4MiB": 4 << 20, "1GiB": 1 << 30, "8589934591GiB": (1<<33 - 1) << 30,
	} {
		if got, err := tag.Size(in); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "B", "MiB", "4", "4 MiB", "-4MiB", "+4MiB", "4MB", "4mib", "4Mi", "1.5MiB", "0x4B", "1_0B", "8589934592GiB", "9223372036854775808B",
	} {
		want := `"` + in + `" is not a size; write it with a unit: 100B, 512KiB, 4MiB, 1GiB`
		if got, err := tag.Size(in); got != 0 || err == nil || err.Error() != want {
			t.Errorf("%q: %d, %v; want %s", in, got, err, want)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{
		"100/s": 100, "6/m": 0.1, "1800/h": 0.5, "10/5s": 2, "1/ms": 1000, "3/1m30s": 1.0 / 30,
	} {
		if got, err := tag.Rate(in); got != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "/", "100", "100/", "/s", "0/s", "-1/s", "0.5/s", "100/0s", "100/5", "100/-1s", "100/d", "100/h30m", "100 / s", "1/s/s"} {
		want := `"` + in + `" is not a rate; write events and a time: 100/s, 5/m, 1000/h, 10/5s`
		if got, err := tag.Rate(in); got != 0 || err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v; want %s", in, got, err, want)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"1": 1, "200": 200} {
		if got, err := tag.Count(in); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "0", "-1", "+1", "1.5", "1e3", "1_0", " 1", "9223372036854775808"} {
		want := `"` + in + `" is not a count; write a whole number from 1 up`
		if got, err := tag.Count(in); got != 0 || err == nil || err.Error() != want {
			t.Errorf("%q: %d, %v; want %s", in, got, err, want)
		}
	}
}

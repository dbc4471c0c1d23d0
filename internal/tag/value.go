package tag

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Duration reads a duration with its units; zero is "0s".
func Duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || text == "0" || text[0] == '+':
		return 0, fmt.Errorf("%q is not a duration; write it with units: 300ms, 2s, 1h30m", text)
	case text[0] == '-':
		return 0, fmt.Errorf("duration %q is negative; write 300ms, 2s, 1h30m", text)
	}
	return d, nil
}

// Size reads a number of bytes with its unit: 100B, 512KiB, 4MiB, 1GiB.
func Size(text string) (int64, error) {
	number, shift, ok := cutUnit(text)
	n, err := strconv.ParseUint(number, 10, 63)
	if !ok || err != nil || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is not a size; write it with a unit: 100B, 512KiB, 4MiB, 1GiB", text)
	}
	return int64(n) << shift, nil
}

func cutUnit(text string) (number string, shift int, ok bool) {
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			return number, 10 * (i + 1), true
		}
	}
	number, ok = strings.CutSuffix(text, "B")
	return number, 0, ok
}

// Rate reads so many events in so much time, and gives events in a second: 100/s, 5/m, 1000/h, 10/5s. It is above zero.
func Rate(text string) (float64, error) {
	events, per, _ := strings.Cut(text, "/")
	if slices.Contains([]string{"ms", "s", "m", "h"}, per) {
		per = "1" + per
	}
	n, err := Count(events)
	d, errPer := Duration(per)
	if err != nil || errPer != nil || d == 0 {
		return 0, fmt.Errorf("%q is not a rate; write events and a time: 100/s, 5/m, 1000/h, 10/5s", text)
	}
	return float64(n) / d.Seconds(), nil
}

// Count reads a whole number from 1 up.
func Count(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, strconv.IntSize-1)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a count; write a whole number from 1 up", text)
	}
	return int(n), nil
}

package timeout

import (
	"fmt"
	"math"
	"time"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// Key is the rule that says how long an RPC of a method may take: timeout=300ms, timeout=2s, timeout=1h30m, or
// timeout=none for no limit. The option form is timeout.Key.Set(2 * time.Second).
var Key = framework.NewKey("timeout", parse).WithText(written)

// None is no limit: timeout.Key.Set(timeout.None) says what the tag timeout=none does.
const None time.Duration = math.MaxInt64

func parse(text string) (time.Duration, error) {
	if text == "none" {
		return None, nil
	}
	d, err := tag.Duration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w; or none, for no limit", err)
	case d == 0:
		return 0, fmt.Errorf("%s would end every RPC at once; write a longer time, or none for no limit", text)
	}
	return d, nil
}

// written is what a tag has for parse to read.
func written(d time.Duration) string {
	if d == None {
		return "none"
	}
	return d.String()
}

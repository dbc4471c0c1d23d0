package concurrency

import (
	"fmt"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// Key is the rule that says how many RPCs of a method there may be at once: concurrent=200. The option form is
// concurrency.Key.Set(200).
var Key = framework.NewKey("concurrent", tag.Count)

// check is for values that no tag gave.
func check(limit int) error {
	if limit <= 0 {
		return fmt.Errorf("concurrent=%d would refuse every RPC; set a whole number from 1 up", limit)
	}
	return nil
}

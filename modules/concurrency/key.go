package concurrency

import (
	"strconv"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// Key is the rule that says how many RPCs of a method there may be at once: concurrent=200. The option form is
// concurrency.Key.Set(200).
var Key = framework.NewKey("concurrent", tag.Count).WithText(strconv.Itoa)

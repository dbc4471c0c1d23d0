// Command tagvet is the analyzer of package tagvet with the rule keys of this repository's modules.
//
//	go install github.com/sluice-go/sluice/framework/tagvet/cmd/tagvet@latest
//	go vet -vettool=$(which tagvet) ./...
//	tagvet -fix ./...
//
// As a vettool it is fast: the go command runs it a package at a time and remembers what it said. By itself it loads all
// packages from source, and can write its fixes. An app whose interceptors have rule keys of their own builds the same
// command with these, in three lines.
package main

import (
	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/sluice-go/sluice/framework/tagvet"
	"github.com/sluice-go/sluice/modules/auth"
	"github.com/sluice-go/sluice/modules/breaker"
	"github.com/sluice-go/sluice/modules/concurrency"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/ratelimit"
	"github.com/sluice-go/sluice/modules/retry"
	"github.com/sluice-go/sluice/modules/timeout"
)

func main() {
	singlechecker.Main(tagvet.New(
		auth.Allow, auth.Require, auth.Anonymous, auth.Deny,
		breaker.Key,
		concurrency.Key,
		logging.Key,
		ratelimit.Rate, ratelimit.Burst, ratelimit.By,
		retry.Attempts, retry.On, retry.Backoff, retry.Hedge, retry.Idempotent,
		timeout.Key,
	))
}

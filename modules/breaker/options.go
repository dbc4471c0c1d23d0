package breaker

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/errmap"
)

// Options say when a circuit opens, and when it closes again. The zero value has one for each service, which five failures
// in a row open for 30 seconds.
type Options struct {
	// Per is what has a circuit where no rule says it. The zero value is PerService. With None only rules make one.
	Per Per

	// Codes are those of RPCs that failed. With any other the server has answered, which is a success here. nil means
	// UNAVAILABLE, DEADLINE_EXCEEDED and INTERNAL.
	Codes []errmap.Code

	// Failures is how many failures in a row open a circuit. 0 means 5, or where Ratio is said that alone.
	Failures int

	// Ratio is the part of RPCs, above 0 to 1, that have failed when a circuit opens, of those that ended in the Window if
	// these were MinRequests or more. 0 means none.
	Ratio float64

	// Window is the time that Ratio looks back, in tenths. 0 means 10 seconds.
	Window time.Duration

	// MinRequests is how many RPCs have to end in the Window for Ratio to count. 0 means 20.
	MinRequests int

	// OpenFor is how long a circuit stays open before it is probed. 0 means 30 seconds.
	OpenFor time.Duration

	// HalfOpen is how many RPCs probe a circuit, at once or one after the other. All of them have to succeed. 0 means 1.
	HalfOpen int

	// OnChange is told when a circuit changes, on the goroutine of an RPC that sees it, which waits for it. For one circuit
	// it is called in order, one at a time; for several concurrently. It may call States. nil tells nobody.
	OnChange func(place Place, from, to gobreaker.State)
}

// Five in a row and 30 seconds are what Envoy ejects a host for, 20 RPCs in 10 seconds are Hystrix's, one probe is gobreaker's.
const (
	defaultFailures    = 5
	defaultWindow      = 10 * time.Second
	defaultMinRequests = 20
	defaultOpenFor     = 30 * time.Second
	defaultHalfOpen    = 1

	minWindow   = 10 * time.Millisecond
	maxHalfOpen = 1000
)

func (o Options) check() (errs []error) {
	if !o.Per.known() {
		errs = append(errs, fmt.Errorf("breaker: Options.Per is %d; take PerService, PerMethod or None", int(o.Per)))
	}
	if o.Codes != nil && len(o.Codes) == 0 {
		errs = append(errs, fmt.Errorf("breaker: Options.Codes is empty, so nothing would fail; name codes, or leave it nil"))
	}
	if bad := slices.IndexFunc(o.Codes, func(c errmap.Code) bool { return !isFailure(codes.Code(c)) }); bad >= 0 {
		errs = append(errs, fmt.Errorf("breaker: Options.Codes: %d is no code of a failure; take the constants of errmap", o.Codes[bad]))
	}
	if o.Failures < 0 || o.Failures > math.MaxInt32 {
		errs = append(errs, fmt.Errorf("breaker: Options.Failures is %d; it is a number of failures in a row, 0 for %d", o.Failures, defaultFailures))
	}
	errs = append(errs, o.checkRatio()...)
	if o.OpenFor < 0 {
		errs = append(errs, fmt.Errorf("breaker: Options.OpenFor is %s; it is the time before a probe, 0 for %s", o.OpenFor, defaultOpenFor))
	}
	if o.HalfOpen < 0 || o.HalfOpen > maxHalfOpen {
		errs = append(errs, fmt.Errorf("breaker: Options.HalfOpen is %d; it is a number of probes from 1 to %d, 0 for %d", o.HalfOpen, maxHalfOpen, defaultHalfOpen))
	}
	return errs
}

func (o Options) checkRatio() (errs []error) {
	if !(o.Ratio >= 0 && o.Ratio <= 1) { // nor a NaN
		errs = append(errs, fmt.Errorf("breaker: Options.Ratio is %v; it is the part of RPCs that fail, above 0 to 1, 0 for none", o.Ratio))
	}
	if o.Window != 0 && o.Window < minWindow {
		errs = append(errs, fmt.Errorf("breaker: Options.Window is %s; it is the time that Ratio looks back, from %s up, 0 for %s", o.Window, minWindow, defaultWindow))
	}
	if o.MinRequests < 0 {
		errs = append(errs, fmt.Errorf("breaker: Options.MinRequests is %d; it is a number of RPCs in the Window, 0 for %d", o.MinRequests, defaultMinRequests))
	}
	if o.Ratio == 0 && (o.Window != 0 || o.MinRequests != 0) {
		errs = append(errs, fmt.Errorf("breaker: Options.Window and MinRequests mean nothing without Options.Ratio; set that, or leave them out"))
	}
	return errs
}

// settled are the Options with everything said.
func (o Options) settled() Options {
	if o.Codes == nil {
		o.Codes = []errmap.Code{errmap.Unavailable, errmap.DeadlineExceeded, errmap.Internal}
	}
	o.Codes = slices.Clone(o.Codes)
	if o.Failures == 0 && o.Ratio == 0 {
		o.Failures = defaultFailures
	}
	orDefault(&o.Window, defaultWindow)
	orDefault(&o.MinRequests, defaultMinRequests)
	orDefault(&o.OpenFor, defaultOpenFor)
	orDefault(&o.HalfOpen, defaultHalfOpen)
	return o
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func isFailure(c codes.Code) bool { return codes.Canceled <= c && c <= codes.Unauthenticated }

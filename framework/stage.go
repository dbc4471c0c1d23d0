package framework

// Stage says where in the line an interceptor stands. Stages are sorted; inside a stage Before, After and the
// order of the parts decide. The zero value means StageApp.
type Stage string

// The stages. Server: Observe, Translate, Recover, Admit, Authenticate, Authorize, Validate, App.
// Client: App, Observe, Retry, Admit, Authenticate, Translate. The first is outermost.
//
// On a server Observe is outside Translate so that logs and metrics have the code that the client gets, and
// Translate outside Recover so that a panic is INTERNAL and its text stays inside.
const (
	StageObserve      Stage = "observe"      // logs, metrics, traces
	StageTranslate    Stage = "translate"    // errors to statuses; on a client statuses to errors
	StageRecover      Stage = "recover"      // panics to errors; server only
	StageRetry        Stage = "retry"        // attempts; client only
	StageAdmit        Stage = "admit"        // deadlines, limits, breakers
	StageAuthenticate Stage = "authenticate" // who calls; on a client credentials and metadata
	StageAuthorize    Stage = "authorize"    // what the caller may do; server only
	StageValidate     Stage = "validate"     // what a request may hold; server only
	StageApp          Stage = "app"          // everything else; innermost on a server, outermost on a client
)

// stageOrder is the one table of what stands where.
var stageOrder = [...][]Stage{
	ServerSide: {
		StageObserve, StageTranslate, StageRecover, StageAdmit,
		StageAuthenticate, StageAuthorize, StageValidate, StageApp,
	},
	ClientSide: {StageApp, StageObserve, StageRetry, StageAdmit, StageAuthenticate, StageTranslate},
}

// rank is a stage's place on a side, first is outermost; false where the side has no such stage.
func (s Stage) rank(side Side) (int, bool) {
	for i, stage := range stageOrder[side] {
		if stage == s {
			return i, true
		}
	}
	return 0, false
}

// known reports whether any side has the stage.
func (s Stage) known() bool {
	_, server := s.rank(ServerSide)
	_, client := s.rank(ClientSide)
	return server || client
}

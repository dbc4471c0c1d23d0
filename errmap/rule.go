package errmap

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"runtime"
	"time"

	"google.golang.org/protobuf/proto"
)

// A Rule says which status an error becomes. [On], [OnType], [Tagged], [OnFunc] and [Hook] make one; [New] checks it, together
// with all others. A rule is a value: it can be shared between mappers, and between goroutines. The zero Rule
// is refused by New.
type Rule struct {
	form     form
	name     string // what people call it: the sentinel's text, the type, the hook's name
	target   error
	typ      reflect.Type
	hook     HookFunc
	match    func(error) bool
	tagged   *declaration
	code     Code
	message  *string
	expose   bool
	reason   string
	domain   string
	retry    *time.Duration
	level    *slog.Level
	patterns []string
	scoped   bool
	problems []string
	place    string

	messageOf func(subject) (string, bool)
	detailsOf func(subject) []proto.Message
	takes     []taking
}

// A taking is a function of a rule, and the type that it takes.
type taking struct {
	option string
	typ    reflect.Type
}

type form uint8

const (
	noForm form = iota
	sentinelForm
	typeForm
	taggedForm
	predicateForm
	hookForm
)

// On maps a sentinel: an error value that code compares with ==, such as sql.ErrNoRows. It also claims errors
// whose Is method accepts the sentinel, as that of syscall.Errno accepts fs.ErrNotExist.
//
// The client reads the sentinel's own text, a constant that its author wrote; give [Message] where that is not
// fit for clients, as with most third-party ones. It never reads the text of the error that was matched.
func On(target error, c Code, o ...RuleOption) Rule {
	r := Rule{form: sentinelForm, target: target, code: c, name: "nil", place: caller()}
	if target != nil && !typedNil(target) {
		r.name = target.Error()
	}
	return r.with(o)
}

// OnType maps every error of a type. A concrete type is matched exactly, T and *T alike, with a rule for the
// exact one first. An interface matches every error that implements it; of several the one with the most
// methods wins, so that a refined interface goes before the one it refines; of equals the first by name.
//
// The client reads the code's default text, unless [Message] or [ExposeText] says otherwise.
func OnType[E error](c Code, o ...RuleOption) Rule {
	t := reflect.TypeFor[E]()
	r := Rule{form: typeForm, typ: t, code: c, name: t.String(), place: caller()}
	return r.with(o)
}

// OnFunc maps every error that a predicate holds for. Predicates come last: they are asked, in the order of their
// names, about the whole error, when nothing in its tree was claimed. A predicate that looks inside, with errors.Is, would
// otherwise go before every rule for what it finds there.
//
// The client reads the code's default text, unless [Message], [MessageFunc] or [ExposeText] says otherwise. match may be
// called concurrently. A panic in it is a defect, INTERNAL.
func OnFunc(name string, match func(error) bool, c Code, o ...RuleOption) Rule {
	r := Rule{form: predicateForm, name: name, match: match, code: c, place: caller()}
	return r.with(o)
}

// A HookFunc looks at the error of a failed RPC before any rule does. It returns nil when the error is not its
// own, and mapping goes on; any other error is mapped in place of the first, which stays in the cause. A hook
// can not turn an error into success: an error whose status is OK is a defect, INTERNAL, as is a panic.
//
// fullMethod is "/pkg.Service/Method", or what was given to [Mapper.Error]. A HookFunc may be called
// concurrently. It sees neither panics nor errors that another mapper has mapped.
type HookFunc func(ctx context.Context, fullMethod string, err error) error

// Hook makes a rule of a function. Hooks run in the order of their names, which are unique within a mapper,
// until one returns an error.
func Hook(name string, f HookFunc) Rule {
	return Rule{form: hookForm, name: name, hook: f, place: caller()}
}

func (r Rule) with(options []RuleOption) Rule {
	for _, o := range options {
		if o == nil {
			r.problems = append(r.problems, "a nil RuleOption was given")
			continue
		}
		o.apply(&r)
	}
	return r
}

// String describes a rule for errors: On("order not found") at rules.go:12.
func (r Rule) String() string {
	switch r.form {
	case sentinelForm:
		return fmt.Sprintf("On(%q) at %s", r.name, r.place)
	case typeForm:
		return fmt.Sprintf("OnType[%s] at %s", r.name, r.place)
	case taggedForm:
		return fmt.Sprintf("Tagged[%s] at %s", r.name, r.place)
	case predicateForm:
		return fmt.Sprintf("OnFunc(%q) at %s", r.name, r.place)
	case hookForm:
		return fmt.Sprintf("Hook(%q) at %s", r.name, r.place)
	}
	return "Rule{}"
}

// caller is where the function that asks was called, as file:line.
func caller() string {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return "unknown place"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

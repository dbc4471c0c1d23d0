package framework

import (
	"errors"
	"fmt"
	"strings"
)

// A Key is a rule key that an interceptor understands, with values of type T: "timeout", "rate". A package has one for
// each of its rules, in a variable; it lists them in its Placement and reads them in Bind. What a policy says by tag
// and what Rules says by Set come to the same.
//
// A Key is immutable and safe for concurrent use. The zero Key is none, and is refused where it is listed.
type Key[T any] struct{ *key }

// key is a Key without its type. Its address is its identity: two packages can have keys of one name.
type key struct {
	name  string
	parse func(value string) (any, error)
	text  func(value any) string // nil for fmt.Sprint
}

// AnyKey is a Key[T] of any T.
type AnyKey interface {
	Name() string
	identity() *key
}

// NewKey makes a key. Its name is what tags call it: letters, digits and ._- are allowed. parse reads what a tag gives, ""
// where it gives no value, as "anonymous" does; its error should name the cure. It is called once for each rule,
// when a chain is made.
func NewKey[T any](name string, parse func(value string) (T, error)) Key[T] {
	k := &key{name: name}
	if parse != nil {
		k.parse = func(value string) (any, error) { return parse(value) }
	}
	return Key[T]{k}
}

// WithText is the key with a function that writes values as tags have them, "" for a value that a tag says without any:
// by it Explain shows what Set was given as it shows a tag, and a value that parse would refuse is refused, where it
// was set. Without it a value is shown as fmt prints it.
func (k Key[T]) WithText(text func(value T) string) Key[T] {
	if k.key == nil || text == nil {
		return k
	}
	written := *k.key
	written.text = func(value any) string { return text(value.(T)) }
	return Key[T]{&written}
}

// Errorf is an error about the rule that Of gave, for Bind to return: it names the rule's place. Where nothing is said
// it names the key alone.
func (k Key[T]) Errorf(m MethodInfo, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if m.rules != nil && m.rules.keys[k.key] != nil {
		if r := m.rules.keys[k.key].rule; r != nil {
			return &ruleError{r.errorAt(r.setting.at, "%s of %s: %w", r.setting.name, m.Method, err)}
		}
	}
	return fmt.Errorf("%s: %w", k.Name(), err)
}

// A ruleError says itself where it is from.
type ruleError struct{ error }

func (e *ruleError) Unwrap() error { return e.error }

// Name is what tags and Explain call the key.
func (k *key) Name() string {
	if k == nil {
		return ""
	}
	return k.name
}

func (k *key) identity() *key { return k }

// Of is what the rules say of a method, false where they say nothing. It is for Bind, and for what Bind keeps: m must be
// the MethodInfo that Bind was given. A key that the interceptor's Placement does not list reads nothing, and fails
// the method.
func (k Key[T]) Of(m MethodInfo) (T, bool) {
	v, ok := m.rules.read(k.key)
	t, _ := v.(T)
	return t, ok
}

// Set is the option form of a tag: Rules("Orders/Get", timeout.Key.Set(time.Second)) says what a policy struct's
// `grpc:"Get,timeout=1s"` says.
func (k Key[T]) Set(v T) Setting {
	text := fmt.Sprint(v)
	if k.key != nil && k.text != nil {
		text = k.text(v)
	}
	return Setting{key: k.key, value: v, text: text}
}

// Parse is the setting that a tag says with that text, for PolicyFrom and for loaders of rules. The text is "" for a
// key that takes no value.
func (k Key[T]) Parse(text string) (Setting, error) {
	if err := k.flaw(); err != nil {
		return Setting{}, err
	}
	s := ruleSetting{text: text}
	v, err := s.value(k.key)
	if err != nil {
		return Setting{}, fmt.Errorf("%s: %w", k.name, err)
	}
	return Setting{key: k.key, value: v, text: text}, nil
}

// A Setting is a key with a value, for Rules and PolicyFrom. The zero Setting is refused.
type Setting struct {
	key   *key
	value any
	text  string // as a tag has it
	link  string
}

// For makes the setting one for the named link alone, where several of a chain read the key: in tags "tenants.rate=10/s".
func (s Setting) For(link string) Setting {
	s.link = link
	return s
}

// String is "rate=10/s", with the link's name in front where there is one.
func (s Setting) String() string {
	if s.text == "" {
		return s.name()
	}
	return s.name() + "=" + s.text
}

// name is the key's, with the name of the link that the setting is for.
func (s Setting) name() string {
	if s.link == "" {
		return s.key.Name()
	}
	return s.link + "." + s.key.Name()
}

// flaw says what is wrong with a key.
func (k *key) flaw() error {
	switch {
	case k == nil:
		return errors.New("a key is the zero Key; make it with NewKey")
	case !validKeyName(k.name):
		return fmt.Errorf("key %q: letters, digits and ._- are allowed in its name", k.name)
	case k.parse == nil:
		return fmt.Errorf("key %q has no function that parses its values; give NewKey one", k.name)
	}
	return nil
}

func validKeyName(name string) bool { return validName(name) && !strings.ContainsAny(name, "#/") }

// readings is what one link may read of the rules of one method. It is written while the link is bound, and then only read.
type readings struct {
	keys   map[*key]*reading // those that the link lists
	strays []string          // names of keys that it read without listing them
	outer  []boundLink       // that stand outside of it on the method
	bound  bool
	failed bool // Bind did
}

// A reading is the rule of one key, if there is one, and whether the link looked.
type reading struct {
	rule *methodRule // nil: nothing is said
	done bool
}

func (r *readings) read(k *key) (any, bool) {
	if r == nil || k == nil {
		return nil, false
	}
	found, listed := r.keys[k]
	if !r.bound {
		r.note(k, found)
	}
	if !listed || found.rule == nil {
		return nil, false
	}
	return found.rule.value, true
}

func (r *readings) note(k *key, found *reading) {
	if found == nil {
		r.strays = append(r.strays, k.name)
		return
	}
	found.done = true
}

// flawOf says what is wrong with a key that a Placement lists.
func flawOf(k AnyKey) error {
	if isNil(k) {
		return errors.New("it is nil; list keys made by NewKey")
	}
	return k.identity().flaw()
}

// CheckValue says what is wrong with the value that a tag gives a key, "" where it gives none, and nil for nothing. It is
// for tools that read declarations from outside; a chain finds out by itself.
func CheckValue(k AnyKey, value string) error {
	if err := flawOf(k); err != nil {
		return err
	}
	s := ruleSetting{text: value}
	_, err := s.value(k.identity())
	return err
}

package tag

import (
	"slices"
	"strings"
)

// A Role is a place where a grpc tag may stand, with all that it may say there.
type Role struct {
	Name    string   // "a chain's own line"
	Opens   string   // of a struct's own line: the name of the first item, by which the kind of struct is known
	First   Option   // the first item; where Opens is "" its name is what the form is about, and it has no value
	Options []Option // the items after it; where there is no First, all of them
	Open    bool     // others may stand there too, which are other people's
}

// listed reports whether the first item is an option like the others.
func (r Role) listed() bool { return r.First.Name == "" }

// An Option is an item that a tag may have.
type Option struct {
	Name  string
	Form  Form
	OneOf []string // the words that may stand; beside another form, words that may stand in its place
	Doc   string   // one sentence
	Same  string   // the Go option of the same meaning, "framework.On"; "" for none
}

// A Form is how the value of an option reads.
type Form uint8

// The forms. A name or a pattern that may be missing has "?" in front. No word stands twice in a list.
const (
	FormFlag     Form = iota // no value: the option is there or it is not
	FormText                 // anything
	FormWord                 // one word
	FormWords                // a list of words
	FormOneOf                // one of the option's words
	FormName                 // letters, digits and ._-#/
	FormNames                // a list of names
	FormPattern              // selects methods; what it means is not checked here
	FormPatterns             // a list of patterns
	FormServices             // a list of full names of services
	FormDuration             // 300ms, 2s, 1h30m
	FormKey                  // a key such as orderId, which may be left out with its "="
)

// String says what the value is.
func (f Form) String() string {
	return [...]string{
		FormFlag:     "no value",
		FormText:     "text",
		FormWord:     "a word",
		FormWords:    "words, spaces between them",
		FormOneOf:    "a word",
		FormName:     "a name",
		FormNames:    "names, spaces between them",
		FormPattern:  "a pattern",
		FormPatterns: "patterns, spaces between them",
		FormServices: "services, spaces between them",
		FormDuration: "a duration, such as 300ms",
		FormKey:      "a key, such as orderId; or no value",
	}[f]
}

// value says what the option's value is.
func (o Option) value() string {
	switch {
	case o.Form == FormOneOf:
		return either(o.OneOf)
	case len(o.OneOf) > 0:
		return o.Form.String() + "; or " + either(o.OneOf)
	}
	return o.Form.String()
}

// either lists words: a, b or c.
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// option is the role's option of that name.
func (r Role) option(name string) (Option, bool) {
	i := slices.IndexFunc(r.Options, func(o Option) bool { return o.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return r.Options[i], true
}

func (r Role) names() []string {
	names := make([]string, len(r.Options))
	for i, o := range r.Options {
		names[i] = o.Name
	}
	return names
}

// ChainLine is the own line of a chain struct.
func ChainLine() Role {
	return Role{
		Name: "a chain's own line", Opens: "chain",
		First: Option{Name: "chain", Form: FormOneOf, OneOf: []string{"server", "client"}, Doc: "The side that the links stand on."},
		Options: []Option{
			{Name: "servers", Form: FormNames, Doc: "The servers that get the links.", Same: "fxgrpc.OnServers"},
			{Name: "clients", Form: FormNames, Doc: "The clients that get the links.", Same: "fxgrpc.OnClients"},
			{Name: "service", Form: FormServices, Doc: "The links stand on these services only.", Same: "framework.ForService"},
			{
				Name: "inherit", Form: FormOneOf, OneOf: []string{"outer", "stage", "none"}, Same: "framework.Inherit",
				Doc: "How the links stand to those of the whole chain: inside all of them (outer, the default), among them by stage, or in their place (none).",
			},
			{Name: "without", Form: FormNames, Doc: "Inherited links that are left out for these services.", Same: "framework.WithoutLinks"},
		},
	}
}

// ChainField is a field of a chain struct.
func ChainField() Role {
	return Role{
		Name:  "a link of a chain",
		First: Option{Name: "name", Form: FormName, Doc: "The link's name; ?name for a slice that may be empty.", Same: "framework.Name"},
		Options: []Option{
			{Name: "stage", Form: FormWord, Doc: "The stage that the link stands in.", Same: "framework.At"},
			{Name: "on", Form: FormPatterns, Doc: "The methods that the link stands on; all where nothing is said.", Same: "framework.On"},
			{Name: "except", Form: FormPatterns, Doc: "Methods that the link does not stand on.", Same: "framework.Except"},
			{Name: "before", Form: FormNames, Doc: "Links that stand inside of this one.", Same: "framework.Before"},
			{Name: "after", Form: FormNames, Doc: "Links that stand outside of this one.", Same: "framework.After"},
			{Name: "when", Form: FormName, Doc: "The condition under which the link stands at all.", Same: "framework.If"},
			{Name: "unary", Form: FormFlag, Doc: "The link stands on unary methods only, on purpose.", Same: "framework.UnaryOnly"},
		},
	}
}

// PolicyLine is the own line of a policy struct.
func PolicyLine() Role {
	return Role{
		Name: "a policy's own line", Opens: "service",
		First: Option{
			Name: "service", Form: FormServices, OneOf: []string{"*"},
			Doc: "The services whose methods the rules are for; * is every service of the server.",
		},
		Options: []Option{
			{
				Name: "default", Form: FormOneOf, OneOf: []string{"deny", "allow"},
				Doc: "Whether a method that no rule allows or denies fails the start (deny, the default) or is open.",
			},
			{Name: "servers", Form: FormNames, Doc: "The servers that the policy is for.", Same: "fxgrpc.OnServers"},
			{Name: "clients", Form: FormNames, Doc: "The clients that the policy is for.", Same: "fxgrpc.OnClients"},
		},
	}
}

// RuleField is a field of a policy struct.
func RuleField() Role {
	return Role{
		Name: "a rule of a policy", Open: true,
		First: Option{
			Name: "method", Form: FormPattern, Same: "framework.Rules",
			Doc: "A method of the policy's services, Get* for all that begin so, * for all; with service=* a whole pattern.",
		},
	}
}

// HeadersLine is the own line of a struct of request metadata.
func HeadersLine() Role {
	return Role{
		Name: "a headers struct's own line", Opens: "headers",
		First: Option{Name: "headers", Form: FormFlag, Doc: "The struct's fields are request metadata."},
	}
}

// HeadersField is a field of a struct of request metadata.
func HeadersField() Role {
	return Role{
		Name:  "a header",
		First: Option{Name: "key", Form: FormWord, Doc: "The metadata key."},
		Options: []Option{
			{Name: "required", Form: FormFlag, Doc: "A request without it is refused."},
			{Name: "default", Form: FormText, Doc: "The value where the request has none."},
			{Name: "oneof", Form: FormWords, Doc: "The values that it may have."},
		},
	}
}

// Roles are all of them, each struct's own line before its fields.
func Roles() []Role {
	return []Role{
		ChainLine(), ChainField(), PolicyLine(), RuleField(), HeadersLine(), HeadersField(),
		ErrorLine(), ErrorField(), ErrorPart(),
	}
}

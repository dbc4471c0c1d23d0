package tag

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Items is a tag that was read as a role says.
type Items struct {
	First   Item // as it stands, right or wrong; its name is "" where there is nothing to read
	options []Item
	rest    []Item
}

// Get is the option of that name, if it is there without a mistake. Options of others are not among them.
func (i Items) Get(name string) (Item, bool) {
	at := slices.IndexFunc(i.options, func(item Item) bool { return item.Name == name })
	if at < 0 {
		return Item{}, false
	}
	return i.options[at], true
}

// Rest are the items that the role leaves to others, in order.
func (i Items) Rest() []Item { return i.rest }

// Read holds a field's tag against the role. Of no field, and of one without a tag or with a flaw in its first item,
// there is nothing to read.
func (r Role) Read(s *Struct, f *Field) (Items, []*Error) {
	if f == nil || len(f.Tag.Items) == 0 {
		return Items{}, nil
	}
	d := reader{role: r, at: s.At(f, 0, ""), items: Items{First: f.Tag.First()}}
	switch {
	case r.listed():
		d.options(f.Tag.Items)
	case d.first(d.items.First):
		d.options(f.Tag.Items[1:])
	}
	return d.items, d.errs
}

type reader struct {
	role  Role
	at    Position
	items Items
	errs  []*Error
}

func (d *reader) errorf(offset int, format string, args ...any) {
	d.errs = append(d.errs, d.at.To(offset).Errorf(format, args...))
}

func (d *reader) flaws(flaws []Flaw) {
	for _, flaw := range flaws {
		d.errorf(flaw.Offset, "%s", flaw.Problem)
	}
}

// first checks the first item; false where it is not known what the others mean.
func (d *reader) first(item Item) bool {
	r := d.role
	switch {
	case r.Opens == "" && item.HasValue && item.Name == r.First.Name:
		d.errorf(item.Offset, "the first item is the %s itself; write %s alone", r.First.Name, item.Value)
	case r.Opens == "" && item.HasValue:
		d.errorf(item.Offset, "the first item is the %s and has no value; write %s,%s", r.First.Name, r.First.Name, item)
	case r.Opens == "":
		d.flaws(r.First.flaws(Item{Name: r.First.Name, Value: item.Name, HasValue: true, start: item.Offset}))
	case item.Name != r.Opens:
		d.errorf(item.Offset, "%s begins with %q, not with %q%s", r.Name, r.Opens, item.Name, opener(item.Name, r.Opens))
		return false
	default:
		d.flaws(r.First.flaws(item))
	}
	return true
}

// opener says what a name is that should have been what opens a struct's own line.
func opener(name, wanted string) string {
	for _, r := range Roles() {
		if r.Opens == name {
			return fmt.Sprintf(", which begins %s", r.Name)
		}
	}
	if nearest(name, []string{wanted}) != "" {
		return Suggest(name, []string{wanted})
	}
	return ""
}

// options checks what follows the first item, or all.
func (d *reader) options(items []Item) {
	seen := map[string]bool{d.role.Opens: true}
	for _, item := range items {
		o, known := d.role.option(item.Name)
		flaws := o.flaws(item)
		switch {
		case seen[item.Name]:
			d.errorf(item.Offset, "%q stands twice; %s", item.Name, o.once())
		case known && len(flaws) == 0:
			d.items.options = append(d.items.options, item)
		case known:
			d.flaws(flaws)
		case d.role.Open:
			d.items.rest = append(d.items.rest, item)
		default:
			d.errorf(item.Offset, "unknown option %q%s", item.Name, d.suggest(item.Name))
		}
		seen[item.Name] = true
	}
}

func (d *reader) suggest(name string) string {
	if len(d.role.Options) == 0 {
		return fmt.Sprintf("; %s has none, remove it", d.role.Name)
	}
	return Suggest(name, d.role.names())
}

// once is how to say an option once that stands twice.
func (o Option) once() string {
	if o.isList() {
		return fmt.Sprintf("write all in one, %s=a b", o.Name)
	}
	return "keep one"
}

func (o Option) isList() bool {
	return slices.Contains([]Form{FormWords, FormNames, FormPatterns, FormServices}, o.Form)
}

// flaws are what is wrong with the value of an option.
func (o Option) flaws(item Item) []Flaw {
	switch {
	case o.Form == FormFlag && item.HasValue:
		return flaw(item.At(0), "%q takes no value; write it alone", item.Name)
	case o.Form == FormFlag:
		return nil
	case o.Form == FormKey:
		return key(item)
	case !item.HasValue:
		return flaw(item.Offset, "%q needs a value, %s=…: %s", item.Name, item.Name, o.value())
	case slices.Contains(o.OneOf, item.Value) || o.Form == FormText:
		return nil
	case o.Form == FormOneOf:
		return flaw(item.At(0), "unknown value %q of %q%s", item.Value, item.Name, Suggest(item.Value, o.OneOf))
	case o.Form == FormDuration:
		return o.duration(item)
	}
	return o.words(item)
}

func flaw(offset int, format string, args ...any) []Flaw {
	return []Flaw{{offset, fmt.Sprintf(format, args...)}}
}

// keyForm is that of keys in a google.rpc.ErrorInfo.
var keyForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9_-]{1,63}$`)

// IsKey reports whether a text can be a key of a google.rpc.ErrorInfo.
func IsKey(text string) bool { return keyForm.MatchString(text) }

func key(item Item) []Flaw {
	if item.HasValue && !IsKey(item.Value) {
		return flaw(item.At(0), "%q is not a key; write 2 to 64 letters, digits, _ and -, a small letter first", item.Value)
	}
	return nil
}

func (o Option) duration(item Item) []Flaw {
	if _, err := Duration(item.Value); err != nil {
		return flaw(item.At(0), "%s", err)
	}
	return nil
}

// words checks a value that is a word or a list of them.
func (o Option) words(item Item) (flaws []Flaw) {
	words := item.Words()
	if len(words) == 0 {
		return flaw(item.At(0), emptyValue, item.Name)
	}
	if len(words) > 1 && !o.isList() {
		return flaw(words[1].Offset, "%q takes one word; remove %q", item.Name, words[1].Text)
	}
	seen := map[string]bool{}
	for _, word := range words {
		sense := o.sense(word.Text)
		switch problem := o.word(sense); {
		case seen[sense]:
			flaws = append(flaws, flaw(word.Offset, "%q stands twice in %q; keep one", sense, item.Name)...)
		case problem != "":
			flaws = append(flaws, flaw(word.Offset, "%q %s", word.Text, problem)...)
		}
		seen[sense] = true
	}
	return flaws
}

// sense is a word without the mark of one that may be missing.
func (o Option) sense(word string) string {
	if o.Form == FormWord || o.Form == FormWords {
		return word
	}
	return strings.TrimPrefix(word, "?")
}

// word says what is wrong with one, or "".
func (o Option) word(word string) string {
	switch {
	case (o.Form == FormName || o.Form == FormNames) && !isName(word):
		return "is not a name; letters, digits and ._-#/ may stand in one"
	case o.Form == FormServices && !isService(word):
		return "is not a service; write its full name, such as acme.orders.v1.Orders" + orAlone(o.OneOf)
	}
	return ""
}

func orAlone(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return fmt.Sprintf(", or %s alone", either(words))
}

func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("._-#/", r) && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}) < 0
}

// isService reports whether dots part a text that no pattern and no method is. Names of services need not be protobuf's.
func isService(s string) bool {
	return !strings.ContainsAny(s, "/*?") && !slices.Contains(strings.Split(s, "."), "")
}

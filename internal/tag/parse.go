package tag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Flaw is what is wrong with a text, and the cure.
type Flaw struct {
	Offset  int // in bytes; the text's length where something is missing at its end
	Problem string
}

// special is what a bare value may not hold.
const special = ",='"

// nameMarks are what a name may hold besides letters and digits.
const nameMarks = "._-/#*?"

// Parse reads what stands between the quotes of a grpc tag. What it accepts prints back to a tag of the same names and
// values. Beside flaws it gives the items without one; where the first has one it gives none, since what the
// others mean depends on it.
func Parse(text string) (Tag, []Flaw) {
	p := parser{text: text}
	switch at := invalid(text); {
	case at < len(text):
		p.flaw(at, "byte %#x is not UTF-8; remove it", text[at])
	case strings.Trim(text, " ") == "":
		p.flaw(0, `the tag is empty; write something, or "-" to leave the field out`)
	default:
		p.items()
	}
	return p.tag, p.flaws
}

// invalid is where the first byte is that is not UTF-8, or the text's length.
func invalid(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return len(text)
}

type parser struct {
	text  string
	at    int
	tag   Tag
	flaws []Flaw
}

func (p *parser) flaw(offset int, format string, args ...any) {
	if n := len(p.flaws); n > 0 && p.flaws[n-1].Offset == offset {
		return // a comma with nothing on both sides
	}
	p.flaws = append(p.flaws, Flaw{offset, fmt.Sprintf(format, args...)})
}

func (p *parser) items() {
	headless := false
	for first := true; first || p.more(); first = false {
		p.spaces()
		if item, ok := p.item(); ok {
			p.tag.Items = append(p.tag.Items, item)
		} else {
			headless = headless || first
			p.skip()
		}
	}
	if headless {
		p.tag = Tag{}
	}
}

// more steps over the comma that ended an item.
func (p *parser) more() bool {
	ended := p.at == len(p.text)
	p.at++
	return !ended
}

func (p *parser) spaces() {
	p.at = len(p.text) - len(strings.TrimLeft(p.text[p.at:], " "))
}

// skip goes to the comma after a flawed item, not to one in quotes that close.
func (p *parser) skip() {
	for p.at < len(p.text) && p.text[p.at] != ',' {
		if end := strings.IndexByte(p.text[p.at+1:], '\''); p.text[p.at] == '\'' && end >= 0 {
			p.at += end + 1
		}
		p.at++
	}
}

// until cuts off what stands before the next special byte, and steps over it.
func (p *parser) until() string {
	rest := p.text[p.at:]
	if end := strings.IndexAny(rest, special); end >= 0 {
		rest = rest[:end]
	}
	p.at += len(rest)
	return strings.TrimRight(rest, " ")
}

// next is the byte that is to be read, 0 at the end.
func (p *parser) next() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) item() (Item, bool) {
	item := Item{Offset: p.at}
	item.Name = p.until()
	if !p.name(item) {
		return item, false
	}
	if p.next() != '=' {
		return item, true
	}
	p.at++
	p.spaces()
	item.HasValue = true
	if p.next() == '\'' {
		return p.quoted(item)
	}
	return p.bare(item)
}

// name checks an item's name and what follows it.
func (p *parser) name(item Item) bool {
	bad := strings.IndexFunc(item.Name, notOfName)
	switch {
	case bad >= 0:
		r, _ := utf8.DecodeRuneInString(item.Name[bad:])
		p.flaw(item.Offset+bad, `%q is not part of a name, which has letters, digits and %s; a comma ends an option, "=" begins a value`, r, nameMarks)
	case p.next() == '\'':
		p.flaw(p.at, "a quote is not part of a name; write name='value'")
	case item.Name == "" && p.next() == '=':
		p.flaw(p.at, `no name before "="; write name=value`)
	case item.Name == "":
		p.flaw(min(p.at, strings.LastIndexByte(p.text, ',')), "nothing beside the comma; remove it")
	default:
		return true
	}
	return false
}

func notOfName(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(nameMarks, r)
}

// emptyValue is a flaw in a tag and in a list alike.
const emptyValue = "%q has an empty value; write one, or leave the option out"

func (p *parser) bare(item Item) (Item, bool) {
	item.start = p.at
	item.Value = p.until()
	bad := strings.IndexFunc(item.Value, unprintable)
	switch {
	case bad >= 0:
		r, _ := utf8.DecodeRuneInString(item.Value[bad:])
		p.flaw(item.start+bad, "%U in the value of %q is unprintable; remove it, or put the value in single quotes", r, item.Name)
	case p.next() == '\'':
		p.flaw(p.at, "a quote inside the value of %q; put the value in single quotes, and write this one twice", item.Name)
	case p.next() == '=':
		p.flaw(p.at, `"=" inside the value of %q; put the value in single quotes, or a comma before the next option`, item.Name)
	case item.Value == "":
		p.flaw(item.start, emptyValue, item.Name)
	default:
		return item, true
	}
	return item, false
}

func (p *parser) quoted(item Item) (Item, bool) {
	open := p.at
	p.at++
	item.start, item.quoted = p.at, true
	end := closing(p.text[p.at:])
	if end < 0 {
		p.flaw(open, "the quoted value of %q does not end; close it with a single quote", item.Name)
		p.at = len(p.text)
		return item, false
	}
	item.Value = strings.ReplaceAll(p.text[p.at:p.at+end], "''", "'")
	p.at += end + 1
	p.spaces()
	switch {
	case p.at < len(p.text) && p.next() != ',':
		r, _ := utf8.DecodeRuneInString(p.text[p.at:])
		p.flaw(p.at, "%q after the quoted value of %q; put a comma before it, or write quotes inside the value twice", r, item.Name)
	case item.Value == "":
		p.flaw(open, emptyValue, item.Name)
	default:
		return item, true
	}
	return item, false
}

// closing is where the quote stands that closes a value, or -1.
func closing(text string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\'':
		case strings.HasPrefix(text[i+1:], "'"):
			i++
		default:
			return i
		}
	}
	return -1
}

package tag

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const ownKey = "grpc"

// lookup is reflect.StructTag.Lookup for our key that says, besides, what keeps reflect from reading it: reflect stops
// without a word at the first key it can not read.
func lookup(raw string) (text string, found bool, problem string) {
	if !strings.Contains(raw, ownKey) {
		return "", false, ""
	}
	pairs, rest := split(raw)
	var ours []pair
	disguised := ""
	for _, p := range pairs {
		if p.key == ownKey {
			ours = append(ours, p)
		} else if isDisguised(p.key) {
			disguised = p.key
		}
	}
	if len(ours) == 0 {
		return "", false, unread(raw, rest, disguised)
	}
	text, err := strconv.Unquote(ours[0].quoted)
	switch {
	case err != nil:
		return "", false, unreadable(raw, badQuotes(ours[0].quoted))
	case len(ours) > 1 || disguised != "" || mentions(rest):
		return text, true, fmt.Sprintf("the key %s stands in the tag twice, and reflect reads the first; write all into one", ownKey)
	case rest != "": // what may have been a part of our value, or optional:"true"
		return text, true, unreadable(raw, stop(rest))
	}
	return text, true, ""
}

// A pair is a key with its value, still quoted.
type pair struct{ key, quoted string }

// split takes a raw tag apart as reflect does. rest is what reflect does not come to.
func split(raw string) (pairs []pair, rest string) {
	for rest = strings.TrimLeft(raw, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		key := rest[:keyEnd(rest)]
		value, ok := strings.CutPrefix(rest[len(key):], ":")
		end := valueEnd(value)
		if key == "" || !ok || end < 0 {
			return pairs, rest
		}
		pairs = append(pairs, pair{key, value[:end]})
		rest = value[end:]
	}
	return pairs, ""
}

func keyEnd(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == ':' || r == '"' || r == 0x7f })
	if end < 0 {
		return len(s)
	}
	return end
}

// valueEnd is where a quoted value ends, or -1 where it does not begin or end.
func valueEnd(s string) int {
	if !strings.HasPrefix(s, `"`) {
		return -1
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// isDisguised reports whether a key is ours but for a separator in front, which reflect takes for a part of the key.
func isDisguised(key string) bool {
	before, ok := strings.CutSuffix(key, ownKey)
	return ok && before != "" && strings.ContainsRune(",;|&+", rune(before[len(before)-1]))
}

// mentions reports whether our key stands in a text, well written or not.
func mentions(s string) bool {
	for {
		_, after, ok := strings.Cut(s, ownKey)
		if !ok {
			return false
		}
		if mark := strings.TrimLeft(after, " \t"); strings.HasPrefix(mark, ":") || strings.HasPrefix(mark, "=") {
			return true
		}
		s = after
	}
}

// unread says why reflect does not find our key, or "" where it is not there.
func unread(raw, rest, disguised string) string {
	switch {
	case disguised != "":
		return unreadable(raw, fmt.Sprintf("reflect takes %q for a key; write one space between keys, and nothing else", disguised))
	case rest != "" && mentions(raw):
		return unreadable(raw, stop(rest))
	}
	return ""
}

func unreadable(raw, why string) string {
	return fmt.Sprintf("reflect can not read the tag %#q: %s", raw, why)
}

const white = " \t\r\n"

// stop says what reflect stopped at.
func stop(rest string) string {
	key := rest[:keyEnd(rest)]
	after := rest[len(key):]
	value, colon := strings.CutPrefix(after, ":")
	switch {
	case key == "" && !strings.ContainsAny(after[:1], `:"`):
		return fmt.Sprintf("%s between keys; write the tag on one line, with one space between keys", controlName(after[0]))
	case key == "":
		return fmt.Sprintf(`%q where a key begins; write key:"value", and look for a quote too many or too few before it`, after[0])
	case !colon && strings.HasPrefix(strings.TrimLeft(after, white), ":"):
		return fmt.Sprintf(`white space after %q; write %s:"value" without it`, key, key)
	case !colon:
		return fmt.Sprintf(`no ":" after %q; write key:"value", and look for a quote too many or too few before it`, key)
	case strings.HasPrefix(value, `"`):
		return fmt.Sprintf(`the value of %q does not end; close it with a double quote`, key)
	case strings.TrimLeft(value, white) != value:
		return fmt.Sprintf(`white space after %q; write %s:"value" without it`, key+":", key)
	}
	return fmt.Sprintf(`the value of %q is not in double quotes; write %s:"value"`, key, key)
}

func controlName(c byte) string {
	switch c {
	case '\n':
		return "a newline"
	case '\t':
		return "a tab"
	}
	return fmt.Sprintf("control character %#x", c)
}

// badQuotes says why a quoted value is none to Go.
func badQuotes(quoted string) string {
	if strings.Contains(quoted, "\n") {
		return "a newline inside the value; write the tag on one line"
	}
	return fmt.Sprintf("the value of %q has an escape that Go does not know; write a backslash twice", ownKey)
}

// otherKey is a key that was likely meant to be ours, or "".
func otherKey(raw string) string {
	pairs, _ := split(raw)
	i := slices.IndexFunc(pairs, func(p pair) bool {
		return p.key != ownKey && (editDistance(p.key, ownKey) <= 2 || strings.EqualFold(p.key, ownKey))
	})
	if i < 0 {
		return ""
	}
	return pairs[i].key
}

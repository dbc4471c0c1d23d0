package tagvet

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// A literal is the tag of a field as it stands in source: a Go string that holds Go strings.
//
//	`json:"a" grpc:"auth,stge=app"`    "grpc:\"auth,stge=app\""
type literal struct {
	*ast.BasicLit
	raw string // what reflect gets
}

// literal is the tag of the field, if it has one.
func (s spot) literal() (literal, bool) {
	if s.Field == nil || s.Tag == nil {
		return literal{}, false
	}
	raw, err := strconv.Unquote(s.Tag.Value)
	return literal{s.Tag, raw}, err == nil
}

// at is where a byte of the raw tag stands in source.
func (l literal) at(index int) token.Pos { return l.Pos() + token.Pos(place(l.Value, index)) }

// inside is where a byte of a pair's value stands in source.
func (l literal) inside(p pair, index int) token.Pos {
	return l.at(p.valueAt + place(p.quoted, index))
}

// place is where a byte of a Go string, or its end, stands in the literal.
func place(quoted string, index int) int {
	if quoted[0] == '`' {
		return 1 + index
	}
	at := 1
	for read := 0; read < index && at < len(quoted)-1; {
		char, multibyte, tail, err := strconv.UnquoteChar(quoted[at:], quoted[0])
		if err != nil {
			break
		}
		at = len(quoted) - len(tail)
		read++
		if multibyte {
			read += utf8.RuneLen(char) - 1
		}
	}
	return at
}

// A pair is a key of a raw tag, and its value.
type pair struct {
	key, quoted string
	at, valueAt int // in the raw tag
}

func (p pair) value() string {
	value, _ := strconv.Unquote(p.quoted)
	return value
}

var firstPair = regexp.MustCompile(`(?s)\A *([^\x00-\x20\x7f:"]+):("(?:[^\\"]|\\.)*")`)

// pairs are those of a raw tag that reflect comes to.
func pairs(raw string) (all []pair) {
	for at := 0; ; {
		m := firstPair.FindStringSubmatchIndex(raw[at:])
		if m == nil {
			return all
		}
		all = append(all, pair{raw[at+m[2] : at+m[3]], raw[at+m[4] : at+m[5]], at + m[2], at + m[4]})
		at += m[1]
	}
}

// ownPairs are the pairs with our key, of which reflect reads the first.
func ownPairs(raw string) (all []pair) {
	for _, p := range pairs(raw) {
		if p.key == ownKey {
			all = append(all, p)
		}
	}
	return all
}

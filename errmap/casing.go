package errmap

import (
	"strings"
	"unicode"
)

// words takes a Go name apart where it changes to a capital: HTTPStatusCode is HTTP, Status, Code.
func words(name string) (all []string) {
	runes, begin := []rune(name), 0
	for i := 1; i < len(runes); i++ {
		upper, before := unicode.IsUpper(runes[i]), unicode.IsUpper(runes[i-1])
		next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if upper && (!before || next) {
			all = append(all, string(runes[begin:i]))
			begin = i
		}
	}
	return append(all, string(runes[begin:]))
}

// lowerCamel is orderId for OrderID, the form of keys of google.rpc.ErrorInfo.
func lowerCamel(name string) string {
	var b strings.Builder
	for i, w := range words(strings.ReplaceAll(name, "_", "")) {
		if w = strings.ToLower(w); i > 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
	}
	return b.String()
}

// upperSnake is ORDER_NOT_FOUND for OrderNotFound, the form of its reason. A generic type's arguments are left out.
func upperSnake(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return strings.ToUpper(strings.Join(words(name), "_"))
}

package headers

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A form is how one value of a Go type is written. Both of its functions report whether it can be. decode writes to a
// value that is settable, encode reads one that is addressable.
type form struct {
	must   string // be what: "a whole number from 0 to 255"
	bytes  bool   // under a key that ends in -bin, and no other
	decode func(v reflect.Value, text string) bool
	encode func(v reflect.Value) (string, bool)
}

const plain = "printable ASCII, without a space at either end"

// formOf is the form of a type, or why it has none. A type that says itself how it is text is asked before anything else.
func formOf(t reflect.Type) (form, string) {
	reads, writes := reflect.PointerTo(t).Implements(unmarshaler), reflect.PointerTo(t).Implements(marshaler)
	switch {
	case t == reflect.TypeFor[time.Time]():
		return textForm("a time as of RFC 3339, such as 2006-01-02T15:04:05Z"), ""
	case t == reflect.TypeFor[time.Duration]():
		return durationForm, ""
	case reads && writes:
		return textForm("well formed"), ""
	case reads:
		return form{}, "has UnmarshalText and no MarshalText: it could be read and not be sent; write the other"
	case writes:
		return form{}, "has MarshalText and no UnmarshalText: it could be sent and not be read; write the other"
	case isBytes(t):
		return bytesForm, ""
	}
	return basicForm(t)
}

var (
	unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	marshaler   = reflect.TypeFor[encoding.TextMarshaler]()
)

// isBytes reports whether a type is []byte, under whatever name.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]()
}

func basicForm(t reflect.Type) (form, string) {
	switch t.Kind() {
	case reflect.String:
		return stringForm, ""
	case reflect.Bool:
		return boolForm, ""
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intForm(t.Bits()), ""
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return uintForm(t.Bits()), ""
	case reflect.Float32, reflect.Float64:
		return floatForm(t.Bits()), ""
	default:
		return form{}, "can not be metadata; strings, numbers, bools, []byte, time.Time, time.Duration and types with " +
			"MarshalText and UnmarshalText can, and slices of these, and pointers to them"
	}
}

// isPlain reports whether every hop of an RPC leaves a text as it is: grpc forbids other characters, and lets anybody
// strip spaces at the ends.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return strings.Trim(text, " ") == text
}

var stringForm = form{
	must: plain,
	decode: func(v reflect.Value, text string) bool {
		v.SetString(text)
		return isPlain(text)
	},
	encode: func(v reflect.Value) (string, bool) { return v.String(), isPlain(v.String()) },
}

var bytesForm = form{
	must:  "bytes",
	bytes: true,
	decode: func(v reflect.Value, text string) bool {
		v.SetBytes([]byte(text))
		return true
	},
	encode: func(v reflect.Value) (string, bool) { return string(v.Bytes()), true },
}

var boolForm = form{
	must: "true or false",
	decode: func(v reflect.Value, text string) bool {
		v.SetBool(text == "true")
		return text == "true" || text == "false"
	},
	encode: func(v reflect.Value) (string, bool) { return strconv.FormatBool(v.Bool()), true },
}

func intForm(bits int) form {
	return form{
		must: fmt.Sprintf("a whole number from %d to %d", int64(math.MinInt64)>>(64-bits), int64(math.MaxInt64)>>(64-bits)),
		decode: func(v reflect.Value, text string) bool {
			n, err := strconv.ParseInt(text, 10, bits)
			v.SetInt(n)
			return err == nil && text[0] != '+'
		},
		encode: func(v reflect.Value) (string, bool) { return strconv.FormatInt(v.Int(), 10), true },
	}
}

func uintForm(bits int) form {
	return form{
		must: fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64)>>(64-bits)),
		decode: func(v reflect.Value, text string) bool {
			n, err := strconv.ParseUint(text, 10, bits)
			v.SetUint(n)
			return err == nil
		},
		encode: func(v reflect.Value) (string, bool) { return strconv.FormatUint(v.Uint(), 10), true },
	}
}

// floatForm leaves out what strconv knows besides: hexadecimal numbers, infinities, and NaN, which compares to nothing.
func floatForm(bits int) form {
	return form{
		must: fmt.Sprintf("a decimal number that fits %d bits", bits),
		decode: func(v reflect.Value, text string) bool {
			n, err := strconv.ParseFloat(text, bits)
			v.SetFloat(n)
			return err == nil && text[0] != '+' && strings.Trim(text, "0123456789+-.eE") == ""
		},
		encode: func(v reflect.Value) (string, bool) {
			n := v.Float()
			return strconv.FormatFloat(n, 'g', -1, bits), !math.IsNaN(n) && !math.IsInf(n, 0)
		},
	}
}

var durationForm = form{
	must: "a duration with units, such as 300ms or 1h30m",
	decode: func(v reflect.Value, text string) bool {
		d, err := time.ParseDuration(text)
		v.SetInt(int64(d))
		return err == nil && text[0] != '+' && isPlain(text) && !strings.HasSuffix(text, "0") // "0" has no unit
	},
	encode: func(v reflect.Value) (string, bool) {
		return strings.Replace(time.Duration(v.Int()).String(), "µs", "us", 1), true
	},
}

func textForm(must string) form {
	return form{
		must: must,
		decode: func(v reflect.Value, text string) bool {
			return isPlain(text) && v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
		},
		encode: func(v reflect.Value) (string, bool) {
			text, err := v.Addr().Interface().(encoding.TextMarshaler).MarshalText()
			return string(text), err == nil && isPlain(string(text))
		},
	}
}

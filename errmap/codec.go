package errmap

import (
	"encoding"
	"reflect"
	"strconv"
	"time"
)

// A codec writes values of a type as text and reads them back.
type codec struct {
	write func(v reflect.Value) (text string, ok bool) // not ok: there is nothing to send
	read  func(text string, into reflect.Value) error
}

// codecOf is that of a type, nil for one that has no text which can be read back.
func codecOf(t reflect.Type) *codec {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return &codec{writeDuration, readDuration}
	case isText(t):
		return &codec{writeText, readText}
	case t.Kind() == reflect.Pointer:
		return pointerCodec(t)
	}
	return kindCodec(t.Kind())
}

var (
	marshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isText reports whether a type has both methods, itself or by its address.
func isText(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return false
	}
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) && p.Implements(unmarshaler)
}

func writeText(v reflect.Value) (string, bool) {
	if !v.CanAddr() {
		p := reflect.New(v.Type()).Elem()
		p.Set(v)
		v = p
	}
	text, err := v.Addr().Interface().(encoding.TextMarshaler).MarshalText()
	return string(text), err == nil
}

func readText(text string, into reflect.Value) error {
	return into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
}

func writeDuration(v reflect.Value) (string, bool) { return time.Duration(v.Int()).String(), true }

func readDuration(text string, into reflect.Value) error {
	d, err := time.ParseDuration(text)
	into.SetInt(int64(d))
	return err
}

// pointerCodec sends nothing for nil.
func pointerCodec(t reflect.Type) *codec {
	inner := codecOf(t.Elem())
	if inner == nil || t.Elem().Kind() == reflect.Pointer {
		return nil
	}
	return &codec{
		write: func(v reflect.Value) (string, bool) {
			if v.IsNil() {
				return "", false
			}
			return inner.write(v.Elem())
		},
		read: func(text string, into reflect.Value) error {
			p := reflect.New(t.Elem())
			into.Set(p)
			return inner.read(text, p.Elem())
		},
	}
}

func kindCodec(k reflect.Kind) *codec {
	switch k {
	case reflect.String:
		return &codec{
			func(v reflect.Value) (string, bool) { return v.String(), true },
			func(text string, into reflect.Value) error { into.SetString(text); return nil },
		}
	case reflect.Bool:
		return &codec{
			func(v reflect.Value) (string, bool) { return strconv.FormatBool(v.Bool()), true },
			func(text string, into reflect.Value) error {
				b, err := strconv.ParseBool(text)
				into.SetBool(b)
				return err
			},
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &codec{
			func(v reflect.Value) (string, bool) { return strconv.FormatInt(v.Int(), 10), true },
			func(text string, into reflect.Value) error {
				n, err := strconv.ParseInt(text, 10, into.Type().Bits())
				into.SetInt(n)
				return err
			},
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &codec{
			func(v reflect.Value) (string, bool) { return strconv.FormatUint(v.Uint(), 10), true },
			func(text string, into reflect.Value) error {
				n, err := strconv.ParseUint(text, 10, into.Type().Bits())
				into.SetUint(n)
				return err
			},
		}
	case reflect.Float32, reflect.Float64:
		return &codec{
			func(v reflect.Value) (string, bool) {
				return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()), true
			},
			func(text string, into reflect.Value) error {
				f, err := strconv.ParseFloat(text, into.Type().Bits())
				into.SetFloat(f)
				return err
			},
		}
	}
	return nil
}

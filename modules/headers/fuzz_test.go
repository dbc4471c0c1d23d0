package headers_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/modules/headers"
)

// FuzzDecode binds whatever comes under the declared keys: values apart by newlines, keys by empty lines, in the order of
// the fields of Everything. It is refused, or what was bound is sent and bound again as the same.
func FuzzDecode(f *testing.F) {
	f.Add("a\n\n-7\n\n5\n\n80\n\n1\n\n1e3\n\n0.5\n\ntrue\n\n1m\n\n2026-01-02T03:04:05+01:00\n\nmid\n\n::1%eth0\n\nraw\n\n{}\n\ngold")
	f.Add("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n01\n\nde\nen\n\n\n\n0\n\nb\n\n1\n3\n\na\n\nlow\n\n\n\n255")
	f.Add("-0\n\n-0\n\n-0\n\n-0\n\n-0\n\n-0\n\n-0\n\n-0\n\n-0")
	f.Add("é\n\n0x1\n\n+1\n\n1_0\n\nNaN\n\nInf\n\n1e99\n\nTRUE\n\n0")
	s := headers.Of[Everything]()
	keys := keysOf(reflect.TypeFor[Everything]())
	f.Fuzz(func(t *testing.T, text string) {
		md := metadata.MD{}
		for i, values := range strings.Split(text, "\n\n") {
			if i < len(keys) {
				md[keys[i]] = strings.Split(values, "\n")
			}
		}
		v, err := s.Decode(md)
		if err != nil {
			if status.Code(err) != codes.InvalidArgument || len(err.Error()) > 4096 {
				t.Fatal(err)
			}
			return
		}
		sameAgain(t, s, v)
	})
}

// sameAgain sends a struct, and binds what was sent. A zero that is not sent comes back as the default.
func sameAgain(t *testing.T, s headers.Struct, v reflect.Value) {
	t.Helper()
	md, err := s.Encode(v)
	if err != nil {
		t.Fatalf("%+v can not be sent: %v\n%s", v, err, s)
	}
	again, err := s.Decode(md)
	if err != nil {
		t.Fatalf("%+v was sent as %q, which is refused: %v\n%s", v, map[string][]string(md), err, s)
	}
	for i := range v.NumField() {
		if _, sent := md[keyOf(v.Type().Field(i))]; !sent {
			continue
		}
		if got, want := shownAs(again.Field(i)), shownAs(v.Field(i)); got != want {
			t.Errorf("%s: %s came back as %s", v.Type().Field(i).Name, want, got)
		}
	}
	if twice, err := s.Encode(again); err == nil && missing(md, twice) != "" {
		t.Errorf("sent again without %s: %q, and before %q", missing(md, twice), map[string][]string(twice), map[string][]string(md))
	}
}

func missing(of, in metadata.MD) string {
	for key, values := range of {
		if fmt.Sprint(in[key]) != fmt.Sprint(values) {
			return key
		}
	}
	return ""
}

// shownAs is a field as text that is the same for the same value: of a pointer what it points to, of a time the instant.
func shownAs(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Time:
		return x.UTC().String()
	case []time.Time:
		return fmt.Sprint(len(x), x)
	case [][]byte: // nil comes back as none
		return fmt.Sprintf("%d %x", len(x), x)
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprintf("%#v", v.Interface())
}

func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("grpc"), ",")
	return key
}

// keysOf are the keys of the fields of a struct type.
func keysOf(t reflect.Type) (keys []string) {
	for i := 1; i < t.NumField(); i++ {
		if key := keyOf(t.Field(i)); key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// A grown field has a type, and a maker of values that can be sent.
type grown struct {
	typ    reflect.Type
	binary bool
	make   func(n uint64) any
}

var growths = []grown{
	{reflect.TypeFor[string](), false, func(n uint64) any { return printable(n) }},
	{reflect.TypeFor[Plan](), false, func(n uint64) any { return Plan(printable(n)) }},
	{reflect.TypeFor[bool](), false, func(n uint64) any { return n%2 == 0 }},
	{reflect.TypeFor[int](), false, func(n uint64) any { return int(n) }},
	{reflect.TypeFor[int8](), false, func(n uint64) any { return int8(n) }},
	{reflect.TypeFor[int64](), false, func(n uint64) any { return int64(n) }},
	{reflect.TypeFor[uint16](), false, func(n uint64) any { return uint16(n) }},
	{reflect.TypeFor[uint64](), false, func(n uint64) any { return n }},
	{reflect.TypeFor[Bit](), false, func(n uint64) any { return Bit(n) }},
	{reflect.TypeFor[float32](), false, func(n uint64) any { return finite(float64(math.Float32frombits(uint32(n))), float32(0)) }},
	{reflect.TypeFor[float64](), false, func(n uint64) any { return finite(math.Float64frombits(n), float64(0)) }},
	{reflect.TypeFor[time.Duration](), false, func(n uint64) any { return time.Duration(n) }},
	{reflect.TypeFor[time.Time](), false, func(n uint64) any { return time.Unix(int64(n>>32), int64(n%1e9)).UTC() }},
	{reflect.TypeFor[Level](), false, func(n uint64) any { return Level(n % 3) }},
	{reflect.TypeFor[netip.Addr](), false, func(n uint64) any { return netip.AddrFrom4([4]byte{byte(n), byte(n >> 8), byte(n >> 16), 1}) }},
	{reflect.TypeFor[[]byte](), true, func(n uint64) any { return binary.BigEndian.AppendUint64(nil, n)[:n%9] }},
}

// printable is a text of up to twelve characters, none of them a space at an end.
func printable(n uint64) string {
	text := make([]byte, n%13)
	for i := range text {
		text[i] = ' ' + byte(n>>(5*i))%95
	}
	return strings.Trim(string(text), " ")
}

// finite is a number, or another where it is none.
func finite[F float32 | float64](n float64, other F) F {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return other
	}
	return F(n)
}

// FuzzRoundTrip grows a struct type with a field for each ten bytes, one of these each for the form and the shape, eight
// for the value, and sends what it holds: it is bound as the same.
func FuzzRoundTrip(f *testing.F) {
	for i := range growths {
		for shape := range 3 {
			for _, n := range []uint64{0, 1, 1 << 63, math.MaxUint64, math.Float64bits(math.Copysign(0, -1)), 0x7ff8000000000001} {
				f.Add(binary.BigEndian.AppendUint64([]byte{byte(i), byte(shape)}, n))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var fields []reflect.StructField
		var values []reflect.Value
		for ; len(data) >= 10 && len(fields) < 20; data = data[10:] {
			field, value := grow(len(fields), data)
			fields, values = append(fields, field), append(values, value)
		}
		if len(fields) == 0 {
			return
		}
		typ := structOf(`grpc:"headers"`, fields...)
		s := headers.OfType(typ)
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		v := reflect.New(typ).Elem()
		for i, value := range values {
			v.Field(i + 1).Set(value)
		}
		sameAgain(t, s, v)
	})
}

// grow is a field and its value.
func grow(i int, data []byte) (reflect.StructField, reflect.Value) {
	g, n := growths[int(data[0])%len(growths)], binary.BigEndian.Uint64(data[2:])
	key := fmt.Sprint("key-", i)
	if g.binary {
		key += "-bin"
	}
	v := reflect.ValueOf(g.make(n))
	switch data[1] % 3 {
	case 1:
		p := reflect.New(g.typ)
		p.Elem().Set(v)
		v = p
	case 2:
		list := reflect.MakeSlice(reflect.SliceOf(g.typ), 0, 3)
		v = reflect.Append(list, v, reflect.ValueOf(g.make(n/3)), reflect.Zero(g.typ))
		if g.typ == reflect.TypeFor[netip.Addr]() { // whose zero value is text, and not the other way round
			v = v.Slice(0, 2)
		}
	}
	return fieldOf(fmt.Sprint("F", i), v.Type(), key), v
}

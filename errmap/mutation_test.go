package errmap_test

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/internal/tag"
)

// TestEveryByteOfATag changes each byte of the tags of OutOfStock to every other one that a source file may have. What
// comes of it is a mistake that names the field, or is to be seen in what the declaration says, or means the same.
func TestEveryByteOfATag(t *testing.T) {
	t.Parallel()
	original := reflect.TypeFor[OutOfStock]()
	said, sent, errs := errmap.Describe(sample(original, -1, ""))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := `struct: error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message={SKU} is out of stock
  SKU: metadata=sku
  Again: retry.delay`
	if said != want {
		t.Errorf("says %s, want %s", said, want)
	}
	wrong, seen, same := 0, 0, 0
	for i := range original.NumField() {
		f := original.Field(i)
		for at := range len(f.Tag) {
			for _, b := range append(printable(), '\n', '\t', 0, 0x7f, 0xff) {
				changed := string(f.Tag[:at]) + string([]byte{b}) + string(f.Tag[at+1:])
				otherSaid, otherSent, errs := errmap.Describe(sample(original, i, changed))
				switch {
				case len(errs) > 0:
					wrong++
					if !named(errs, f.Name) {
						t.Errorf("%#q: %v does not name %s", changed, errs, f.Name)
					}
				case otherSaid != said:
					seen++
				case otherSent != sent:
					t.Errorf("%#q says the same and sends %s, not %s", changed, otherSent, sent)
				default:
					same++
				}
			}
		}
	}
	t.Logf("%d mistakes, %d to be seen, %d the same", wrong, seen, same)
}

func printable() (all []byte) {
	for b := byte(' '); b <= '~'; b++ {
		all = append(all, b)
	}
	return all
}

// sample is a value of the struct with another tag on one of its fields.
func sample(of reflect.Type, field int, raw string) reflect.Value {
	var fields []reflect.StructField
	for i := range of.NumField() {
		f := of.Field(i)
		if i == field {
			f.Tag = reflect.StructTag(raw)
		}
		fields = append(fields, reflect.StructField{Name: f.Name, PkgPath: f.PkgPath, Type: f.Type, Tag: f.Tag})
	}
	v := reflect.New(reflect.StructOf(fields)).Elem()
	v.FieldByName("SKU").SetString("A1")
	v.FieldByName("Again").SetInt(1e9)
	v.FieldByName("Query").SetString(secret)
	return v
}

// named reports whether one of the mistakes is about the field; a broken line is about the struct, and a message that names
// a field that is not sent any more about that.
func named(errs []error, field string) bool {
	for _, err := range errs {
		e, ok := err.(*tag.Error)
		if ok && (e.Field == field || e.Field == "" && field == "_" || strings.Contains(e.Problem, "{"+field+"}")) {
			return true
		}
	}
	return false
}

// FuzzTags reads whatever tags: nothing crashes, and what is taken is sent with a code and in one spelling.
func FuzzTags(f *testing.F) {
	f.Add("error=NOT_FOUND,domain=a.b,message='{SKU}'", "metadata", "retry.delay")
	f.Add("error=INTERNAL,reason=X_Y_Z,domain=a.b,help.url=x,quota.subject='it''s'", "metadata=k1,resource.name,quota.metric", "metadata")
	f.Add("error=OK,log=debug,retryable,badrequest.field=x", "badrequest", "cause")
	f.Add("error=ABORTED,domain=a.b,message='{{{SKU}}'", "badrequest.field,localized.message", "-")
	f.Fuzz(func(t *testing.T, line, sku, again string) {
		of := reflect.TypeFor[OutOfStock]()
		fields := make([]reflect.StructField, of.NumField())
		for i, text := range []string{line, sku, again, ""} {
			f := of.Field(i)
			fields[i] = reflect.StructField{Name: f.Name, PkgPath: f.PkgPath, Type: f.Type}
			if text != "" {
				fields[i].Tag = reflect.StructTag("grpc:" + strconv.Quote(text))
			}
		}
		v := reflect.New(reflect.StructOf(fields)).Elem()
		v.FieldByName("SKU").SetString("A1\xff")
		v.FieldByName("Query").SetString(secret)
		said, sent, errs := errmap.Describe(v)
		for _, err := range errs {
			if err.Error() == "" {
				t.Error("a mistake without words")
			}
		}
		if len(errs) == 0 && (!strings.Contains(said, "error=") || !utf8.ValidString(sent) || strings.Contains(sent, "hunter2")) {
			t.Errorf("%s: %q", said, sent)
		}
	})
}

package errmap_test

import (
	"iter"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/internal/tag"
)

// TestEveryByteOfATag changes each byte of the tags of an error to other ones that a source file may have. What comes of
// it is a mistake that names the field, or is to be seen in what the declaration says, or means the same.
func TestEveryByteOfATag(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of    reflect.Type
		bytes []byte
		says  string
	}{
		{reflect.TypeFor[OutOfStock](), append(printable(), '\n', '\t', 0, 0x7f, 0xff), `
struct: error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message={SKU} is out of stock
  SKU: metadata=sku
  Again: retry.delay`},
		{reflect.TypeFor[Details](), []byte(" ,='\"-._xA9\xff"), `
struct: error=RESOURCE_EXHAUSTED,reason=DETAILS,domain=d.e,retry.delay=2s,resource.type=order,resource.owner='it''s, mine'
  ID: resource.name
  Bad: badrequest,Field.field,Why.description,Reason.reason
  Pre: precondition,Type.type,Subject.subject,Why.description
  Quotas: quota,Subject.subject,Why.description,Metric.metric,ID.id,Value.value,Where.dimensions
  Links: help,URL.url,Text.description
  Local: localized,Locale.locale,Text.message
  Req: request.id
  Data: request.data
  Own: detail
  Debug: debug
  Stack: stack
  Cause: cause`},
	} {
		t.Run(tt.of.Name(), func(t *testing.T) {
			t.Parallel()
			said, sent, errs := errmap.Describe(sample(tt.of, -1, ""))
			if len(errs) > 0 || "\n"+said != tt.says {
				t.Fatalf("%v, says %s", errs, said)
			}
			for i := range tt.of.NumField() {
				for raw := range changes(string(tt.of.Field(i).Tag), tt.bytes) {
					otherSaid, otherSent, errs := errmap.Describe(sample(tt.of, i, raw))
					switch name := tt.of.Field(i).Name; {
					case len(errs) > 0 && !named(errs, name):
						t.Errorf("%#q: %v does not name %s", raw, errs, name)
					case len(errs) == 0 && otherSaid == said && otherSent != sent:
						t.Errorf("%#q says the same and sends %s, not %s", raw, otherSent, sent)
					}
				}
			}
		})
	}
}

// changes has each byte of a text replaced by each of the others.
func changes(text string, bytes []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := range len(text) {
			for _, b := range bytes {
				if !yield(text[:at] + string([]byte{b}) + text[at+1:]) {
					return
				}
			}
		}
	}
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
	for i := range v.NumField() {
		if f := v.Field(i); f.CanSet() {
			fill(f)
		}
	}
	return v
}

// fill sets what a field has a text for, so that it shows what is sent of it.
func fill(f reflect.Value) {
	switch f.Kind() {
	case reflect.String:
		f.SetString("text")
	case reflect.Int, reflect.Int64:
		f.SetInt(1e9)
	case reflect.Slice:
		f.Set(reflect.MakeSlice(f.Type(), 1, 1))
	}
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

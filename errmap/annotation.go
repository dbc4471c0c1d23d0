package errmap

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// An Annotation says more to the client than an error does by itself. [Detail], [RetryAfter], [Info], [Localized] and
// [Trailer] make one; [With] puts it on an error.
type Annotation interface{ annotate(d *decision) }

type annotation func(d *decision)

func (a annotation) annotate(d *decision) { a(d) }

// With puts annotations on an error, for [Mapper.Error] to send: they count where what they stand on decides, or
// something inside of it. Of two of a kind the outer one counts, but violations and links are joined. Without a mapper
// they are not sent. The text is that of err; a nil err stays nil.
//
//	return errmap.With(ErrQuota, errmap.RetryAfter(time.Minute))
func With(err error, a ...Annotation) error {
	if err == nil {
		return nil
	}
	return &annotated{err, slices.Clone(a)}
}

// annotated stands around an error without being a part of the tree: no rule is asked about it.
type annotated struct {
	err error
	all []Annotation
}

func (a *annotated) Error() string { return a.err.Error() }
func (a *annotated) Unwrap() error { return a.err }

// apply has the annotations change what was decided further in. A defect or a panic says nothing but its code.
func (a *annotated) apply(w *walk) {
	if w.out.Source == SourceDefect || w.out.Source == SourcePanic {
		return
	}
	d := w.decision // a copy, so that no other walk is put on the heap
	for _, one := range a.all {
		if one != nil {
			one.annotate(&d)
		}
	}
	w.decision = d
}

// Detail adds messages to the details of the status, such as google.rpc.Help or one's own. Each type is sent once.
func Detail(m ...proto.Message) Annotation {
	return annotation(func(d *decision) {
		for _, one := range m {
			d.open().put(one)
		}
	})
}

// RetryAfter says when the caller may try again (google.rpc.RetryInfo). A negative duration means never, which
// is said only by a mapper whose Config has Pushback.
func RetryAfter(delay time.Duration) Annotation {
	return annotation(func(d *decision) {
		d.never = delay < 0
		if delay < 0 {
			d.open().remove(func(m proto.Message) bool { return is[*errdetails.RetryInfo](m) })
			return
		}
		d.open().put(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	})
}

// Info adds a google.rpc.ErrorInfo, or to the one that there is: an empty reason or domain leaves what there is, and
// keyValues, in pairs, go to the metadata. Without any reason nothing is sent; without any domain it is Config.Domain.
//
// Clients know an error by reason and domain (see [Reason]): another reason makes another error of it.
func Info(reason, domain string, keyValues ...string) Annotation {
	return annotation(func(d *decision) {
		had, _ := find[*errdetails.ErrorInfo](d.open().details)
		info := &errdetails.ErrorInfo{
			Reason:   cmp.Or(reason, had.GetReason()),
			Domain:   cmp.Or(domain, had.GetDomain(), d.domain),
			Metadata: map[string]string{},
		}
		maps.Copy(info.Metadata, had.GetMetadata())
		for i := 0; i < len(keyValues); i += 2 {
			info.Metadata[keyValues[i]] = strings.Join(keyValues[i+1:min(i+2, len(keyValues))], "")
		}
		if info.GetReason() != "" {
			d.open().put(info)
		}
	})
}

// Localized adds a text for users in their language (google.rpc.LocalizedMessage); locale is a BCP 47 tag: "en-US".
func Localized(locale, msg string) Annotation {
	return Detail(&errdetails.LocalizedMessage{Locale: locale, Message: msg})
}

// Trailer adds trailing metadata. What grpc does not send is left out: keys that begin with "grpc-" or ":", and
// values that are not printable ASCII under a key without "-bin". All trailers together are at most 900 bytes, else
// none of them is sent.
func Trailer(md metadata.MD) Annotation {
	return annotation(func(d *decision) { d.trailer = metadata.Join(d.trailer, md) })
}

package errmap_test

import (
	"errors"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/internal/tag"
)

var update = flag.Bool("update", false, "write the golden files")

// Structs that say what can not be. Each is refused with the field named, and a caret where there is something to point at.
type (
	misspeltCode struct {
		failing
		_ struct{} `grpc:"error=NOT_FUOND"`
	}
	wrongCode struct {
		_ struct{} `grpc:"error=NOT_FUOND,domain=a.b"`
		failing
	}
	codeOK struct {
		_ struct{} `grpc:"error=OK,domain=a.b"`
		failing
	}
	codeNumber struct {
		_ struct{} `grpc:"error=5,domain=a.b"`
		failing
	}
	noLine struct {
		ID int `grpc:"metadata"`
		failing
	}
	noTags struct {
		ID int
		failing
	}
	otherLine struct {
		_ struct{} `grpc:"chain=server"`
		failing
	}
	unsentField struct {
		_      struct{} `grpc:"error=NOT_FOUND,domain=a.b,message='pw {Secret}'"`
		Secret string
		failing
	}
	causeInMessage struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=a.b,message='{Cause}'"`
		Cause error    `grpc:"cause"`
		failing
	}
	debugInMessage struct {
		_    struct{} `grpc:"error=NOT_FOUND,domain=a.b,message='at {Host}'"`
		Host string   `grpc:"debug"`
		failing
	}
	noSuchField struct {
		_      struct{} `grpc:"error=NOT_FOUND,domain=a.b,message='no {Ordr}'"`
		Order  string   `grpc:"metadata"`
		Secret string
		failing
	}
	listInMessage struct {
		_      struct{}          `grpc:"error=NOT_FOUND,domain=a.b,message='bad {Fields}'"`
		Fields map[string]string `grpc:"badrequest"`
		failing
	}
	openBrace struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b,message='it''s {open'"`
		failing
	}
	unknownKey struct {
		_ struct{} `grpc:"error=NOT_FOUND,raeson=X_Y,domain=a.b"`
		failing
	}
	unknownOption struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		A string   `grpc:"metdata"`
		failing
	}
	openQuote struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b,message='never ends"`
		failing
	}
	lowerReason struct {
		_ struct{} `grpc:"error=NOT_FOUND,reason=order_gone,domain=a.b"`
		failing
	}
	no struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		failing
	}
	noDomain struct {
		_ struct{} `grpc:"error=NOT_FOUND"`
		failing
	}
	sliceAsMetadata struct {
		_    struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		Tags []string `grpc:"metadata"`
		failing
	}
	upperKey struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		A string   `grpc:"metadata=Order"`
		failing
	}
	longKey struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		A string   `grpc:"metadata=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg"`
		failing
	}
	shortKey struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		A string   `grpc:"metadata"`
		failing
	}
	sameKey struct {
		_    struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		Shop string   `grpc:"metadata"`
		Site string   `grpc:"metadata=shop"`
		failing
	}
	delayNoDuration struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		Again int      `grpc:"retry.delay"`
		failing
	}
	twoDelays struct {
		_     struct{}      `grpc:"error=NOT_FOUND,domain=a.b,retry.delay=2s"`
		Again time.Duration `grpc:"retry.delay"`
		failing
	}
	noDelay struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b,retry.delay=0s"`
		failing
	}
	twoNames struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b,resource.type=x"`
		A string   `grpc:"resource.name,resource.type"`
		B string   `grpc:"resource.name"`
		failing
	}
	wholeAndPart struct {
		_     struct{}          `grpc:"error=NOT_FOUND,domain=a.b,badrequest.reason=X_Y"`
		All   map[string]string `grpc:"badrequest"`
		Field string            `grpc:"badrequest.field"`
		failing
	}
	noSlice struct {
		_ struct{}          `grpc:"error=NOT_FOUND,domain=a.b"`
		A map[string]string `grpc:"precondition"`
		B []string          `grpc:"quota"`
		C string            `grpc:"localized"`
		failing
	}
	wrongEntry struct {
		_   struct{}     `grpc:"error=NOT_FOUND,domain=a.b"`
		All []wrongParts `grpc:"precondition"`
		failing
	}
	wrongParts struct {
		Type  string   `grpc:"type"`
		Kind  string   `grpc:"type"`
		Field string   `grpc:"field"`
		Why   []string `grpc:"description"`
		What  string   `grpc:"subjct"`
	}
	emptyEntry struct {
		_   struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		All []noTags `grpc:"help"`
		failing
	}
	noMessage struct {
		_ struct{}      `grpc:"error=NOT_FOUND,domain=a.b"`
		D proto.Message `grpc:"detail"`
		failing
	}
	sentCause struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		Cause error    `grpc:"metadata,cause"`
		Other string   `grpc:"cause"`
		failing
	}
	misspeltGRPC struct {
		_    struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		Shop string   `gprc:"metadata"`
		failing
	}
	notExported struct {
		_    struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		shop string   `grpc:"metadata"`
		failing
	}
	embeddedPointer struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		*Base
		failing
	}
	quotaValue struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		Limit string   `grpc:"quota.value"`
		Where []string `grpc:"quota.dimensions"`
		failing
	}
	badStack struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=a.b"`
		Stack string   `grpc:"stack"`
		Debug []string `grpc:"debug"`
		failing
	}
	sameReason struct {
		_ struct{} `grpc:"error=NOT_FOUND,reason=OUT_OF_STOCK,domain=shop.acme.com"`
		failing
	}
	// failing is what makes errors of them.
	failing struct{}
)

func (failing) Error() string { return "failing" }

func (e notExported) use() string { return e.shop }

type number int

func (number) Error() string { return "number" }

// A refusal is what New is given, and what is wrong with it.
type refusal struct {
	name   string
	config errmap.Config
	rules  []errmap.Rule
}

func refusals() []refusal {
	one := func(name string, rules ...errmap.Rule) refusal { return refusal{name, errmap.Config{}, rules} }
	return []refusal{
		{"configuration", errmap.Config{
			Unknown: 99, LocalCancel: 17, LocalDeadline: 18, Mask: []errmap.Code{0, errmap.Internal}, Remote: 7,
			MaxMessage: -1, MaxStatus: 100, Domain: strings.Repeat("a", 300),
		}, nil},
		one("the line is not first", errmap.Tagged[misspeltCode]()),
		one("a misspelt code", errmap.Tagged[wrongCode]()),
		one("code OK", errmap.Tagged[codeOK]()),
		one("a number", errmap.Tagged[codeNumber]()),
		one("no line", errmap.Tagged[noLine]()),
		one("no tags", errmap.Tagged[*noTags]()),
		one("another kind of struct", errmap.Tagged[otherLine]()),
		one("no struct", errmap.Tagged[number]()),
		one("any error", errmap.Tagged[error]()),
		one("a field that is not sent", errmap.Tagged[unsentField]()),
		one("a cause in the message", errmap.Tagged[causeInMessage]()),
		one("a debug text in the message", errmap.Tagged[debugInMessage]()),
		one("no such field", errmap.Tagged[noSuchField]()),
		one("a list in the message", errmap.Tagged[listInMessage]()),
		one("an open brace", errmap.Tagged[openBrace]()),
		one("an unknown key", errmap.Tagged[unknownKey]()),
		one("an unknown option", errmap.Tagged[unknownOption]()),
		one("an open quote", errmap.Tagged[openQuote]()),
		one("a reason in lower case", errmap.Tagged[lowerReason]()),
		one("a short name", errmap.Tagged[no]()),
		one("no domain", errmap.Tagged[noDomain]()),
		one("a slice as metadata", errmap.Tagged[sliceAsMetadata]()),
		one("a capital key", errmap.Tagged[upperKey]()),
		one("a long key", errmap.Tagged[longKey]()),
		one("a short key", errmap.Tagged[shortKey]()),
		one("a key twice", errmap.Tagged[sameKey]()),
		one("a delay that is none", errmap.Tagged[delayNoDuration]()),
		one("two delays", errmap.Tagged[twoDelays]()),
		one("no delay", errmap.Tagged[noDelay]()),
		one("a part twice", errmap.Tagged[twoNames]()),
		one("whole and part", errmap.Tagged[wholeAndPart]()),
		one("no slice", errmap.Tagged[noSlice]()),
		one("wrong parts", errmap.Tagged[wrongEntry]()),
		one("no parts", errmap.Tagged[emptyEntry]()),
		one("no message", errmap.Tagged[noMessage]()),
		one("a cause that is sent", errmap.Tagged[sentCause]()),
		one("a misspelt grpc", errmap.Tagged[misspeltGRPC]()),
		one("not exported", errmap.Tagged[notExported]()),
		one("an embedded pointer", errmap.Tagged[embeddedPointer]()),
		one("parts of a quota", errmap.Tagged[quotaValue]()),
		one("debugging", errmap.Tagged[badStack]()),
		one("one type twice", errmap.Tagged[*OutOfStock](), errmap.Tagged[*OutOfStock]()),
		one("tagged and not", errmap.Tagged[*OutOfStock](), errmap.OnType[*OutOfStock](errmap.Aborted)),
		one("one reason for two", errmap.Tagged[*OutOfStock](), errmap.Tagged[sameReason](),
			errmap.On(ErrNoRows, errmap.Aborted, errmap.Reason("OUT_OF_STOCK"), errmap.Domain("shop.acme.com"))),
		one("predicates", errmap.OnFunc("", nil, errmap.Aborted), errmap.OnFunc("idle", nil, errmap.Aborted),
			errmap.OnFunc("twice", errmap.IsRemote, errmap.Aborted), errmap.OnFunc("twice", errmap.IsRemote, errmap.Aborted)),
		one("functions of other types",
			errmap.OnType[*NetErr](errmap.Aborted, errmap.MessageFunc(func(*NetTimeout) string { return "" })),
			errmap.On(ErrNoRows, errmap.Aborted, errmap.Details(func(*NetTimeout) []proto.Message { return nil }))),
		one("functions that are none",
			errmap.OnType[*NetErr](errmap.Aborted, errmap.MessageFunc[error](nil), errmap.Details[error](nil), errmap.Message("x"))),
		one("a retry that says nothing", errmap.On(ErrNoRows, errmap.Aborted, errmap.Retry(0))),
		one("several at once", errmap.Tagged[wrongCode](), errmap.Tagged[twoNames](), errmap.On(nil, 0), errmap.Tagged[wrongCode]()),
	}
}

var (
	lines  = regexp.MustCompile(`(\.go):\d+`)
	places = regexp.MustCompile(` at \w+\.go:\d+`)
)

// TestRefusals holds every mistake to the golden file. Lines of this file are written as places without a number.
func TestRefusals(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, r := range refusals() {
		_, err := errmap.New(r.config, r.rules...)
		if err == nil {
			t.Errorf("%s: New takes it", r.name)
			continue
		}
		b.WriteString("# " + r.name + "\n" + err.Error() + "\n\n")
	}
	got := lines.ReplaceAllString(b.String(), "$1:N")
	const golden = "testdata/refusals.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("go test -update writes\n%s", got)
	}
	_ = notExported{}.use()
}

// Each mistake in a tag is one that tools can point at.
func TestTagErrors(t *testing.T) {
	t.Parallel()
	_, err := errmap.New(errmap.Config{}, errmap.Tagged[unsentField]())
	e, ok := errors.AsType[*tag.Error](err)
	if !ok || e.Field != "_" || e.Offset != len("error=NOT_FOUND,domain=a.b,message='pw ") || !strings.HasPrefix(e.Place, "refusals_test.go:") {
		t.Errorf("%+v", e)
	}
}

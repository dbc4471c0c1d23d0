package framework

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/internal/tag"
)

// Struct declares the links that the fields of a chain struct hold, or of a pointer to one. The order of fields is the
// order of calls, the first is outermost. Each field is an Interceptor, a function that is one, one of grpc's own
// interceptors, a slice of Interceptors, or a struct of these; its tag names the link and places it, with the options
// that [LinkOption] functions have:
//
//	type ServerChain struct {
//		_        struct{}              `grpc:"chain=server"`
//		Logging  *logging.Interceptor  `grpc:"logging,except=grpc.health.v1.Health/*"`
//		Recovery *recovery.Interceptor `grpc:"recovery"`
//		Audit    *Audit                `grpc:"audit,on=Orders/Create Orders/Cancel,when=audit" optional:"true"`
//	}
//
// The struct's own line says which side it is for, and may say for which servers, clients and services. A field's stage is
// its tag's, else its type's own, else that of the field above it; one that is earlier than the field above it is
// an error. A nil field is an error, unless `optional:"true"` stands beside.
//
// A unary and a stream interceptor of grpc's own in two fields, one below the other, of one name are one link.
func Struct(v any) Part {
	p := &structPart{place: callerOutside(2)}
	value, problem := structValue(v)
	if problem != "" {
		p.problem = problem
		return p
	}
	p.typ = value.Type()
	p.read(value)
	return p
}

// structValue is the struct that v is or points to, or what is wrong with it.
func structValue(v any) (reflect.Value, string) {
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer && value.IsNil() {
		return reflect.Value{}, fmt.Sprintf("the %s is nil; give a struct whose fields have grpc tags", typeName(v))
	}
	if value = reflect.Indirect(value); value.Kind() != reflect.Struct {
		return reflect.Value{}, fmt.Sprintf("%s is no struct, nor a pointer to one; give a struct whose fields have grpc tags", typeName(v))
	}
	return value, ""
}

// A structPart is the links of one chain struct.
type structPart struct {
	typ     reflect.Type
	place   string
	problem string       // of the whole, where there is nothing else to say
	errs    []*tag.Error // of its tags
	side    Side
	anySide bool // its line does not say which
	targets targets
	links   []*declaration
	typed   bool // only the type is read: there are no values
}

func (p *structPart) addTo(d *draft) {
	place := d.placed(p.place)
	if p.problem != "" {
		d.errorf("Struct (%s): %s", place, p.problem)
		return
	}
	d.fail(p.errs, place)
	if p.side != d.side && !p.anySide {
		d.errorf("%s (%s) is a chain for a %s, and this one is a %s's", tag.TypeName(p.typ), place, p.side, d.side)
		return
	}
	p.targets.check(d, p.typ, place)
	for _, l := range p.links {
		placed := *l
		placed.place = place
		if placed.absent == "" {
			placed.absent = p.targets.absence(d)
			placed.elsewhere = placed.absent != ""
		}
		d.links = append(d.links, &placed)
	}
}

// read reads the whole struct. Mistakes in its tags are kept, all of them.
func (p *structPart) read(value reflect.Value) {
	s, errs := tag.Of(p.typ)
	p.errs = append(p.errs, errs...)
	if e := s.Lineless("chain=server"); e != nil {
		p.errs = append(p.errs, e)
		p.errs = append(p.errs, s.Untagged()...)
		return
	}
	base := p.line(s)
	f := fieldReader{structPart: p, base: base, inside: []reflect.Type{p.typ}}
	f.tell(&f.base)
	f.fields(s, value)
	if !slices.ContainsFunc(s.Fields, func(f tag.Field) bool { return f.Tagged }) && len(p.errs) == 0 {
		p.fail(s, s.Line, -1, "no field holds an interceptor; add one, or leave the struct out")
	}
}

func (p *structPart) fail(s *tag.Struct, f *tag.Field, offset int, format string, args ...any) {
	p.errs = append(p.errs, s.At(f, offset, "").Errorf(format, args...))
}

// line reads the struct's own line into what all its links have.
func (p *structPart) line(s *tag.Struct) (base declaration) {
	items, errs := tag.ChainLine().Read(s, s.Line)
	p.errs = append(p.errs, errs...)
	switch items.First.Value {
	case ServerSide.String():
	case ClientSide.String():
		p.side = ClientSide
	default:
		p.anySide = true
	}
	at := positions(s, s.Line)
	p.targets = targetsOf(items, p.side.String()+"s")
	other := (1 - p.side).String() + "s"
	if wrong, ok := items.Get(other); ok && !p.anySide {
		p.fail(s, s.Line, wrong.Offset, "%s= is for chain=%s; write %ss=, or take it away", other, 1-p.side, p.side)
	}
	if i, ok := items.Get("service"); ok {
		base.forServices("", tagWords(i, at))
	}
	if i, ok := items.Get("inherit"); ok {
		base.layer.inherit, base.layer.inheritAt = Inheritance(i.Value), at(i.Offset)
	}
	if i, ok := items.Get("without"); ok {
		base.layer.without = tagWords(i, at)
	}
	return base
}

// tagWords are the words of a list with their places.
func tagWords(i tag.Item, at func(offset int) *tag.Position) (all []word) {
	for _, w := range i.Words() {
		all = append(all, word{text: w.Text, at: at(w.Offset)})
	}
	return all
}

// targets are the servers or clients that a struct's line names; none for all.
type targets []string

func targetsOf(items tag.Items, option string) (all targets) {
	i, _ := items.Get(option)
	for _, w := range i.Words() {
		all = append(all, strings.TrimPrefix(w.Text, "?"))
	}
	return all
}

// check refuses names in a chain that has none itself: nobody could tell whether it is meant.
func (t targets) check(d *draft, of reflect.Type, place string) {
	if len(t) > 0 && d.target == "" {
		d.errorf("%s (%s) is for %s %s, and the chain has no name; give it one with Target", tag.TypeName(of), place, d.side, strings.Join(t, " "))
	}
}

// absence is why the links of a struct are not in a chain, "" where they are.
func (t targets) absence(d *draft) string {
	if len(t) == 0 || slices.Contains(t, d.target) {
		return ""
	}
	return fmt.Sprintf("it is for %s %s", d.side, strings.Join(t, " "))
}

var (
	interceptorType     = reflect.TypeFor[Interceptor]()
	interceptorFuncType = reflect.TypeFor[InterceptorFunc]()
	unaryServerType     = reflect.TypeFor[grpc.UnaryServerInterceptor]()
	streamServerType    = reflect.TypeFor[grpc.StreamServerInterceptor]()
	unaryClientType     = reflect.TypeFor[grpc.UnaryClientInterceptor]()
	streamClientType    = reflect.TypeFor[grpc.StreamClientInterceptor]()
)

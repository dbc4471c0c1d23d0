package tagvet

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// A line is the links of a chain struct in order, with what is sure of them whatever the values.
type line struct {
	*checker
	side  framework.Side
	links []link
}

// A link is a field of a chain struct that holds one.
type link struct {
	in          *level
	field       *tag.Field
	name        string
	stage       framework.Stage // as tags say; "" where the type decides
	half        half
	isHalf      bool
	isList      bool
	isPaired    bool // with the other half above or below
	optional    bool // may be nil, or is not known well enough
	conditional bool
	scoped      bool // for some methods or services only
	unary       bool
}

// add adds the fields of a struct, which have what is said around it, too.
func (o *line) add(l *level, around link) {
	for i := range l.Fields {
		f := &l.Fields[i]
		if !f.Tagged || !f.IsExported() {
			continue
		}
		one := o.link(l, f, around)
		if inner := l.inside[f.Name]; inner != nil {
			o.add(inner, one)
			continue
		}
		if problem := l.notLink(f); problem != "" {
			o.atType(l, l.variable(f), problem)
			one.optional = true
		}
		o.pair(&one)
		o.links = append(o.links, one)
	}
}

// link reads the tag of a field.
func (o *line) link(l *level, f *tag.Field, around link) link {
	items, errs := tag.ChainField().Read(l.Struct, f)
	one := around
	one.in, one.field, one.name = l, f, items.First.Name
	t := l.variable(f).Type()
	one.half, one.isHalf = halfOf(t)
	one.isList = isList(t)
	optional, _ := strconv.ParseBool(f.StructField.Tag.Get("optional"))
	one.optional = around.optional || optional || len(errs) > 0
	if i, ok := items.Get("stage"); ok {
		one.stage = framework.Stage(i.Value)
	}
	for _, option := range []string{"on", "except"} {
		if i, ok := items.Get(option); ok {
			for _, w := range i.Words() {
				o.pattern(l, f, w.Text, w.Offset)
			}
			one.scoped = one.scoped || option == "on"
		}
	}
	if _, ok := items.Get("when"); ok {
		one.conditional = true
	}
	if _, ok := items.Get("unary"); ok {
		one.unary = true
	}
	return one
}

// pair makes a pair of a half and of the one above it.
func (o *line) pair(one *link) {
	if len(o.links) == 0 {
		return
	}
	above := &o.links[len(o.links)-1]
	if !one.isHalf || !above.isHalf || above.isPaired || above.name != one.name || above.half.side != one.half.side || above.half.stream == one.half.stream {
		return
	}
	one.isPaired, above.isPaired = true, true
	if len(one.field.Tag.Items) > 1 && !above.optional && !one.optional {
		o.at(one, one.field.Tag.Items[1].Offset, "options of a pair stand on the first of its two fields; move them there")
	}
}

func (o *line) at(one *link, offset int, format string, args ...any) {
	o.atText(one.in, one.in.variable(one.field), offset, fmt.Sprintf(format, args...))
}

// check reports what the links can not be together.
func (o *line) check() {
	taken := map[string]*link{}
	var above *link
	for i := range o.links {
		one := &o.links[i]
		o.uncovered(one)
		if one.optional || one.isList {
			continue
		}
		if first := taken[one.name]; first != nil && !one.isPaired && !one.conditional {
			o.at(one, 0, "the name is taken by %s; give one of them another", first.in.path+first.field.Name)
		}
		if !one.conditional {
			taken[one.name] = cmp.Or(taken[one.name], one)
		}
		if above != nil && one.stage != "" && o.isOutside(one.stage, above.stage) {
			o.at(one, 0, "stage %q is outside of stage %q, in which %q above it is; move the field up, or say stage= on one of them",
				one.stage, above.stage, above.name)
		}
		if one.stage != "" {
			above = one
		}
	}
}

// uncovered reports a half that is on the wrong side, or alone.
func (o *line) uncovered(one *link) {
	t := typeName(one.in.variable(one.field).Type())
	switch {
	case !one.isHalf:
	case one.half.side != o.side:
		o.atType(one.in, one.in.variable(one.field), fmt.Sprintf("%s does not serve on a %s; it serves on a %s", t, o.side, one.half.side))
	case one.optional || one.isPaired:
	case one.half.stream && one.unary:
		o.at(one, 0, "unary is said, but the unary interceptor is missing; add a field with it, and the same name")
	case one.scoped || one.unary:
	case one.half.stream:
		o.at(one, 0, "unary RPCs would go uncovered: add a field with the unary interceptor, and the same name, or say on= with streaming methods")
	default:
		o.at(one, 0, "streams would go uncovered: add a field with the stream interceptor, and the same name, or say unary")
	}
}

// isOutside reports whether a stage is outside of another. It asks framework, by chains that stand or not.
func (o *line) isOutside(stage, of framework.Stage) bool {
	one := framework.Use(framework.InterceptorFunc(pass), framework.Name("one"), framework.At(stage))
	other := framework.Use(framework.InterceptorFunc(pass), framework.Name("other"), framework.At(of))
	inside := framework.Use(framework.InterceptorFunc(pass), framework.Name("one"), framework.At(stage), framework.After("other"))
	return o.stands(one, other) && !o.stands(inside, other)
}

func (o *line) stands(parts ...framework.Part) bool {
	if o.side == framework.ClientSide {
		_, err := framework.NewClientChain(parts...)
		return err == nil
	}
	_, err := framework.NewServerChain(parts...)
	return err == nil
}

// pass is the interceptor that does nothing.
func pass(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

package errmap

import (
	"log/slog"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// constants reads the struct's own line, when all fields are known.
func (r *declarationReader) constants() {
	d := r.d
	code, _ := ParseCode(r.line["error"].Value)
	d.code = code
	d.items = append(d.items, r.line["error"].String())
	d.reason = r.reason()
	d.items = append(d.items, "reason="+d.reason)
	for _, o := range tag.ErrorLine().Options {
		item := r.line[o.Name]
		if item == nil {
			continue
		}
		if o.Name != "reason" {
			d.items = append(d.items, item.Item.String())
		}
		r.constant(item)
	}
}

func (r *declarationReader) constant(item *lineItem) {
	switch item.Name {
	case "reason":
	case "domain":
		for _, problem := range checkDomain("domain", item.Value) {
			r.errorf(item.of, item.field, item.At(0), "%s", problem)
		}
		r.d.domain = item.Value
	case "message":
		r.d.message = r.template(item)
	case "retryable":
		r.d.retryable = true
	case "log":
		r.d.level = levels()[item.Value]
	case "retry.delay":
		r.delay(item)
	default:
		r.constantPart(item)
	}
}

func levels() map[string]*slog.Level {
	all := map[string]*slog.Level{}
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		all[strings.ToLower(l.String())] = &l
	}
	return all
}

// reason is what the line says, else the name of the type.
func (r *declarationReader) reason() string {
	item, name := r.line["reason"], upperSnake(r.d.typ.Name())
	if item != nil {
		name = item.Value
	}
	switch {
	case reasonForm.MatchString(name):
	case item != nil:
		r.errorf(item.of, item.field, item.At(0), "reason %q is not UPPER_SNAKE of 3 to 63 characters", name)
	default:
		first := r.line["error"]
		r.errorf(first.of, first.field, first.Offset, "reason %q, of the type's name, is not UPPER_SNAKE of 3 to 63 characters; write reason=", name)
	}
	return name
}

func (r *declarationReader) delay(item *lineItem) {
	for _, f := range r.d.fields {
		if f.delay {
			r.errorf(item.of, item.field, item.Offset, "%q stands on field %s too; keep one", item.Name, f.name)
		}
	}
	d, _ := tag.Duration(item.Value)
	if r.d.delay = d; d == 0 {
		r.errorf(item.of, item.field, item.At(0), "a delay of zero says nothing; give one, or leave %q out", item.Name)
	}
}

func (r *declarationReader) constantPart(item *lineItem) {
	family, name := familyOf(item.Name)
	g, n := r.group(family), family.part(name)
	if g.whole != nil {
		r.errorf(item.of, item.field, item.Offset, "%q stands beside the whole %s, on field %s; keep one", item.Name, family.name, g.whole.name)
	}
	for _, p := range g.parts {
		if p.option == n.option {
			r.errorf(item.of, item.field, item.Offset, "%q stands on field %s too; keep one", item.Name, r.d.fields[p.field].name)
		}
	}
	g.parts = append(g.parts, part{named: n, constant: cut(valid(item.Value), maxValue), field: -1})
}

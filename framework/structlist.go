package framework

import (
	"cmp"
	"slices"
	"strings"
)

// list makes links of the elements of a slice. Those of a group of fx, which have no order, are sorted.
func (r *fieldReader) list(f fieldValue, name string, mayBeEmpty bool) {
	group, grouped := f.StructField.Tag.Lookup("group")
	if strings.Contains(group, ",") {
		r.errorf(f, -1, "group:%q: a soft group may lack interceptors without a word; take the option away", group)
		return
	}
	if f.value.Len() == 0 && !mayBeEmpty && !r.typed {
		r.errorf(f, 0, `the slice is empty; write "?%s" where it may be`, name)
		return
	}
	var all []*declaration
	taken := map[string]bool{}
	for i := range f.value.Len() {
		v := f.value.Index(i).Interface()
		if isNil(v) {
			r.errorf(f, 0, "element %d is nil; leave it out", i)
			return
		}
		d := r.element(f, name, v.(Interceptor))
		if grouped && taken[d.placement.Name] {
			r.errorf(f, 0, "two elements are called %q, and a group has no order; let their Placement give them names", d.placement.Name)
			return
		}
		d.placement.Name = unusedName(d.placement.Name, taken)
		taken[d.placement.Name] = true
		all = append(all, d)
	}
	if grouped {
		for _, d := range all { // none is above another
			d.placement.Stage = cmp.Or(d.placement.Stage, r.stageAbove())
		}
		slices.SortFunc(all, func(a, b *declaration) int {
			return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), strings.Compare(a.placement.Name, b.placement.Name))
		})
	}
	for _, d := range all {
		r.keep(f, d)
	}
}

// element is the link of an element of a slice, named after the field and itself.
func (r *fieldReader) element(f fieldValue, name string, i Interceptor) *declaration {
	d := r.declaration(f, name)
	d.interceptor, d.what = i, typeName(i)
	own := packageName(i)
	if p, ok := i.(Placed); ok {
		placement := p.Placement()
		own = cmp.Or(placement.Name, own)
		d.take(placement)
	}
	d.placement.Name = name + "." + own
	return d
}

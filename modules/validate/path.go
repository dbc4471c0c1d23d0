package validate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
)

// path is where a field is: lines[3].sku. A key of a map that is text is data of whoever sent it, and is not repeated.
func path(p *validate.FieldPath) string {
	var at strings.Builder
	for i, e := range p.GetElements() {
		if at.Len() > maxPart {
			break
		}
		if i > 0 {
			at.WriteByte('.')
		}
		at.WriteString(e.GetFieldName())
		at.WriteString(subscript(e))
	}
	return cut(at.String(), maxPart)
}

func subscript(e *validate.FieldPathElement) string {
	switch e.WhichSubscript() {
	case validate.FieldPathElement_Index_case:
		return "[" + strconv.FormatUint(e.GetIndex(), 10) + "]"
	case validate.FieldPathElement_BoolKey_case:
		return "[" + strconv.FormatBool(e.GetBoolKey()) + "]"
	case validate.FieldPathElement_IntKey_case:
		return "[" + strconv.FormatInt(e.GetIntKey(), 10) + "]"
	case validate.FieldPathElement_UintKey_case:
		return "[" + strconv.FormatUint(e.GetUintKey(), 10) + "]"
	case validate.FieldPathElement_StringKey_case:
		return `["..."]`
	}
	return ""
}

// sorted are violations in the order of the fields, as protos number them, and of a field in that of its rules: the
// entries of a map were come across in no order.
func sorted(found []*protovalidate.Violation) []*protovalidate.Violation {
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b *protovalidate.Violation) int {
		return slices.CompareFunc(a.Proto.GetField().GetElements(), b.Proto.GetField().GetElements(), compare)
	})
	return found
}

func compare(a, b *validate.FieldPathElement) int {
	return cmp.Or(
		cmp.Compare(a.GetFieldNumber(), b.GetFieldNumber()),
		cmp.Compare(a.GetIndex(), b.GetIndex()),
		cmp.Compare(a.GetIntKey(), b.GetIntKey()),
		cmp.Compare(a.GetUintKey(), b.GetUintKey()),
		cmp.Compare(a.GetStringKey(), b.GetStringKey()),
		cmp.Compare(strconv.FormatBool(a.GetBoolKey()), strconv.FormatBool(b.GetBoolKey())),
	)
}

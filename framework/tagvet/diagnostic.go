package tagvet

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/sluice-go/sluice/internal/tag"
)

// A saying is what is said, and where.
type saying struct {
	at      token.Pos
	problem string
}

func (c *checker) report(at, end token.Pos, problem string, fixes ...analysis.SuggestedFix) {
	c.found[saying{at, problem}] = analysis.Diagnostic{Pos: at, End: end, Message: "grpc tag: " + problem, SuggestedFixes: fixes}
}

// tell gives what was found to the driver, in the order of the source.
func (c *checker) tell() {
	found := slices.SortedFunc(maps.Values(c.found), func(a, b analysis.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos, b.Pos), strings.Compare(a.Message, b.Message))
	})
	for _, d := range found {
		c.pass.Report(d)
	}
}

// reading reports mistakes in the tags of a struct, and of those inside.
func (c *checker) reading(l *level, errs []*tag.Error) {
	for _, e := range errs {
		if in, v := l.find(e.Field, e.Tag); v != nil {
			c.atText(in, v, e.Offset, e.Problem)
		}
	}
}

// wordStruct is where a struct type begins in source.
func wordStruct(node *ast.StructType) (at, end token.Pos) {
	return node.Pos(), node.Pos() + token.Pos(len("struct"))
}

// A spot is a field as it stands in source. Of a struct that another package declares it is the field that holds it.
type spot struct {
	*ast.Field
	prefix string // what messages say first where it is not the field itself
}

func (c *checker) spot(l *level, v *types.Var) (s spot, own bool) {
	if f := c.fields[v.Origin()]; f != nil {
		return spot{Field: f}, true
	}
	if l.outer == nil {
		return spot{}, false
	}
	s, _ = c.spot(l.outer, l.around)
	s.prefix = l.path + v.Name() + ": "
	return s, false
}

// atText reports a mistake at a byte of what our key holds; at the whole tag where it is -1.
func (c *checker) atText(l *level, v *types.Var, offset int, problem string) {
	s, own := c.spot(l, v)
	lit, ok := s.literal()
	switch all := ownPairs(lit.raw); {
	case !own || !ok:
		c.atSpot(s, problem)
	case offset >= 0 && len(all) > 0:
		word := wordAt(all[0].value(), offset)
		c.atWord(lit.inside(all[0], offset), lit.inside(all[0], offset+len(word)), word, problem)
	case len(all) > 1:
		c.report(lit.at(all[1].at), lit.at(all[1].at+len(ownKey)), problem)
	default:
		c.report(lit.Pos(), lit.End(), problem)
	}
}

// atSpot reports a mistake at the type of a field, the one thing that each field has.
func (c *checker) atSpot(s spot, problem string) {
	if s.Field != nil {
		c.report(s.Type.Pos(), s.Type.End(), s.prefix+problem)
	}
}

// atName reports a mistake at the name of a field.
func (c *checker) atName(l *level, v *types.Var, problem string) {
	s, own := c.spot(l, v)
	if !own {
		c.atSpot(s, problem)
		return
	}
	c.report(v.Pos(), v.Pos()+token.Pos(len(v.Name())), problem)
}

// atType reports a mistake at the type of a field.
func (c *checker) atType(l *level, v *types.Var, problem string) {
	s, _ := c.spot(l, v)
	c.atSpot(s, problem)
}

// atKey reports a key that was meant to be ours.
func (c *checker) atKey(l *level, v *types.Var, p pair, problem string) {
	s, own := c.spot(l, v)
	lit, ok := s.literal()
	if !own || !ok {
		c.atSpot(s, problem)
		return
	}
	from, to := lit.at(p.at), lit.at(p.at+len(p.key))
	c.report(from, to, problem, replacement(from, to, ownKey))
}

// meant matches the cure of a mistake in one word: what the parser, framework and we say to write in its place.
var meant = regexp.MustCompile(`did you mean "([\w./*#?:-]+)"\?|write "([\w./*]+)" without the leading slash`)

// atWord reports a mistake in a word. Where the text names the word, and one that was meant, that is the fix.
func (c *checker) atWord(at, end token.Pos, word, problem string) {
	m := meant.FindStringSubmatchIndex(problem)
	if m == nil || !strings.Contains(problem[:m[0]], strconv.Quote(word)) {
		c.report(at, end, problem)
		return
	}
	right := meant.ReplaceAllString(problem[m[0]:m[1]], "$1$2")
	if strings.HasPrefix(word, "?") && !strings.HasPrefix(right, "?") {
		right = "?" + right
	}
	c.report(at, end, problem, replacement(at, end, right))
}

func replacement(at, end token.Pos, text string) analysis.SuggestedFix {
	return analysis.SuggestedFix{
		Message:   "Write " + strconv.Quote(text),
		TextEdits: []analysis.TextEdit{{Pos: at, End: end, NewText: []byte(text)}},
	}
}

// wordAt is the word that begins at a byte of a tag's text.
func wordAt(text string, offset int) string {
	rest := text[min(offset, len(text)):]
	if end := strings.IndexAny(rest, " ,='"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

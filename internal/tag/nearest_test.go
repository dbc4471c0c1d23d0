package tag_test

import (
	"testing"

	"github.com/sluice-go/sluice/internal/tag"
)

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	stages := []string{"observe", "authenticate", "authorize", "app"}
	for _, row := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"obsrve", stages, `; did you mean "observe"?`},
		{"authn", stages, `; did you mean "authenticate"?`},
		{"authz", stages, `; did you mean "authorize"?`},
		{"ap", stages, `; did you mean "app"?`},
		{"", stages, `; there are ["app" "authenticate" "authorize" "observe"]`},
		{"elsewhere", stages, `; there are ["app" "authenticate" "authorize" "observe"]`},
		{"x", nil, ""},
	} {
		if got := tag.DidYouMean(row.word, row.candidates); got != row.want {
			t.Errorf("%q: got %q, want %q", row.word, got, row.want)
		}
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"stge", []string{"on", "stage"}, ` (did you mean "stage"?)`},
		{"authn", []string{"authenticate"}, ` (did you mean "authenticate"?)`},
		{"elsewhere", []string{"stage", "on"}, `; there are ["on" "stage"]`},
		{"x", nil, ""},
	} {
		if got := tag.Suggest(row.word, row.candidates); got != row.want {
			t.Errorf("%q: got %q, want %q", row.word, got, row.want)
		}
	}
}

func FuzzDidYouMean(f *testing.F) {
	f.Add("authn", "authenticate", "app")
	f.Add("", "", "\xff")
	f.Fuzz(func(t *testing.T, word, a, b string) {
		if tag.DidYouMean(word, []string{a, b}) == "" {
			t.Error("no word about candidates")
		}
	})
}

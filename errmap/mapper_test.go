package errmap_test

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"regexp"
	"testing"

	"github.com/sluice-go/sluice/errmap"
)

// newMapper makes a mapper that logs nothing unless the test has an observer of its own.
func newMapper(t testing.TB, c errmap.Config, rules ...errmap.Rule) *errmap.Mapper {
	t.Helper()
	if c.Observer == nil {
		c.Observer = func(context.Context, errmap.Outcome) {}
	}
	m, err := errmap.New(c, rules...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// matches reports whether the whole text is of the form.
func matches(form, text string) bool {
	return regexp.MustCompile(`^(?s:` + form + `)\s*$`).MatchString(text)
}

// logger writes text without the time.
func logger() (*bytes.Buffer, *slog.Logger) {
	out := new(bytes.Buffer)
	return out, slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
}

// captureLog takes over the process's log for one test, which must not be parallel.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	out, capturing := logger()
	before, flags, writer := slog.Default(), log.Flags(), log.Writer()
	slog.SetDefault(capturing)
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetFlags(flags)
		log.SetOutput(writer)
	})
	return out
}

package logging_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/logging"
)

// TestRule has ten RPCs that succeed and one that fails, with what a rule says of their lines.
func TestRule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule      logging.Lines
		succeeded int
		level     string
		failed    int
	}{
		{logging.Lines{Level: slog.LevelWarn}, 10, "WARN", 1},
		{logging.Lines{Level: slog.LevelDebug - 4}, 0, "", 1},
		{logging.Lines{Every: 5}, 2, "", 1},
		{logging.Lines{Every: 1}, 10, "", 1},
		{logging.Lines{Every: 100, Level: slog.LevelError}, 1, "ERROR", 1},
		{logging.Lines{None: true}, 0, "", 0},
	} {
		t.Run(tt.rule.String(), func(t *testing.T) {
			t.Parallel()
			for _, side := range sides {
				for _, kind := range kinds {
					log := &lines{}
					link := framework.Use(newLogging(t, logging.Options{Logger: log.logger(slog.LevelDebug)}))
					parts := []framework.Part{link, framework.Rules("*", logging.Key.Set(tt.rule))}
					option := frameworktest.ServerParts(parts...)
					if side == framework.ClientSide {
						option = frameworktest.ClientParts(parts...)
					}
					client := frameworktest.DummyClient(t, option, frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
						"bad": frameworktest.Raises(status.Error(codes.Internal, "bad")),
					}))
					for i := range 11 {
						input := "good"
						if i == 10 {
							input = "bad"
						}
						_, _ = frameworktest.Execute(t.Context(), client, kind, []string{input})
					}
					got := of(log.take(), "finished call")
					succeeded, failed := 0, 0
					for _, l := range got {
						switch {
						case l.text("grpc.code") != "OK":
							failed++
						default:
							succeeded++
							if tt.level != "" && l.text("level") != tt.level {
								t.Errorf("%s, %s: the level is %s", side, kind, l.text("level"))
							}
						}
					}
					if succeeded != tt.succeeded || failed != tt.failed {
						t.Errorf("%s, %s: %d lines of RPCs that succeeded and %d of those that failed, want %d and %d",
							side, kind, succeeded, failed, tt.succeeded, tt.failed)
					}
				}
			}
		})
	}
}

// TestRuleText has what tags say, and what they can not.
func TestRuleText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"debug": "debug", "INFO": "info", "warn+2": "warn+2", "1/100": "1/100", "1/10 error": "error 1/10", "none": "none",
	} {
		if s, err := logging.Key.Parse(text); err != nil || s.String() != "log="+text || lineOf(t, text) != want {
			t.Errorf("%q: got %q, %v", text, s, err)
		}
	}
	for text, want := range map[string]string{
		"":            "log: it is not said which lines; write debug, info, warn or error, 1/100, both, or none",
		"loud":        `log: "loud" is not known, or stands twice; write debug, info, warn or error, 1/100, both, or none`,
		"debug info":  `log: "info" is not known, or stands twice; write debug, info, warn or error, 1/100, both, or none`,
		"1/0":         `log: "1/0" is not a share of the RPCs; write one of so many, as in 1/100`,
		"2/3":         `log: "2/3" is not known, or stands twice; write debug, info, warn or error, 1/100, both, or none`,
		"none debug":  "log: none stands alone; where there are no lines there is no level, and no share",
		"1/2 1/3":     `log: "1/3" is not known, or stands twice; write debug, info, warn or error, 1/100, both, or none`,
		"debug 1/two": `log: "1/two" is not a share of the RPCs; write one of so many, as in 1/100`,
	} {
		if _, err := logging.Key.Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	_, err := framework.NewServerChain(framework.Use(newLogging(t, logging.Options{})),
		framework.DeclaredAt("main.go:7", framework.Rules("*", logging.Key.Set(logging.Lines{}))))
	if err == nil || !strings.HasPrefix(err.Error(), "framework: Rules (main.go:7): log: it is not said which lines") {
		t.Errorf("got %v", err)
	}
}

// lineOf is the one spelling of what a tag says.
func lineOf(t *testing.T, text string) string {
	t.Helper()
	var lines logging.Lines
	for word := range strings.FieldsSeq(text) {
		var level slog.Level
		switch {
		case word == "none":
			lines.None = true
		case strings.HasPrefix(word, "1/"):
			if _, err := fmt.Sscanf(word, "1/%d", &lines.Every); err != nil {
				t.Error(err)
			}
		case level.UnmarshalText([]byte(word)) == nil:
			lines.Level = level
		}
	}
	return lines.String()
}

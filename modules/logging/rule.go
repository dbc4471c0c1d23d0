package logging

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// Key is the rule that says which lines a method has: log=debug for RPCs that succeeded at that level, log=1/100 for
// one of a hundred of them, both with a space between, log=none for no lines at all. RPCs that failed are logged as
// Options say, unless there are none. The option form is logging.Key.Set(logging.Lines{Level: slog.LevelDebug}).
var Key = framework.NewKey("log", parseLines).WithText(Lines.String)

// Lines are which lines a method has. The zero value says nothing, and is refused.
type Lines struct {
	None  bool         // none at all, also where an RPC failed
	Level slog.Leveler // of RPCs that succeeded; nil for what Options say
	Every int          // of RPCs that succeeded one of so many has a line; 0 for each
}

// String is what a tag says.
func (l Lines) String() string {
	var words []string
	if l.None {
		words = append(words, "none")
	}
	if l.Level != nil {
		words = append(words, strings.ToLower(l.Level.Level().String()))
	}
	if l.Every != 0 {
		words = append(words, "1/"+strconv.Itoa(l.Every))
	}
	return strings.Join(words, " ")
}

func parseLines(text string) (l Lines, err error) {
	for _, word := range strings.Fields(text) {
		var level slog.Level
		every, isShare := strings.CutPrefix(word, "1/")
		switch {
		case word == "none" && !l.None:
			l.None = true
		case l.Level == nil && level.UnmarshalText([]byte(word)) == nil:
			l.Level = level
		case isShare && l.Every == 0:
			if l.Every, err = tag.Count(every); err != nil {
				return l, fmt.Errorf("%q is not a share of the RPCs; write one of so many, as in 1/100", word)
			}
		default:
			return l, fmt.Errorf("%q is not known, or stands twice; write debug, info, warn or error, 1/100, both, or none", word)
		}
	}
	switch {
	case l == Lines{}:
		return l, errors.New("it is not said which lines; write debug, info, warn or error, 1/100, both, or none")
	case l.None && (l.Level != nil || l.Every != 0):
		return l, errors.New("none stands alone; where there are no lines there is no level, and no share")
	}
	return l, nil
}

// over is the level of an RPC's line with what the rule says of those that succeeded.
func (l Lines) over(level func(codes.Code) slog.Level) func(codes.Code) slog.Level {
	if l.Level == nil {
		return level
	}
	return func(c codes.Code) slog.Level {
		if c == codes.OK {
			return l.Level.Level()
		}
		return level(c)
	}
}

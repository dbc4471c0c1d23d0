package tagvet

import (
	"slices"
	"strings"

	"github.com/sluice-go/sluice/framework"
)

// key is the key that a rule is for, if its values can be checked, or else the name that was likely meant by one that is
// unknown. An app's interceptors have keys that nobody here knows, and may give a name of ours another meaning.
func (c *checker) key(name string) (key framework.AnyKey, meant string) {
	names := slices.Clone(c.known.Keys)
	for _, k := range c.keys {
		if k.Name() == name && !slices.Contains(c.known.Keys, name) {
			return k, ""
		}
		names = append(names, k.Name())
	}
	for _, known := range names {
		if name == known || strings.HasSuffix(name, "."+known) {
			return nil, "" // perhaps with the name of a link in front
		}
	}
	return nil, misspeltName(name, names)
}

// misspeltName is the known name that another was likely meant for, with the link's name in front where there is one.
func misspeltName(name string, known []string) string {
	for _, right := range known {
		for from := 0; ; {
			if misspells(name[from:], right) {
				return name[:from] + right
			}
			dot := strings.IndexByte(name[from:], '.')
			if dot < 0 {
				break
			}
			from += dot + 1
		}
	}
	return ""
}

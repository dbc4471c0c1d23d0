package tag

import (
	"fmt"
	"strings"
)

// Reference is the table of all that tags may say, in markdown.
func Reference() string {
	var b strings.Builder
	for i, r := range Roles() {
		if i > 0 {
			b.WriteString("\n")
		}
		r.print(&b)
	}
	return b.String()
}

func (r Role) print(b *strings.Builder) {
	fmt.Fprintf(b, "## %s%s\n\n| option | value | meaning | Go option |\n|---|---|---|---|\n", strings.ToUpper(r.Name[:1]), r.Name[1:])
	switch {
	case r.listed():
	case r.Opens == "":
		r.First.print(b, "*"+r.First.Name+"* first")
	default:
		r.First.print(b, code(r.Opens))
	}
	for _, o := range r.Options {
		o.print(b, code(o.Name))
	}
	if r.Open {
		b.WriteString("\nFurther options are keys of the interceptors that read them.\n")
	}
}

func (o Option) print(b *strings.Builder, name string) {
	plain := strings.NewReplacer("*", `\*`)
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, plain.Replace(o.value()), plain.Replace(o.Doc), code(o.Same))
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

package framework

import "github.com/sluice-go/sluice/internal/method"

// Method names an RPC's method. It is comparable; the zero value names none.
type Method struct {
	Package string // "foo.bar", or "" where the service has none
	Service string // "SearchService"
	Name    string // "Search"
}

// ParseMethod reads a full method name, "/foo.bar.SearchService/Search". What is not of that form is an
// error, never a guess.
func ParseMethod(full string) (Method, error) {
	pkg, service, name, err := method.Split(full)
	if err != nil {
		return Method{}, err
	}
	return Method{Package: pkg, Service: service, Name: name}, nil
}

// FullService is "foo.bar.SearchService", or "SearchService" without a package.
func (m Method) FullService() string {
	if m.Package == "" {
		return m.Service
	}
	return m.Package + "." + m.Service
}

// String is the full name, "/foo.bar.SearchService/Search": what ParseMethod reads.
func (m Method) String() string { return "/" + m.FullService() + "/" + m.Name }

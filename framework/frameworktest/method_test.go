package frameworktest_test

import (
	"fmt"
	"testing"

	"github.com/sluice-go/sluice/framework"
)

func TestT18MethodWithPackage(t *testing.T) {
	t.Parallel()
	m := framework.Method{Package: "foo.bar", Service: "SearchService", Name: "Search"}
	wantEqual(t, "FullService", m.FullService(), "foo.bar.SearchService")
	wantEqual(t, "String", m.String(), "/foo.bar.SearchService/Search")
}

func TestT19MethodWithoutPackage(t *testing.T) {
	t.Parallel()
	m := framework.Method{Service: "SearchService", Name: "Search"}
	wantEqual(t, "FullService", m.FullService(), "SearchService")
	wantEqual(t, "String", m.String(), "/SearchService/Search")
}

func TestT20ParseWithPackage(t *testing.T) {
	t.Parallel()
	m, err := framework.ParseMethod("/foo.bar.SearchService/Search")
	if want := (framework.Method{Package: "foo.bar", Service: "SearchService", Name: "Search"}); err != nil || m != want {
		t.Errorf("got %#v, %v; want %#v", m, err, want)
	}
}

func TestT21ParseWithoutPackage(t *testing.T) {
	t.Parallel()
	m, err := framework.ParseMethod("/SearchService/Search")
	if want := (framework.Method{Service: "SearchService", Name: "Search"}); err != nil || m != want {
		t.Errorf("got %#v, %v; want %#v", m, err, want)
	}
}

func TestT38FullService(t *testing.T) {
	t.Parallel()
	wantEqual(t, "FullService", framework.Method{Package: "foo.bar", Service: "SearchService", Name: "Search"}.FullService(), "foo.bar.SearchService")
}

// The debug form of a Go value is %#v.
func TestT40DebugForm(t *testing.T) {
	t.Parallel()
	m, err := framework.ParseMethod("/foo.bar.SearchService/Search")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "%#v", fmt.Sprintf("%#v", m), `framework.Method{Package:"foo.bar", Service:"SearchService", Name:"Search"}`)
}

// What Python takes for methods with an empty part is refused, too.
func TestX35Malformed(t *testing.T) {
	t.Parallel()
	for _, full := range []string{"", "foo", "/", "foo.Bar/Baz", "/a/b/c", "/S/", "//m", "/.S/M", "/S./M"} {
		if m, err := framework.ParseMethod(full); err == nil {
			t.Errorf("%q was parsed to %#v", full, m)
		}
	}
}

package method_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/internal/method"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, pkg, service, name string }{
		{"/foo.bar.SearchService/Search", "foo.bar", "SearchService", "Search"},
		{"/SearchService/Search", "", "SearchService", "Search"},
		{"/a.B/C", "a", "B", "C"},
		{"/my-service/do.it", "", "my-service", "do.it"},
		{"/größe.Dienst/Läuft", "größe", "Dienst", "Läuft"},
		{"/a.B/*", "a", "B", "*"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			pkg, service, name, err := method.Split(tt.in)
			if err != nil || pkg != tt.pkg || service != tt.service || name != tt.name {
				t.Errorf("Split(%q) = %q, %q, %q, %v; want %q, %q, %q", tt.in, pkg, service, name, err, tt.pkg, tt.service, tt.name)
			}
		})
	}
}

func TestSplitMalformed(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "foo", "/", "//", "///", "foo.Bar/Baz", "/foo.Bar", "/a/b/c", "/S/", "/S/M/", "//m", "//S/M",
		"/.S/M", "/S./M", "/a..S/M", "/./M", "/../M",
		" /S/M", "/S/M ", "/S /M", "/S/ M", "/S\t/M", "/S/M\n", "/S\x00/M", "/S/M\x7f",
		"/S/M\u00a0", "/S\u200b/M", "/S/\xff", "/\xc3\x28/M",
	} {
		t.Run(fmt.Sprintf("%q", in), func(t *testing.T) {
			t.Parallel()
			pkg, service, name, err := method.Split(in)
			want := fmt.Sprintf(`method: %q is not a full method name: write "/package.Service/Method"`, in)
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
			if pkg != "" || service != "" || name != "" {
				t.Errorf("parts %q, %q, %q beside an error", pkg, service, name)
			}
		})
	}
}

func TestSplitCutsWhatItRepeats(t *testing.T) {
	t.Parallel()
	_, _, _, err := method.Split(strings.Repeat("x", 1<<20))
	if err == nil {
		t.Fatal("no error")
	}
	if got := strings.Count(err.Error(), "x"); got != 256 {
		t.Errorf("%d bytes of the input are repeated, want 256", got)
	}
	if !strings.Contains(err.Error(), `x"… is`) {
		t.Errorf("the cut does not show: %s", err)
	}
}

func TestSplitDoesNotAllocate(t *testing.T) {
	full := strings.Clone("/foo.bar.SearchService/Search")
	if n := testing.AllocsPerRun(100, func() { _, _, _, _ = method.Split(full) }); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"", "/", "//m", "/S/M", "/a.b.S/M", "/.S/M", "/a..S/M", "/S./M", "/S/M/", "/a b/c", "/S/\xff", "/é.S/M"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, full string) {
		pkg, service, name, err := method.Split(full)
		if err != nil {
			if !strings.Contains(err.Error(), `write "/package.Service/Method"`) {
				t.Errorf("no cure in %q", err)
			}
			return
		}
		joined := "/" + service + "/" + name
		if pkg != "" {
			joined = "/" + pkg + "." + service + "/" + name
		}
		if joined != full {
			t.Errorf("Split(%q) joins to %q", full, joined)
		}
		if service == "" || name == "" || strings.ContainsAny(service, "./") || strings.ContainsAny(full, " \t\r\n\x00") {
			t.Errorf("Split(%q) = %q, %q, %q", full, pkg, service, name)
		}
	})
}

package tag_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/internal/tag"
)

// timed is a role for forms that none of the table has yet.
func timed() tag.Role {
	return tag.Role{
		Name: "a timed thing", First: tag.Option{Name: "name", Form: tag.FormName},
		Options: []tag.Option{
			{Name: "within", Form: tag.FormDuration, OneOf: []string{"none"}},
			{Name: "from", Form: tag.FormName},
		},
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		role tag.Role
		text string
		rest []string
	}{
		{role: tag.ChainLine(), text: "chain=server"},
		{role: tag.ChainLine(), text: "chain=client,servers=a ?b,clients=orders#2,service=acme.Orders ?Search,inherit=stage,without=?audit auth/x"},
		{role: tag.ChainField(), text: "auth"},
		{role: tag.ChainField(), text: "?extra"},
		{role: tag.ChainField(), text: "auth,stage=authenticate,on=Orders/* ?a.b.*,except=grpc.*,before=audit ?x,after=y,when=?night,unary"},
		{role: tag.PolicyLine(), text: "service=*"},
		{role: tag.PolicyLine(), text: "service=acme.Orders acme.Carts,default=allow,servers=a,clients=b"},
		{role: tag.RuleField(), text: "*,timeout=2s,anonymous,tenants.rate=10/s", rest: []string{"timeout=2s", "anonymous", "tenants.rate=10/s"}},
		{role: tag.RuleField(), text: "?acme.Orders/Get*"},
		{role: tag.HeadersLine(), text: "headers"},
		{role: tag.HeadersField(), text: "x-tenant-id,required,default='a, b',oneof=a ?a b"},
		{role: timed(), text: "a,within=2s,from=b"},
		{role: timed(), text: "a,within=none"},
		{role: tag.ErrorLine(), text: "error=NOT_FOUND,reason=GONE,domain=a.b,message='{A}, gone',retry.delay=2s,retryable,log=warn,resource.type=a b"},
		{role: tag.ErrorField(), text: "metadata=orderId,resource.name"},
		{role: tag.ErrorField(), text: "retry.delay,metadata"},
		{role: tag.ErrorPart(), text: "field"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			s, errs := tag.Of(structWith(`grpc:"` + tt.text + `"`))
			expect(t, errs, "struct", "")
			f := &s.Fields[0]
			items, errs := tt.role.Read(s, f)
			expect(t, errs, "struct", "")
			if items.First != f.Tag.First() {
				t.Errorf("first %v of %v", items.First, f.Tag)
			}
			for _, i := range f.Tag.Items[1:] {
				if got, ok := items.Get(i.Name); (!ok || got != i) && tt.rest == nil {
					t.Errorf("%s: got %v, %t", i.Name, got, ok)
				}
			}
			if rest := read(tag.Tag{Items: items.Rest()}); !slices.Equal(rest, tt.rest) {
				t.Errorf("rest %q, want %q", rest, tt.rest)
			}
			if i, ok := items.Get("elsewhere"); ok {
				t.Errorf("elsewhere is %v", i)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		role tag.Role
		text string
		want string // each problem with the tag and the caret below it
	}{
		{tag.ChainField(), "auth,stge=authenticate", `
  Auth: unknown option "stge" (did you mean "stage"?)
    grpc:"auth,stge=authenticate"
               ^`},
		{tag.ChainField(), "auth,elsewhere", `
  Auth: unknown option "elsewhere"; there are ["after" "before" "except" "on" "stage" "unary" "when"]
    grpc:"auth,elsewhere"
               ^`},
		{tag.HeadersLine(), "headers,required", `
  Auth: unknown option "required"; a headers struct's own line has none, remove it
    grpc:"headers,required"
                  ^`},
		{tag.ChainField(), "auth,on=a.B/C,unary,on=a.B/D", `
  Auth: "on" stands twice; write all in one, on=a b
    grpc:"auth,on=a.B/C,unary,on=a.B/D"
                              ^`},
		{tag.ChainField(), "auth,unary,unary", `
  Auth: "unary" stands twice; keep one
    grpc:"auth,unary,unary"
                     ^`},
		{tag.ChainLine(), "chain=server,chain=client", `
  Auth: "chain" stands twice; keep one
    grpc:"chain=server,chain=client"
                       ^`},
		{tag.RuleField(), "Get,timeout=1s,timeout=2s", `
  Auth: "timeout" stands twice; keep one
    grpc:"Get,timeout=1s,timeout=2s"
                         ^`},
		{tag.ChainField(), "auth,unary=true", `
  Auth: "unary" takes no value; write it alone
    grpc:"auth,unary=true"
                     ^`},
		{tag.HeadersLine(), "headers=in", `
  Auth: "headers" takes no value; write it alone
    grpc:"headers=in"
                  ^`},
		{tag.ChainField(), "auth,on", `
  Auth: "on" needs a value, on=…: patterns, spaces between them
    grpc:"auth,on"
               ^`},
		{tag.ErrorLine(), "error=NOT_FUOND", `
  Auth: unknown value "NOT_FUOND" of "error" (did you mean "NOT_FOUND"?)
    grpc:"error=NOT_FUOND"
                ^`},
		{tag.ErrorField(), "metdata", `
  Auth: unknown option "metdata" (did you mean "metadata"?)
    grpc:"metdata"
          ^`},
		{tag.ErrorField(), "metadata=Order", `
  Auth: "Order" is not a key; write 2 to 64 letters, digits, _ and -, a small letter first
    grpc:"metadata=Order"
                   ^`},
		{tag.ErrorField(), "metadata,cause=x,metadata", `
  Auth: "cause" takes no value; write it alone
    grpc:"metadata,cause=x,metadata"
                         ^
  Auth: "metadata" stands twice; keep one
    grpc:"metadata,cause=x,metadata"
                           ^`},
		{tag.ChainLine(), "chain", `
  Auth: "chain" needs a value, chain=…: server or client
    grpc:"chain"
          ^`},
		{tag.PolicyLine(), "service", `
  Auth: "service" needs a value, service=…: services, spaces between them; or *
    grpc:"service"
          ^`},
		{tag.ChainLine(), "chain=server,inherit=outr", `
  Auth: unknown value "outr" of "inherit" (did you mean "outer"?)
    grpc:"chain=server,inherit=outr"
                               ^`},
		{tag.ChainLine(), "chain='both sides'", `
  Auth: unknown value "both sides" of "chain"; there are ["client" "server"]
    grpc:"chain='both sides'"
                 ^`},
		{tag.ChainField(), "auth,on=a.B/C x ?a.B/C", `
  Auth: "a.B/C" stands twice in "on"; keep one
    grpc:"auth,on=a.B/C x ?a.B/C"
                          ^`},
		{tag.HeadersField(), "x-tenant,oneof=a b a", `
  Auth: "a" stands twice in "oneof"; keep one
    grpc:"x-tenant,oneof=a b a"
                             ^`},
		{tag.ChainField(), "auth,stage=observe app", `
  Auth: "stage" takes one word; remove "app"
    grpc:"auth,stage=observe app"
                             ^`},
		{tag.ChainField(), "auth,on=' '", `
  Auth: "on" has an empty value; write one, or leave the option out
    grpc:"auth,on=' '"
                   ^`},
		{tag.ChainField(), "auth,before=x a*b ?", `
  Auth: "a*b" is not a name; letters, digits and ._-#/ may stand in one
    grpc:"auth,before=x a*b ?"
                        ^
  Auth: "?" is not a name; letters, digits and ._-#/ may stand in one
    grpc:"auth,before=x a*b ?"
                            ^`},
		{tag.ChainField(), "auth,when='it''s é ''night'''", `
  Auth: "when" takes one word; remove "é"
    grpc:"auth,when='it''s é ''night'''"
                           ^`},
		{tag.ChainLine(), "chain=server,service=acme.Orders/Get * a..B", `
  Auth: "acme.Orders/Get" is not a service; write its full name, such as acme.orders.v1.Orders
    grpc:"chain=server,service=acme.Orders/Get * a..B"
                               ^
  Auth: "*" is not a service; write its full name, such as acme.orders.v1.Orders
    grpc:"chain=server,service=acme.Orders/Get * a..B"
                                               ^
  Auth: "a..B" is not a service; write its full name, such as acme.orders.v1.Orders
    grpc:"chain=server,service=acme.Orders/Get * a..B"
                                                 ^`},
		{tag.PolicyLine(), "service=* acme.Orders", `
  Auth: "*" is not a service; write its full name, such as acme.orders.v1.Orders, or * alone
    grpc:"service=* acme.Orders"
                  ^`},
		{timed(), "a,within=5", `
  Auth: "5" is not a duration; write it with units: 300ms, 2s, 1h30m
    grpc:"a,within=5"
                   ^`},
		{timed(), "a,within", `
  Auth: "within" needs a value, within=…: a duration, such as 300ms; or none
    grpc:"a,within"
            ^`},
		{tag.ChainField(), "errors=x,unary=y", `
  Auth: the first item is the name and has no value; write name,errors=x
    grpc:"errors=x,unary=y"
          ^
  Auth: "unary" takes no value; write it alone
    grpc:"errors=x,unary=y"
                         ^`},
		{tag.ChainField(), "Größe*", `
  Auth: "Größe*" is not a name; letters, digits and ._-#/ may stand in one
    grpc:"Größe*"
          ^`},
		{tag.RuleField(), "timeout=2s", `
  Auth: the first item is the method and has no value; write method,timeout=2s
    grpc:"timeout=2s"
          ^`},
		{tag.ChainLine(), "chian=server,nonsense", `
  Auth: a chain's own line begins with "chain", not with "chian" (did you mean "chain"?)
    grpc:"chian=server,nonsense"
          ^`},
		{tag.ChainLine(), "service=acme.Orders", `
  Auth: a chain's own line begins with "chain", not with "service", which begins a policy's own line
    grpc:"service=acme.Orders"
          ^`},
		{tag.PolicyLine(), "elsewhere", `
  Auth: a policy's own line begins with "service", not with "elsewhere"
    grpc:"elsewhere"
          ^`},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			s, errs := tag.Of(structWith(`grpc:"` + tt.text + `"`))
			expect(t, errs, "struct", "")
			items, errs := tt.role.Read(s, &s.Fields[0])
			expect(t, errs, "struct", tt.want)
			if items.First != s.Fields[0].Tag.First() {
				t.Errorf("first is %v", items.First)
			}
		})
	}
}

// TestReadKeepsWhatIsRight has what follows a mistake read too, without telling of a mistake twice.
func TestReadKeepsWhatIsRight(t *testing.T) {
	t.Parallel()
	s, _ := tag.Of(structWith(`grpc:"auth,on=,except=a.B/C,stage=x y,unary,unary"`))
	items, errs := tag.ChainField().Read(s, &s.Fields[0])
	if len(errs) != 2 {
		t.Errorf("errors %v", errs)
	}
	for name, want := range map[string]bool{"on": false, "except": true, "stage": false, "unary": true} {
		if _, ok := items.Get(name); ok != want {
			t.Errorf("%s: %t", name, ok)
		}
	}
}

func TestReadOfNothing(t *testing.T) {
	t.Parallel()
	s, _ := tag.Of(structWith(`grpc:"=x,unary=y"`))
	for _, f := range []*tag.Field{nil, {}, &s.Fields[0]} {
		items, errs := tag.ChainField().Read(s, f)
		if items.First != (tag.Item{}) || items.Rest() != nil || errs != nil {
			t.Errorf("%v, %v of %v", items, errs, f)
		}
	}
}

// TestRoles holds the table to its own shape.
func TestRoles(t *testing.T) {
	t.Parallel()
	same := regexp.MustCompile(`^(|(framework|fxgrpc|errmap)\.[A-Z]\w+)$`)
	opens := map[string]bool{}
	for _, r := range tag.Roles() {
		if r.Name == "" || r.Opens != "" && r.Opens != r.First.Name || r.Opens != "" && opens[r.Opens] {
			t.Errorf("role %q opens with %q, its first item is %q", r.Name, r.Opens, r.First.Name)
		}
		opens[r.Opens] = true
		names := map[string]bool{r.Opens: true}
		options := r.Options
		if r.First.Name != "" {
			options = append([]tag.Option{r.First}, options...)
		}
		for _, o := range options {
			if !strings.HasSuffix(o.Doc, ".") || strings.ContainsAny(o.Doc, "|\n") || !same.MatchString(o.Same) {
				t.Errorf("%s: %s: %q, %q", r.Name, o.Name, o.Doc, o.Same)
			}
			if (o.Form == tag.FormOneOf) != (len(o.OneOf) > 1) || o.Form.String() == "" {
				t.Errorf("%s: %s: form %s of %q", r.Name, o.Name, o.Form, o.OneOf)
			}
			if names[o.Name] && o.Name != r.Opens {
				t.Errorf("%s: %s stands twice", r.Name, o.Name)
			}
			names[o.Name] = true
		}
	}
}

package main

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/sluice-go/sluice/errmap"
	pb "github.com/sluice-go/sluice/examples/shop/orderspb"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/concurrency"
	"github.com/sluice-go/sluice/modules/ratelimit"
	"github.com/sluice-go/sluice/modules/timeout"
)

// replacements are what each character of a tag is changed to.
const replacements = "aXr9 ,='?*/.:\"-"

// TestMutations changes each character of each tag of ServerChain and OrdersPolicy. What comes of it means the same, or
// is refused with the field's name, or shows in what Explain says: nothing is dropped without a word.
func TestMutations(t *testing.T) {
	t.Parallel()
	shop := newMutants(t)
	said, err := shop.explain(shop.chain, shop.policy)
	if err != nil {
		t.Fatal(err)
	}
	shop.mutate(t, "ServerChain", shop.chain, said, func(mutant reflect.Value) (string, error) { return shop.explain(mutant, shop.policy) })
	shop.mutate(t, "OrdersPolicy", shop.policy, said, func(mutant reflect.Value) (string, error) { return shop.explain(shop.chain, mutant) })
}

// mutants are what chains are made of, again and again.
type mutants struct {
	chain, policy reflect.Value
	parts         []framework.Part
	services      map[string]grpc.ServiceInfo
	methods       []string
}

func newMutants(t *testing.T) *mutants {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	mapper, err := errmap.New(errmap.Config{})
	must(t, err)
	logging, err := newLogging(log)
	must(t, err)
	translate, err := newTranslate(mapper)
	must(t, err)
	recovery, err := newRecovery(log)
	must(t, err)
	auth, err := newAuth()
	must(t, err)
	timeouts, err := timeout.New(timeout.Options{})
	must(t, err)
	concurrent, err := concurrency.New(concurrency.Options{})
	must(t, err)
	rates, err := ratelimit.New(ratelimit.Options{})
	must(t, err)
	server := grpc.NewServer()
	pb.RegisterOrdersServer(server, pb.UnimplementedOrdersServer{})
	healthpb.RegisterHealthServer(server, health.NewServer())
	chain := ServerChain{Logging: logging, Errors: translate, Recovery: recovery, Auth: auth, Audit: NewAudit(log)}
	m := &mutants{
		chain: copied(reflect.ValueOf(chain), "", ""), policy: copied(reflect.ValueOf(OrdersPolicy{}), "", ""),
		parts: []framework.Part{
			framework.Use(timeouts), framework.Use(concurrent), framework.Use(rates),
			framework.PolicyFrom(rulesOf), framework.When("audit", true),
		},
		services: server.GetServiceInfo(),
	}
	for service, info := range m.services {
		for _, method := range info.Methods {
			m.methods = append(m.methods, "/"+service+"/"+method.Name)
		}
	}
	slices.Sort(m.methods)
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// copied is a struct of the same fields and values, with the tag of one field replaced. reflect makes its type.
func copied(of reflect.Value, field, tag string) reflect.Value {
	var fields []reflect.StructField
	for f := range of.Type().Fields() {
		if f.Name == field {
			f.Tag = reflect.StructTag(tag)
		}
		fields = append(fields, f)
	}
	c := reflect.New(reflect.StructOf(fields)).Elem()
	for i := range c.NumField() {
		if c.Field(i).CanSet() {
			c.Field(i).Set(of.Field(i))
		}
	}
	return c
}

// explain makes a chain of the structs, and tells all that there is to tell of it.
func (m *mutants) explain(chain, policy reflect.Value) (string, error) {
	parts := append([]framework.Part{framework.Struct(chain.Interface()), framework.Policy(policy.Interface())}, m.parts...)
	c, err := framework.NewServerChain(parts...)
	if err != nil {
		return "", err
	}
	if err := c.Bind(m.services); err != nil {
		return "", err
	}
	said := []any{c.String()}
	for _, method := range m.methods {
		said = append(said, c.Explain(method))
	}
	text, err := json.Marshal(said)
	return string(text), err
}

// mutate changes the tags of a struct.
func (m *mutants) mutate(t *testing.T, name string, of reflect.Value, original string, explain func(mutant reflect.Value) (string, error)) {
	t.Helper()
	count, refused := 0, 0
	for f := range of.Type().Fields() {
		tag := string(f.Tag)
		for i := range tag {
			for _, r := range replacements {
				mutated := tag[:i] + string(r) + tag[i+1:]
				if mutated == tag {
					continue
				}
				count++
				said, err := explain(copied(of, f.Name, mutated))
				switch {
				case err != nil && !strings.Contains(err.Error(), f.Name):
					t.Errorf("%s.%s: the error of `%s` does not name the field:\n%v", name, f.Name, mutated, err)
				case err != nil:
					refused++
				case said == original && !sameMeaning(tag, mutated):
					t.Errorf("%s.%s: `%s` is taken for `%s`", name, f.Name, mutated, tag)
				}
			}
		}
	}
	t.Logf("%s: %d mutants, %d refused", name, count, refused)
}

// sameMeaning reports whether two tags say the same to Sluice: they differ in what is fx's, which has its own checks,
// or not at all.
func sameMeaning(a, b string) bool {
	ours, mutated := reflect.StructTag(a).Get("grpc"), reflect.StructTag(b).Get("grpc")
	return ours == mutated
}

// TestMutationsOfWhatIsMissing has the field that may be nil nil: then a change to what says so is refused.
func TestMutationsOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	shop := newMutants(t)
	audit, _ := shop.chain.Type().FieldByName("Audit")
	shop.chain.FieldByName("Audit").SetZero()
	if _, err := shop.explain(shop.chain, shop.policy); err != nil {
		t.Fatal(err)
	}
	tag := string(audit.Tag)
	for i := strings.Index(tag, "optional"); i < len(tag); i++ {
		mutated := tag[:i] + "#" + tag[i+1:]
		if _, err := shop.explain(copied(shop.chain, "Audit", mutated), shop.policy); err == nil || !strings.Contains(err.Error(), "Audit") {
			t.Errorf("`%s`: got %v", mutated, err)
		}
	}
}

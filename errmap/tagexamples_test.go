package errmap_test

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/errmap"
)

// failed spares the examples their Error methods.
type failed struct{}

func (failed) Error() string { return "for the log" }

// Structs of the examples that are one of several.
type (
	Problem struct {
		Field  string `grpc:"field"`
		Why    string `grpc:"description"`
		Reason string `grpc:"reason"`
	}
	Unmet struct {
		Type string `grpc:"type"`
		User string `grpc:"subject"`
		Cure string `grpc:"description"`
	}
	Used struct {
		Project string            `grpc:"subject"`
		What    string            `grpc:"description"`
		Metric  string            `grpc:"metric"`
		ID      string            `grpc:"id"`
		Limit   int               `grpc:"value"`
		Where   map[string]string `grpc:"dimensions"`
	}
	Page struct {
		URL  string `grpc:"url"`
		Text string `grpc:"description"`
	}
	Shown struct {
		Language string `grpc:"locale"`
		Text     string `grpc:"message"`
	}
)

// cross sends an error of a tagged type, and prints what is on the wire; then it gives what a client with the same rule has.
func cross[E error](err E) (client E) {
	m := mapper(errmap.Tagged[E]())
	s := status.Convert(m.Error(ctx, method, err))
	fmt.Printf("%s: %s\n", s.Code(), s.Message())
	for _, d := range s.Details() {
		fmt.Println(" ", detailText(d))
	}
	client, _ = errors.AsType[E](m.Decode(ctx, s.Err()))
	return client
}

// The code is named as google.rpc.Code names it.
func ExampleTagged_error() {
	type OrderError struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		failed
	}
	cross(OrderError{})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
}

// Without it the reason is the name of the type in UPPER_SNAKE.
func ExampleTagged_reason() {
	type OrderError struct {
		_ struct{} `grpc:"error=NOT_FOUND,reason=NO_SUCH_ORDER,domain=shop.acme.com"`
		failed
	}
	cross(OrderError{})
	// Output:
	// NotFound: The requested entity was not found
	//   NO_SUCH_ORDER@shop.acme.com
}

// Without it the domain is that of the mapper.
func ExampleTagged_domain() {
	type OrderError struct {
		_ struct{} `grpc:"error=NOT_FOUND,domain=orders.acme.com"`
		failed
	}
	cross(OrderError{})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@orders.acme.com
}

// A message has fields that are sent, and {{ for a brace.
func ExampleTagged_message() {
	type OrderError struct {
		_  struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com,message='order {ID} is not there, nor is {{it}'"`
		ID int      `grpc:"metadata=orderId"`
		failed
	}
	cross(OrderError{ID: 7})
	// Output:
	// NotFound: order 7 is not there, nor is {it}
	//   ORDER_ERROR@shop.acme.com orderId=7
}

// The same every time, on the line, or from a field.
func ExampleTagged_retryDelay() {
	type OrderError struct {
		_     struct{}      `grpc:"error=UNAVAILABLE,domain=shop.acme.com"`
		Again time.Duration `grpc:"retry.delay"`
		failed
	}
	client := cross(OrderError{Again: 1500 * time.Millisecond})
	fmt.Println("client:", client.Again)
	// Output:
	// Unavailable: The service is currently unavailable
	//   ORDER_ERROR@shop.acme.com
	//   RetryInfo{1.5s}
	// client: 1.5s
}

// A delay that is the same every time.
func ExampleTagged_retryDelay_line() {
	type OrderError struct {
		_ struct{} `grpc:"error=UNAVAILABLE,domain=shop.acme.com,retry.delay=2s"`
		failed
	}
	cross(OrderError{})
	// Output:
	// Unavailable: The service is currently unavailable
	//   ORDER_ERROR@shop.acme.com
	//   RetryInfo{2s}
}

// It is not sent: a client that has the type knows it.
func ExampleTagged_retryable() {
	type OrderError struct {
		_ struct{} `grpc:"error=UNAVAILABLE,domain=shop.acme.com,retryable"`
		failed
	}
	fmt.Println(errmap.Retryable(cross(OrderError{})))
	// Output:
	// Unavailable: The service is currently unavailable
	//   ORDER_ERROR@shop.acme.com
	// true
}

// It is not sent: Outcome.Level has it.
func ExampleTagged_log() {
	type OrderError struct {
		_ struct{} `grpc:"error=UNAVAILABLE,domain=shop.acme.com,log=warn"`
		failed
	}
	mapped, _ := errors.AsType[*errmap.Error](mapper(errmap.Tagged[OrderError]()).Error(ctx, method, OrderError{}))
	fmt.Println(mapped.Outcome().Level())
	// Output:
	// WARN
}

// The key is the name of the field, or what is written.
func ExampleTagged_metadata() {
	type OrderError struct {
		_       struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		OrderID int      `grpc:"metadata"`
		Shop    string   `grpc:"metadata=store"`
		Query   string
		failed
	}
	client := cross(OrderError{OrderID: 7, Shop: "fr", Query: "select * from orders"})
	fmt.Printf("client: %d %q %q\n", client.OrderID, client.Shop, client.Query)
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com orderId=7 store=fr
	// client: 7 "fr" ""
}

// Constants of a detail stand on the line, what differs in fields.
func ExampleTagged_resourceType() {
	type OrderError struct {
		_  struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com,resource.type=order"`
		ID int      `grpc:"resource.name"`
		failed
	}
	cross(OrderError{ID: 7})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   ResourceInfo{order/7}
}

// One field may be several things.
func ExampleTagged_resourceName() {
	type OrderError struct {
		_    struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		Kind string   `grpc:"resource.type"`
		ID   int      `grpc:"metadata=orderId,resource.name"`
		failed
	}
	cross(OrderError{Kind: "order", ID: 7})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com orderId=7
	//   ResourceInfo{order/7}
}

func ExampleTagged_resourceOwner() {
	type OrderError struct {
		_     struct{} `grpc:"error=PERMISSION_DENIED,domain=shop.acme.com,resource.type=order,resource.name=all"`
		Owner string   `grpc:"resource.owner"`
		failed
	}
	cross(OrderError{Owner: "jane"})
	// Output:
	// PermissionDenied: The caller does not have permission to execute the specified operation
	//   ORDER_ERROR@shop.acme.com
	//   ResourceInfo{order/all/jane}
}

func ExampleTagged_resourceDescription() {
	type OrderError struct {
		_   struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com,resource.type=order,resource.owner=jane"`
		ID  int      `grpc:"resource.name"`
		Why string   `grpc:"resource.description"`
		failed
	}
	cross(OrderError{ID: 7, Why: "was removed"})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   ResourceInfo{order/7/jane/was removed}
}

// A slice of structs, each with its own tags.
func ExampleTagged_badrequest() {
	type OrderError struct {
		_      struct{}  `grpc:"error=INVALID_ARGUMENT,domain=shop.acme.com"`
		Fields []Problem `grpc:"badrequest"`
		failed
	}
	client := cross(OrderError{Fields: []Problem{{"email", "is missing", "REQUIRED"}, {"age", "is no number", ""}}})
	fmt.Printf("client: %+v\n", client.Fields)
	// Output:
	// InvalidArgument: The client specified an invalid argument
	//   ORDER_ERROR@shop.acme.com
	//   BadRequest{email:is missing:REQUIRED; age:is no number}
	// client: [{Field:email Why:is missing Reason:REQUIRED} {Field:age Why:is no number Reason:}]
}

// A map of fields to descriptions.
func ExampleTagged_badrequest_map() {
	type OrderError struct {
		_      struct{}          `grpc:"error=INVALID_ARGUMENT,domain=shop.acme.com"`
		Fields map[string]string `grpc:"badrequest"`
		failed
	}
	cross(OrderError{Fields: map[string]string{"email": "is missing", "age": "is no number"}})
	// Output:
	// InvalidArgument: The client specified an invalid argument
	//   ORDER_ERROR@shop.acme.com
	//   BadRequest{age:is no number; email:is missing}
}

// An error about one field. Joined errors of the type are sent as one list, and come back as several.
func ExampleTagged_badrequestField() {
	type OrderError struct {
		_     struct{} `grpc:"error=INVALID_ARGUMENT,domain=shop.acme.com,message='{Field} is missing',badrequest.reason=REQUIRED"`
		Field string   `grpc:"badrequest.field"`
		failed
	}
	cross(OrderError{Field: "email"})
	// Output:
	// InvalidArgument: email is missing
	//   ORDER_ERROR@shop.acme.com
	//   BadRequest{email::REQUIRED}
}

func ExampleTagged_badrequestDescription() {
	type OrderError struct {
		_   struct{} `grpc:"error=INVALID_ARGUMENT,domain=shop.acme.com,badrequest.field=email"`
		Why string   `grpc:"badrequest.description"`
		failed
	}
	cross(OrderError{Why: "is missing"})
	// Output:
	// InvalidArgument: The client specified an invalid argument
	//   ORDER_ERROR@shop.acme.com
	//   BadRequest{email:is missing}
}

func ExampleTagged_badrequestReason() {
	type OrderError struct {
		_   struct{} `grpc:"error=INVALID_ARGUMENT,domain=shop.acme.com,badrequest.field=email,badrequest.description='is wrong'"`
		Why string   `grpc:"badrequest.reason"`
		failed
	}
	cross(OrderError{Why: "REQUIRED"})
	// Output:
	// InvalidArgument: The client specified an invalid argument
	//   ORDER_ERROR@shop.acme.com
	//   BadRequest{email:is wrong:REQUIRED}
}

func ExampleTagged_precondition() {
	type OrderError struct {
		_     struct{} `grpc:"error=FAILED_PRECONDITION,domain=shop.acme.com"`
		Unmet []Unmet  `grpc:"precondition"`
		failed
	}
	cross(OrderError{Unmet: []Unmet{{"TOS", "jane", "accept the terms first"}}})
	// Output:
	// FailedPrecondition: The operation was rejected because the system is not in a state required for execution
	//   ORDER_ERROR@shop.acme.com
	//   PreconditionFailure{TOS:jane:accept the terms first}
}

func ExampleTagged_preconditionType() {
	type OrderError struct {
		_    struct{} `grpc:"error=FAILED_PRECONDITION,domain=shop.acme.com,precondition.subject=jane,precondition.description='accept them'"`
		Type string   `grpc:"precondition.type"`
		failed
	}
	cross(OrderError{Type: "TOS"})
	// Output:
	// FailedPrecondition: The operation was rejected because the system is not in a state required for execution
	//   ORDER_ERROR@shop.acme.com
	//   PreconditionFailure{TOS:jane:accept them}
}

func ExampleTagged_preconditionSubject() {
	type OrderError struct {
		_    struct{} `grpc:"error=FAILED_PRECONDITION,domain=shop.acme.com,precondition.type=TOS"`
		User string   `grpc:"precondition.subject"`
		failed
	}
	cross(OrderError{User: "jane"})
	// Output:
	// FailedPrecondition: The operation was rejected because the system is not in a state required for execution
	//   ORDER_ERROR@shop.acme.com
	//   PreconditionFailure{TOS:jane:}
}

func ExampleTagged_preconditionDescription() {
	type OrderError struct {
		_   struct{} `grpc:"error=FAILED_PRECONDITION,domain=shop.acme.com,precondition.type=TOS"`
		Why string   `grpc:"precondition.description"`
		failed
	}
	cross(OrderError{Why: "accept the terms first"})
	// Output:
	// FailedPrecondition: The operation was rejected because the system is not in a state required for execution
	//   ORDER_ERROR@shop.acme.com
	//   PreconditionFailure{TOS::accept the terms first}
}

func ExampleTagged_quota() {
	type OrderError struct {
		_    struct{} `grpc:"error=RESOURCE_EXHAUSTED,domain=shop.acme.com"`
		Used []Used   `grpc:"quota"`
		failed
	}
	cross(OrderError{Used: []Used{{"project:7", "calls a minute", "calls", "per-project", 60, map[string]string{"region": "eu"}}}})
	// Output:
	// ResourceExhausted: A resource has been exhausted
	//   ORDER_ERROR@shop.acme.com
	//   QuotaFailure{project:7:calls a minute:calls:per-project:60:map[region:eu]}
}

func ExampleTagged_quotaSubject() {
	type OrderError struct {
		_       struct{} `grpc:"error=RESOURCE_EXHAUSTED,domain=shop.acme.com"`
		Project string   `grpc:"quota.subject"`
		failed
	}
	cross(OrderError{Project: "project:7"})
	// Output:
	// ResourceExhausted: A resource has been exhausted
	//   ORDER_ERROR@shop.acme.com
	//   QuotaFailure{project:7::::0:map[]}
}

func ExampleTagged_quotaDescription() {
	type OrderError struct {
		_    struct{} `grpc:"error=RESOURCE_EXHAUSTED,domain=shop.acme.com,quota.subject=all"`
		What string   `grpc:"quota.description"`
		failed
	}
	cross(OrderError{What: "calls a minute"})
	// Output:
	// ResourceExhausted: A resource has been exhausted
	//   ORDER_ERROR@shop.acme.com
	//   QuotaFailure{all:calls a minute:::0:map[]}
}

func ExampleTagged_quotaMetric() {
	type OrderError struct {
		_      struct{} `grpc:"error=RESOURCE_EXHAUSTED,domain=shop.acme.com,quota.subject=all"`
		Metric string   `grpc:"quota.metric"`
		failed
	}
	cross(OrderError{Metric: "calls"})
	// Output:
	// ResourceExhausted: A resource has been exhausted
	//   ORDER_ERROR@shop.acme.com
	//   QuotaFailure{all::calls::0:map[]}
}

func ExampleTagged_quotaId() {
	type OrderError struct {
		_  struct{} `grpc:"error=RESOURCE_EXHAUSTED,domain=shop.acme.com,quota.subject=all"`
		ID string   `grpc:"quota.id"`
		failed
	}
	cross(OrderError{ID: "per-project"})
	// Output:
	// ResourceExhausted: A resource has been exhausted
	//   ORDER_ERROR@shop.acme.com
	//   QuotaFailure{all:::per-project:0:map[]}
}

func ExampleTagged_quotaValue() {
	type OrderError struct {
		_     struct{} `grpc:"error=RESOURCE_EXHAUSTED,domain=shop.acme.com,quota.subject=all"`
		Limit int      `grpc:"quota.value"`
		failed
	}
	cross(OrderError{Limit: 60})
	// Output:
	// ResourceExhausted: A resource has been exhausted
	//   ORDER_ERROR@shop.acme.com
	//   QuotaFailure{all::::60:map[]}
}

func ExampleTagged_quotaDimensions() {
	type OrderError struct {
		_     struct{}          `grpc:"error=RESOURCE_EXHAUSTED,domain=shop.acme.com,quota.subject=all"`
		Where map[string]string `grpc:"quota.dimensions"`
		failed
	}
	cross(OrderError{Where: map[string]string{"region": "eu"}})
	// Output:
	// ResourceExhausted: A resource has been exhausted
	//   ORDER_ERROR@shop.acme.com
	//   QuotaFailure{all::::0:map[region:eu]}
}

func ExampleTagged_help() {
	type OrderError struct {
		_     struct{} `grpc:"error=PERMISSION_DENIED,domain=shop.acme.com"`
		Links []Page   `grpc:"help"`
		failed
	}
	cross(OrderError{Links: []Page{{"https://acme.com/roles", "ask for a role"}}})
	// Output:
	// PermissionDenied: The caller does not have permission to execute the specified operation
	//   ORDER_ERROR@shop.acme.com
	//   Help{https://acme.com/roles ask for a role}
}

func ExampleTagged_helpUrl() {
	type OrderError struct {
		_    struct{} `grpc:"error=PERMISSION_DENIED,domain=shop.acme.com,help.description='ask for a role'"`
		Page string   `grpc:"help.url"`
		failed
	}
	cross(OrderError{Page: "https://acme.com/roles"})
	// Output:
	// PermissionDenied: The caller does not have permission to execute the specified operation
	//   ORDER_ERROR@shop.acme.com
	//   Help{https://acme.com/roles ask for a role}
}

// A link that is the same every time.
func ExampleTagged_helpDescription() {
	type OrderError struct {
		_ struct{} `grpc:"error=PERMISSION_DENIED,domain=shop.acme.com,help.url=https://acme.com/roles,help.description='ask for a role'"`
		failed
	}
	cross(OrderError{})
	// Output:
	// PermissionDenied: The caller does not have permission to execute the specified operation
	//   ORDER_ERROR@shop.acme.com
	//   Help{https://acme.com/roles ask for a role}
}

// A text for users, beside the message, which is for developers.
func ExampleTagged_localized() {
	type OrderError struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		Shown Shown    `grpc:"localized"`
		failed
	}
	cross(OrderError{Shown: Shown{"fr", "introuvable"}})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   LocalizedMessage{fr introuvable}
}

func ExampleTagged_localizedLocale() {
	type OrderError struct {
		_        struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com,localized.message='not there'"`
		Language string   `grpc:"localized.locale"`
		failed
	}
	cross(OrderError{Language: "en"})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   LocalizedMessage{en not there}
}

func ExampleTagged_localizedMessage() {
	type OrderError struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com,localized.locale=en"`
		Shown string   `grpc:"localized.message"`
		failed
	}
	cross(OrderError{Shown: "not there"})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   LocalizedMessage{en not there}
}

func ExampleTagged_requestId() {
	type OrderError struct {
		_  struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		ID string   `grpc:"request.id"`
		failed
	}
	cross(OrderError{ID: "r-7"})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   RequestInfo{r-7}
}

func ExampleTagged_requestData() {
	type OrderError struct {
		_    struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		ID   string   `grpc:"request.id"`
		Data string   `grpc:"request.data"`
		failed
	}
	cross(OrderError{ID: "r-7", Data: "shard 3"})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   RequestInfo{r-7 shard 3}
}

// A message of one's own goes as it is, and comes back by its type.
func ExampleTagged_detail() {
	type OrderError struct {
		_   struct{}                `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		Own *wrapperspb.StringValue `grpc:"detail"`
		failed
	}
	client := cross(OrderError{Own: wrapperspb.String("anything")})
	fmt.Println("client:", client.Own.GetValue())
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	//   *wrapperspb.StringValue
	// client: anything
}

// It is sent by a Verbose mapper alone, and this is none.
func ExampleTagged_debug() {
	type OrderError struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		Query string   `grpc:"debug"`
		failed
	}
	cross(OrderError{Query: "select * from orders"})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
}

// It is sent by a Verbose mapper alone, and this is none.
func ExampleTagged_stack() {
	type OrderError struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		Stack []string `grpc:"stack"`
		failed
	}
	cross(OrderError{Stack: []string{"main.main"}})
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
}

// It is never sent, and says that this is meant.
func ExampleTagged_cause() {
	type OrderError struct {
		_     struct{} `grpc:"error=NOT_FOUND,domain=shop.acme.com"`
		Cause error    `grpc:"cause"`
		failed
	}
	client := cross(OrderError{Cause: sql.ErrNoRows})
	fmt.Println("client:", client.Cause)
	// Output:
	// NotFound: The requested entity was not found
	//   ORDER_ERROR@shop.acme.com
	// client: <nil>
}

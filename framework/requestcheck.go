package framework

import (
	"context"
	"fmt"
	"reflect"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// isCheck reports whether a type is a func(context.Context, *pb.Request) error.
func isCheck(t reflect.Type) bool {
	return t.Kind() == reflect.Func && !t.IsVariadic() && t.NumIn() == 2 && t.NumOut() == 1 &&
		t.In(0) == reflect.TypeFor[context.Context]() && t.Out(0) == reflect.TypeFor[error]()
}

// A requestCheck is a field of a policy struct that checks requests.
type requestCheck struct {
	f       reflect.Value
	request reflect.Type
}

// Bind refuses a method with requests of another type.
func (r *requestCheck) Bind(m MethodInfo) (Interceptor, error) {
	if input := goType(inputOf(m.Descriptor)); input != nil && input != r.request {
		return nil, fmt.Errorf("the check takes %s, and the method's requests are %s", r.request, input)
	}
	return r, nil
}

// Intercept has each request checked.
func (r *requestCheck) Intercept(ctx context.Context, call *Call, next Handler) error {
	call.OnRequest(r.check)
	return next(ctx, call)
}

func (r *requestCheck) check(ctx context.Context, msg any) (any, error) {
	v := reflect.ValueOf(msg)
	if !v.IsValid() || v.Type() != r.request {
		return nil, status.Errorf(codes.Internal, "framework: a request is a %T, and its check takes %s", msg, r.request)
	}
	if err, _ := r.f.Call([]reflect.Value{reflect.ValueOf(ctx), v})[0].Interface().(error); err != nil {
		return nil, err
	}
	return msg, nil
}

package framework

import (
	"reflect"

	"google.golang.org/grpc"
)

// pair adds the other half to the link of the field above, where that is one half of a pair of the same name.
func (r *fieldReader) pair(f fieldValue, name string) bool {
	if r.last == nil || r.last.placement.Name != name || !r.last.lacks(f.Type) {
		return false
	}
	r.last.setHalf(f.value)
	if len(f.Tag.Items) > 1 {
		r.errorf(f, f.Tag.Items[1].Offset, "options of a pair stand on the first of its two fields; move them there")
	}
	return true
}

// lacks reports whether the link is a pair of grpc's own without a half of a type.
func (d *declaration) lacks(half reflect.Type) bool {
	switch raw := d.interceptor.(type) {
	case *rawServer:
		return raw.unary == nil && isFunc(half, unaryServerType) || raw.stream == nil && isFunc(half, streamServerType)
	case *rawClient:
		return raw.unary == nil && isFunc(half, unaryClientType) || raw.stream == nil && isFunc(half, streamClientType)
	}
	return false
}

// setHalf makes the link a pair of grpc's own, or adds a half to it.
func (d *declaration) setHalf(v reflect.Value) {
	switch t := v.Type(); {
	case isFunc(t, unaryServerType), isFunc(t, streamServerType):
		raw, ok := d.interceptor.(*rawServer)
		if !ok {
			raw = &rawServer{}
		}
		if isFunc(t, unaryServerType) {
			raw.unary, _ = v.Convert(unaryServerType).Interface().(grpc.UnaryServerInterceptor)
		} else {
			raw.stream, _ = v.Convert(streamServerType).Interface().(grpc.StreamServerInterceptor)
		}
		d.what, d.interceptor, d.raw, d.placement.Sides = serverPairName, raw, raw.halves(), []Side{ServerSide}
	default:
		raw, ok := d.interceptor.(*rawClient)
		if !ok {
			raw = &rawClient{}
		}
		if isFunc(t, unaryClientType) {
			raw.unary, _ = v.Convert(unaryClientType).Interface().(grpc.UnaryClientInterceptor)
		} else {
			raw.stream, _ = v.Convert(streamClientType).Interface().(grpc.StreamClientInterceptor)
		}
		d.what, d.interceptor, d.raw, d.placement.Sides = clientPairName, raw, raw.halves(), []Side{ClientSide}
	}
}

// Package parts has what chains of other packages hold.
package parts

import "github.com/sluice-go/sluice/framework"

// Parts may be a part of a chain, and by itself is nothing.
type Parts struct {
	Auth framework.Interceptor `grpc:"auth,stge=app"`
	Key  framework.Interceptor `gprc:"key"`
	Deep Deep                  `grpc:"deep"`
}

type Deep struct {
	Right framework.Interceptor `grpc:"right"`
	Plain framework.Interceptor
	Name  string `grpc:"name"`
}

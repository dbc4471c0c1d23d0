// Package fxgrpctest runs an fx app of fxgrpc in a test: the app as it is, on listeners in memory.
//
//	func TestOrders(t *testing.T) {
//		app := fxgrpctest.New(t, orders.Module, fx.Replace(fakeStore))
//		client := pb.NewOrdersClient(app.Conn(t, "default"))
//		…
//		fxgrpctest.AssertChain(t, app, "/acme.Orders/Create", "logging", "translate", "recovery", "auth")
//	}
//
// Nothing of fxgrpc knows that it is tested: an [fxgrpc.Network] in memory replaces the app's. Interceptors, services
// and whatever else the app is made of are replaced as in any fx app, by fx.Replace and fx.Decorate of their types.
//
// # Not for
//
// Tests of an interceptor alone, or without fx: package frameworktest is.
package fxgrpctest

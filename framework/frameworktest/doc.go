// Package frameworktest tests interceptors: on a real server and connection, on one link alone, and against the contract
// of framework.Interceptor.
//
//	DummyClient          caller ─▶ client chain ─▶ connection ─▶ server chain ─▶ DummyService
//	DummyConn, Conn               ClientParts     memory, TCP    ServerParts     special cases, or services of one's own
//
//	Run                  a Case ─▶ one link ─▶ what the Case answers: a Result        no wire, one function call
//
//	TestInterceptor      all rules of the contract, both sides, all four kinds        a subtest for each
//
// A test of an interceptor that counts failures, whole:
//
//	func TestFailures(t *testing.T) {
//		failures := &Failures{}
//		client := frameworktest.DummyClient(t,
//			frameworktest.ServerParts(framework.Use(failures)),
//			frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
//				"no such": frameworktest.Raises(status.Error(codes.NotFound, "no such thing")),
//			}))
//		for _, kind := range []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream} {
//			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"foo"}); err != nil {
//				t.Error(err)
//			}
//			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"no such"}); status.Code(err) != codes.NotFound {
//				t.Error(err)
//			}
//		}
//		if got := failures.Count(); got != 4 {
//			t.Errorf("counted %d failures", got)
//		}
//	}
//
//	func TestFailuresConform(t *testing.T) {
//		frameworktest.TestInterceptor(t, func() framework.Interceptor { return &Failures{} })
//	}
//
// A test with deadlines or pauses needs not wait for them: inside synctest.Test the in-memory connection runs on its fake
// clock.
//
// It is not for production: connections are in plaintext, and DummyService answers anybody.
package frameworktest

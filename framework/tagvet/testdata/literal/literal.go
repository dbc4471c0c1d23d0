// Package literal has tags in all ways to write a string.
package literal

import "github.com/sluice-go/sluice/framework"

type Chain struct {
	_                     struct{}              "grpc:\"chain=sever\""                          // want `unknown value "sever" of "chain" \(did you mean "server"\?\)`
	Interpreted           framework.Interceptor "json:\"é\" grpc:\"a,stge=app\""                // want `unknown option "stge"`
	Escaped               framework.Interceptor "json:\"\\u00e9\" \u0067rpc:\"b,\\x73tge=app\"" // want `unknown option "stge"`
	Raw                   framework.Interceptor `json:"é" grpc:"c,stge=app"`                    // want `unknown option "stge"`
	RawEscaped            framework.Interceptor `json:"a\"grpc:" grpc:"d,st\u0067e=app"`        // want `unknown option "stge"`
	Colon                 framework.Interceptor `json:"grpc:" grpc:"e,stge=app" yaml:"grpc"`    // want `unknown option "stge"`
	Twice                 framework.Interceptor `grpc:"f" json:"x" grpc:"g"`                    // want `the key grpc stands in the tag twice`
	A, B                  framework.Interceptor `grpc:"h,unry"`                                 // want `unknown option "unry"`
	framework.Interceptor `grpc:"i,unry"`       // want `unknown option "unry"`
}

type Headers struct {
	_           struct{} "grpc:\"headers\""
	Raw         string   `grpc:"a,default='é',requird"`                // want `unknown option "requird"`
	RawEscaped  string   `grpc:"b,default='\u00e9\x41',r\u0065quird"`  // want `unknown option "requird"`
	Interpreted string   "grpc:\"c,default='é\u00e9\\u00e9',requird\"" // want `unknown option "requird"`
}

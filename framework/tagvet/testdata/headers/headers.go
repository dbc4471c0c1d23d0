package headers

type Caller struct {
	_      struct{} `grpc:"headers"`
	Tenant string   `grpc:"x-tenant-id,required"`
	Trace  []byte   `grpc:"x-trace-bin,requird"` // want `unknown option "requird" \(did you mean "required"\?\)`
	Roles  []string `gprc:"x-role"`              // want `no grpc tag, but one with the key "gprc" \(did you mean "grpc"\?\)`
	Other  []string // want `no grpc tag; write one`
	Lang   string   `grpc:"x-lang,default='de, at',oneof=de 'at"` // want `a quote inside the value of "oneof"`
}

type Header struct {
	_      struct{} `grpc:"header"` // want `a headers struct's own line begins with "headers", not with "header" \(did you mean "headers"\?\)`
	Tenant string   `grpc:"x-tenant-id"`
}

package tag

// ErrorLine is the own line of an error struct.
func ErrorLine() Role {
	return Role{
		Name: "an error's own line", Opens: "error",
		First: Option{Name: "error", Form: FormOneOf, OneOf: codes(), Doc: "The code that clients get.", Same: "errmap.On"},
		Options: []Option{
			{Name: "reason", Form: FormWord, Doc: "By what clients know the error; the type's name in UPPER_SNAKE where nothing is said.", Same: "errmap.Reason"},
			{Name: "domain", Form: FormWord, Doc: "Where the reason belongs; that of the mapper where nothing is said.", Same: "errmap.Domain"},
			{Name: "message", Form: FormText, Doc: "What clients read, with {Field} for fields that are sent; {{ is a brace.", Same: "errmap.Message"},
			{Name: "retry.delay", Form: FormDuration, Doc: "When the caller may try again (RetryInfo).", Same: "errmap.Retry"},
			{Name: "retryable", Form: FormFlag, Doc: "The same call may succeed later. Not sent: for retry policies on either side.", Same: "errmap.Retryable"},
			{Name: "log", Form: FormOneOf, OneOf: []string{"debug", "info", "warn", "error"}, Doc: "The level to log the error at. Not sent."},
			{Name: "resource.type", Form: FormText, Doc: "The kind of resource (ResourceInfo)."},
			{Name: "resource.name", Form: FormText, Doc: "Which resource (ResourceInfo)."},
			{Name: "resource.owner", Form: FormText, Doc: "Whose resource (ResourceInfo)."},
			{Name: "resource.description", Form: FormText, Doc: "What is wrong with the resource (ResourceInfo)."},
			{Name: "badrequest.field", Form: FormText, Doc: "The field of the request (BadRequest)."},
			{Name: "badrequest.description", Form: FormText, Doc: "What is wrong with it (BadRequest)."},
			{Name: "badrequest.reason", Form: FormText, Doc: "Why, in UPPER_SNAKE (BadRequest)."},
			{Name: "precondition.type", Form: FormText, Doc: "The kind of precondition (PreconditionFailure)."},
			{Name: "precondition.subject", Form: FormText, Doc: "What failed it (PreconditionFailure)."},
			{Name: "precondition.description", Form: FormText, Doc: "How to meet it (PreconditionFailure)."},
			{Name: "quota.subject", Form: FormText, Doc: "Whose quota (QuotaFailure)."},
			{Name: "quota.description", Form: FormText, Doc: "What was used up (QuotaFailure)."},
			{Name: "quota.metric", Form: FormText, Doc: "What is counted (QuotaFailure)."},
			{Name: "quota.id", Form: FormText, Doc: "Which limit (QuotaFailure)."},
			{Name: "help.url", Form: FormText, Doc: "Where to read on (Help)."},
			{Name: "help.description", Form: FormText, Doc: "What is found there (Help)."},
			{Name: "localized.locale", Form: FormText, Doc: "The language of the text for users, such as en-US (LocalizedMessage)."},
			{Name: "localized.message", Form: FormText, Doc: "The text for users (LocalizedMessage)."},
		},
	}
}

// ErrorField is a field of an error struct. What has no tag stays inside.
func ErrorField() Role {
	return Role{
		Name: "a field of an error",
		Options: []Option{
			{Name: "metadata", Form: FormKey, Doc: "A value of the ErrorInfo, under this key; the field's name in lowerCamel where none is given."},
			{Name: "retry.delay", Form: FormFlag, Doc: "When the caller may try again; zero is not sent, less means never (RetryInfo)."},
			{Name: "resource.type", Form: FormFlag, Doc: "The kind of resource (ResourceInfo)."},
			{Name: "resource.name", Form: FormFlag, Doc: "Which resource (ResourceInfo)."},
			{Name: "resource.owner", Form: FormFlag, Doc: "Whose resource (ResourceInfo)."},
			{Name: "resource.description", Form: FormFlag, Doc: "What is wrong with the resource (ResourceInfo)."},
			{Name: "badrequest", Form: FormFlag, Doc: "All that is wrong with the request: a slice of structs, or a map of fields to descriptions (BadRequest)."},
			{Name: "badrequest.field", Form: FormFlag, Doc: "The one field of the request (BadRequest)."},
			{Name: "badrequest.description", Form: FormFlag, Doc: "What is wrong with it (BadRequest)."},
			{Name: "badrequest.reason", Form: FormFlag, Doc: "Why, in UPPER_SNAKE (BadRequest)."},
			{Name: "precondition", Form: FormFlag, Doc: "All preconditions that failed: a slice of structs (PreconditionFailure)."},
			{Name: "precondition.type", Form: FormFlag, Doc: "The kind of the one precondition (PreconditionFailure)."},
			{Name: "precondition.subject", Form: FormFlag, Doc: "What failed it (PreconditionFailure)."},
			{Name: "precondition.description", Form: FormFlag, Doc: "How to meet it (PreconditionFailure)."},
			{Name: "quota", Form: FormFlag, Doc: "All quotas that are used up: a slice of structs (QuotaFailure)."},
			{Name: "quota.subject", Form: FormFlag, Doc: "Whose quota, the one (QuotaFailure)."},
			{Name: "quota.description", Form: FormFlag, Doc: "What was used up (QuotaFailure)."},
			{Name: "quota.metric", Form: FormFlag, Doc: "What is counted (QuotaFailure)."},
			{Name: "quota.id", Form: FormFlag, Doc: "Which limit (QuotaFailure)."},
			{Name: "quota.value", Form: FormFlag, Doc: "The limit, a whole number (QuotaFailure)."},
			{Name: "quota.dimensions", Form: FormFlag, Doc: "What the limit applies to, a map of strings (QuotaFailure)."},
			{Name: "help", Form: FormFlag, Doc: "Links to read on: a slice of structs (Help)."},
			{Name: "help.url", Form: FormFlag, Doc: "The one link (Help)."},
			{Name: "help.description", Form: FormFlag, Doc: "What is found there (Help)."},
			{Name: "localized", Form: FormFlag, Doc: "The text for users: a struct (LocalizedMessage).", Same: "errmap.Localized"},
			{Name: "localized.locale", Form: FormFlag, Doc: "The language of the text for users (LocalizedMessage)."},
			{Name: "localized.message", Form: FormFlag, Doc: "The text for users (LocalizedMessage)."},
			{Name: "request.id", Form: FormFlag, Doc: "What to name to support (RequestInfo)."},
			{Name: "request.data", Form: FormFlag, Doc: "What support needs besides (RequestInfo)."},
			{Name: "detail", Form: FormFlag, Doc: "A message of one's own, sent as it is.", Same: "errmap.Detail"},
			{Name: "debug", Form: FormFlag, Doc: "A text for developers, sent by a Verbose mapper alone (DebugInfo)."},
			{Name: "stack", Form: FormFlag, Doc: "A stack, []string, sent by a Verbose mapper alone (DebugInfo)."},
			{Name: "cause", Form: FormFlag, Doc: "The error behind this one. Never sent."},
		},
	}
}

// ErrorPart is a field of a struct that is one of several violations, or links, of an error.
func ErrorPart() Role {
	return Role{
		Name: "a part of an error",
		Options: []Option{
			{Name: "field", Form: FormFlag, Doc: "Of a badrequest."},
			{Name: "reason", Form: FormFlag, Doc: "Of a badrequest."},
			{Name: "description", Form: FormFlag, Doc: "Of a badrequest, precondition, quota or help."},
			{Name: "type", Form: FormFlag, Doc: "Of a precondition."},
			{Name: "subject", Form: FormFlag, Doc: "Of a precondition or quota."},
			{Name: "metric", Form: FormFlag, Doc: "Of a quota."},
			{Name: "id", Form: FormFlag, Doc: "Of a quota."},
			{Name: "value", Form: FormFlag, Doc: "Of a quota: a whole number."},
			{Name: "dimensions", Form: FormFlag, Doc: "Of a quota: a map of strings."},
			{Name: "url", Form: FormFlag, Doc: "Of a help."},
			{Name: "locale", Form: FormFlag, Doc: "Of a localized."},
			{Name: "message", Form: FormFlag, Doc: "Of a localized."},
		},
	}
}

// codes are the names of google.rpc.Code, without OK.
func codes() []string {
	return []string{
		"CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
		"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
}

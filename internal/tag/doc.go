// Package tag reads declarations: the text of a grpc tag into items, a struct's tags into fields, and both against the
// one table of what may stand there. What it refuses it points at.
//
//	Audit *Audit `grpc:"audit,on=Orders/Create Orders/Cancel,unary"`
//	                    └─┬─┘ └──────────────┬─────────────┘ └─┬─┘
//	                    item     item = name=value: here     item
//	                             a list of two words
//
//	tag   = item *( "," item )
//	item  = name [ "=" value ]
//	name  = letters, digits and ._-/#*?
//	value = bare | quoted            bare: printable, no comma, quote or equals; outer spaces trimmed
//	quoted = "'" … "'"               two quotes inside are one
//	list  = words separated by spaces, inside one value
//
// No value is empty, quoted or not. The first item of a struct's own line says what the struct is, that of a field
// what the field is called; options follow.
package tag

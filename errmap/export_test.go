package errmap

import "reflect"

// Describe is what the tags of a struct type say, or what is wrong with them, for types made while a test runs.
func Describe(t reflect.Type) (string, []error) {
	d := readDeclaration(t)
	var errs []error
	for _, e := range d.errs {
		errs = append(errs, e)
	}
	return d.String(), errs
}

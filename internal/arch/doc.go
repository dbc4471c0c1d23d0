// Package arch is a test: the house rules of this repository, read from its
// source files. Which package may import what is a table in arch_test.go; a new
// package is a new row there.
package arch

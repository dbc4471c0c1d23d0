//go:build !race

package frameworktest_test

const raceEnabled = false

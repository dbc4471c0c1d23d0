//go:build !race

package errmap_test

const raceEnabled = false

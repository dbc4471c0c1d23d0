//go:build race

package errmap_test

const raceEnabled = true

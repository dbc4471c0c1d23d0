//go:build race

package fxgrpc_test

// shuffles is how often TestOrder builds its app.
const shuffles = 100

// Package e2e tests the built program from outside: real processes, a real
// Temporal server, real HTTP, and a simulated fleet. Its benchmarks embed the
// server. Nothing imports it.
package e2e

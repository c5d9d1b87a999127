// Package starter is the client side of runs: it resolves a graph and starts it,
// reads, lists, cancels and deletes runs, and passes on what installers report.
// The API stands on it, and so may any program that embeds rackflow.
//
// It knows workflows by their names and records, and must not import activities.
package starter

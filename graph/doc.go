// Package graph is the language: RackHD graph and task definitions in JSON or
// YAML, their validation, option resolution, templates, and the rules that say
// which task may start and how a graph ends.
//
// It is pure. There is no I/O, no clock, no randomness and no Temporal in it, so
// a workflow may call all of it and replay to the same result. It imports nothing
// else of this module.
//
// The way through: [ParseGraph] reads a [Graph], [Check] validates its structure,
// [Resolve] turns it and a run request into a [Plan], and a [Machine] walks the
// plan.
package graph

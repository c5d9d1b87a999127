// Package store owns the inventory and the documents of rackflow: servers, the
// settings of their BMCs, their catalogs, SKUs and tags, graph and task definitions,
// and the links that media and callback URLs stand for. It also owns two folders, one
// of blobs that rackflow writes and one of vendor images, which operators upload or
// put there.
//
// Runs are not here: they live in Temporal and nowhere else. Secrets inside a
// document reach this package sealed and are opaque to it.
//
// The package imports nothing else of the project, so that every layer may
// name its types. Callers declare the few methods of [Store] that they use.
package store

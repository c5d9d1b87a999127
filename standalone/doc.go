// Package standalone runs a Temporal server and its Web UI inside the process,
// on two SQLite files in one folder and on loopback addresses only.
//
// It owns the server's configuration, the schema of its files and their upgrade,
// the namespace, and the recovery of activities that died with an earlier
// process. The Temporal server promises no stable Go API, so this is the only
// package that may import go.temporal.io/server and the Web UI. It must not
// import any other package of rackflow.
package standalone

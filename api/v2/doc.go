// Package v2 is the RackHD 2.0 API in Go: its models, a client, and the interface
// that the server implements. All of it is generated from api/openapi.yaml. It
// imports nothing of rackflow, so any client may use it.
package v2

// Package api owns what rackflow answers over HTTP: the RackHD 2.0 API, described
// by openapi.yaml and served on top of starter and the store, and the media server,
// which gives images to BMCs and takes the reports of installers.
//
// It must not import bmc or activities: what touches a server is a run.
package api

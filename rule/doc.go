// Package rule says by the catalogs of a server which kind of server it is: the
// rules of SKUs and tags, with RackHD's operators.
//
// It is pure: rules come in as JSON and catalogs as values of JSON. Of this module it
// imports nothing but graph.
//
// The way through: [Parse] reads [Rules], [Rules.Sources] says which catalogs they
// look into, and [Rules.Match] holds them against those.
package rule

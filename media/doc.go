// Package media owns what a source string means, and opens it for reading:
//
//	image:<name>           a vendor image in the images folder
//	image:sha256:<digits>  the same by its digest, if it was uploaded
//	blob:<key>             an image that a job has built and stored
//	overlay:<key>          a vendor image customised for one server
//
// Of an overlay only the inputs are stored: which image it is made of, and what
// is to change, sealed because it holds secrets. The image is made of them again
// whenever it is asked for and not in memory, in about a millisecond.
//
// The package stands on store, seal and iso, and must not import what serves
// requests, runs jobs or knows Temporal.
package media

// Package iso owns everything rackflow knows about install media: it inspects
// vendor ISO images, writes the small seed images that carry an installer's
// answer file, and renders those answer files, one recipe an OS family.
//
// It works on an [io.ReaderAt] or on bytes in memory and knows nothing of
// servers, BMCs or HTTP. It must not import any other package of the project.
package iso

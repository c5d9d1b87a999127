// Package iso owns everything rackflow knows about install media: it inspects
// vendor ISO images, edits them without copying them, changes boot
// configurations, writes the small seed images that carry an installer's answer
// file, and renders those answer files, one recipe an OS family.
//
// An edited image is an overlay. [Open] reads a vendor's image once as a [Base];
// [Base.Edit] collects the changes for one server; [Editor.Image] gives an
// [Image] that reads as a whole ISO and holds only the kilobytes that differ. No
// file of the vendor's moves, so that boot records which name sectors stay true.
// Images are made again at need from the base and the same changes, and are not
// worth storing.
//
// It works on an [io.ReaderAt] or on bytes in memory and knows nothing of
// servers, BMCs or HTTP. It must not import any other package of the project.
package iso

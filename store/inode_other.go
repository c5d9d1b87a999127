//go:build !unix

package store

import "io/fs"

// inode is not to be had here: size and time have to do.
func inode(fs.FileInfo) uint64 { return 0 }

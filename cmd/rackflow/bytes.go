package main

import "fmt"

// formatBytes shows a size in the decimal units that disks and vendors use.
func formatBytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n), 0
	for size >= 999.95 && unit < len(byteUnits)-1 {
		size /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %s", size, byteUnits[unit])
}

var byteUnits = []string{"B", "kB", "MB", "GB", "TB"}

package bmc

import (
	"slices"
	"strconv"
	"strings"
)

// firmwareFault is a fault of some versions of the iDRAC firmware, the last included.
type firmwareFault struct {
	first, last string
	warning     string
}

// firmwareFaults have been met in installations from virtual media.
//
//nolint:gochecknoglobals // a constant table
var firmwareFaults = []firmwareFault{
	{"4.40.00.00", "4.40.39.99", "with the eHTML5 console plug-in this firmware cannot use images on remote shares: choose another plug-in or update it"},
	{"5.10.10.00", "5.10.10.99", "without a DNS server in its settings this firmware cannot reach images: set one or update it"},
}

// firmwareWarnings returns what is known against a version, which decides nothing else.
func firmwareWarnings(version string) []string {
	var warnings []string
	for _, fault := range firmwareFaults {
		if slices.Compare(versionParts(version), versionParts(fault.first)) >= 0 &&
			slices.Compare(versionParts(version), versionParts(fault.last)) <= 0 {
			warnings = append(warnings, "firmware "+version+": "+fault.warning)
		}
	}
	return warnings
}

// versionParts reads the numbers of a version. What is no number counts as 0.
func versionParts(version string) []int {
	fields := strings.Split(version, ".")
	parts := make([]int, 0, len(fields))
	for _, field := range fields {
		part, err := strconv.Atoi(field)
		if err != nil {
			part = 0
		}
		parts = append(parts, part)
	}
	return parts
}

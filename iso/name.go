package iso

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of identifiers.
const (
	maxPrimaryName = 30 // ECMA-119 7.5.1, level 2, without version
	maxJolietName  = 64 // Joliet specification, in UCS-2 characters
	maxPathDepth   = 32
)

// splitPath cleans a path on the image and takes it apart. The root itself has
// no name that could be edited.
func splitPath(name string) ([]string, error) {
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return nil, fmt.Errorf("path %q: not a path in UTF-8", name)
	}
	clean := strings.TrimPrefix(path.Clean("/"+name), "/")
	if clean == "" {
		return nil, fmt.Errorf("path %q: names no file", name)
	}
	parts := strings.Split(clean, "/")
	if len(parts) > maxPathDepth {
		return nil, fmt.Errorf("path %q: more than %d levels", name, maxPathDepth)
	}
	return parts, nil
}

// visibleName returns a name as readers show it, or "" for one that no path can
// name.
func visibleName(name string) string {
	if name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return ""
	}
	return name
}

// plainName is an identifier without version and without an empty extension.
func plainName(id string) string {
	if at := strings.LastIndexByte(id, ';'); at > 0 {
		id = id[:at]
	}
	return strings.TrimSuffix(id, ".")
}

// jolietName decodes a UCS-2 identifier, which may well be UTF-16.
func jolietName(id string) string {
	units := make([]uint16, len(id)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16([]byte(id[2*i:]))
	}
	name := string(utf16.Decode(units))
	if at := strings.LastIndexByte(name, ';'); at > 0 {
		name = name[:at]
	}
	return name
}

// jolietID encodes a name, cut to the length and characters Joliet allows.
// attempt tells names apart that meet in one identifier.
func jolietID(name, version string, attempt int) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`*/:;?\`, r) {
			return '_'
		}
		return r
	}, name)
	var suffix []uint16
	if attempt > 0 {
		suffix = utf16.Encode([]rune(fmt.Sprintf("_%d", attempt) + path.Ext(name)))
		suffix = suffix[:min(len(suffix), maxJolietName/2)]
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	units := utf16.Encode([]rune(name))
	units = slices.Concat(units[:min(len(units), maxJolietName-len(suffix))], suffix, utf16.Encode([]rune(version)))
	var id []byte
	for _, unit := range units {
		id = binary.BigEndian.AppendUint16(id, unit)
	}
	return string(id)
}

// primaryID makes a level 2 identifier of a name: upper case, one dot, other
// characters replaced. attempt tells names apart that meet in one identifier.
func primaryID(name, version string, directory bool, attempt int) string {
	stem, extension := name, ""
	if at := strings.LastIndexByte(name, '.'); at > 0 && !directory {
		stem, extension = name[:at], name[at+1:]
	}
	suffix := ""
	if attempt > 0 {
		suffix = fmt.Sprintf("_%d", attempt)
	}
	stem, extension = primaryCharacters(stem), primaryCharacters(extension)
	extension = extension[:min(len(extension), 8)]
	room := maxPrimaryName - 1 - len(extension) - len(suffix)
	stem = stem[:min(len(stem), room)] + suffix
	if directory {
		return stem
	}
	if extension == "" && version == "" {
		return stem
	}
	return stem + "." + extension + version
}

func primaryCharacters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, s)
}

// compareIDs orders identifiers as ECMA-119 9.3 asks: name, then extension, each
// as if filled up with spaces, then version.
func compareIDs(a, b string) int {
	aName, aExtension, aVersion := cutID(a)
	bName, bExtension, bVersion := cutID(b)
	return cmp.Or(comparePadded(aName, bName), comparePadded(aExtension, bExtension), comparePadded(bVersion, aVersion))
}

func cutID(id string) (name, extension, version string) {
	id, version, _ = strings.Cut(id, ";")
	name, extension, _ = strings.Cut(id, ".")
	return name, extension, version
}

func comparePadded(a, b string) int {
	for i := range max(len(a), len(b)) {
		if c := cmp.Compare(paddedAt(a, i), paddedAt(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func paddedAt(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return ' '
}

// compareJolietIDs orders by code unit; a name comes before its extensions.
func compareJolietIDs(a, b string) int {
	a, _, _ = strings.Cut(a, "\x00;")
	b, _, _ = strings.Cut(b, "\x00;")
	return cmp.Compare(a, b)
}

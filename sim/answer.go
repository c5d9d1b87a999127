package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Families of operating system, as in Installation.
const (
	familyRHEL   = "rhel"
	familyUbuntu = "ubuntu"
	familyDebian = "debian"
)

// answer is what an answer file asks an installer to do.
type answer struct {
	family     string
	hostname   string
	directives []string // other settings that were noted, by name
	early      []script // before the disk is touched
	late       []script // after the system is on the disk
	onError    []script
	finish     ending

	file   string // name of the answer file
	digest string // hex SHA-256 of it
}

// script is a piece of shell. If it is fatal its failure fails the installation.
type script struct {
	text  string
	fatal bool
}

// answerSource is a place in which an installer looks for its answer file.
type answerSource struct {
	label string // of a seed volume, in either case; "" is the booted image itself
	file  string // in the root directory
	parse func([]byte) (*answer, error)
}

var seedSources = []answerSource{
	{"OEMDRV", "ks.cfg", parseKickstart},
	{"CIDATA", "user-data", parseAutoinstall},
}

var imageSources = []answerSource{
	{"", "ks.cfg", parseKickstart},
	{"", "autoinstall.yaml", parseAutoinstall},
	{"", "preseed.cfg", parsePreseed},
}

var errNoAnswer = errors.New("no answer file: the installer waits at its first question")

// findAnswer looks at the seed volumes in the other slots, then at the booted image.
func (s *Server) findAnswer(ctx context.Context, booted *medium) (*answer, error) {
	for i := range slotCount {
		if i == booted.slot {
			continue
		}
		seed, err := s.openMedia(ctx, i)
		if errors.Is(err, errNoMedia) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found, err := seed.volume.findAnswer(seedSources)
		s.recordRead(seed)
		if !errors.Is(err, errNotFound) {
			return found, err
		}
	}
	found, err := booted.volume.findAnswer(imageSources)
	if errors.Is(err, errNotFound) {
		return nil, errNoAnswer
	}
	return found, err
}

// findAnswer returns errNotFound if no source is on this volume.
func (v *volume) findAnswer(sources []answerSource) (*answer, error) {
	for _, source := range sources {
		if source.label != "" && !strings.EqualFold(source.label, v.label) {
			continue
		}
		data, err := v.rootFile(source.file)
		if errors.Is(err, errNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return source.read(data)
	}
	return nil, errNotFound
}

func (source answerSource) read(data []byte) (*answer, error) {
	parsed, err := source.parse(data)
	if err != nil {
		return nil, fmt.Errorf("answer file /%s: %w", source.file, err)
	}
	sum := sha256.Sum256(data)
	parsed.file, parsed.digest = "/"+source.file, hex.EncodeToString(sum[:])
	return parsed, nil
}

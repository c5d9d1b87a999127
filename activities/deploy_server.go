package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/iso"
)

// Checks of a server that option skip can leave out, for BMCs that tell less than others.
const (
	checkLicence  = "licence"
	checkMedia    = "media"
	checkBootMode = "bootMode"
	checkDisk     = "disk"
)

// serverArchitecture is the processor of all servers that have an iDRAC.
const serverArchitecture = "x86_64"

// checkServer asks the BMC. What it does not tell is not held against the server.
func (d *deployment) checkServer(ctx context.Context, t machine, skip []string) error {
	var problems []error
	if d.Architecture != "" && d.Architecture != serverArchitecture {
		problems = append(problems, fmt.Errorf("%s: image %s is for %s, and the server's processors are %s: take another image",
			t, d.Image, d.Architecture, serverArchitecture))
	}
	for _, check := range []struct {
		name string
		do   func(context.Context, machine) (problem, err error)
	}{
		{checkLicence, d.checkLicence}, {checkMedia, d.checkMedia}, {checkBootMode, d.checkBootMode}, {checkDisk, d.checkDisk},
	} {
		if slices.Contains(skip, check.name) {
			continue
		}
		problem, err := check.do(ctx, t)
		if err != nil {
			return err
		}
		if problem != nil {
			problems = append(problems, fmt.Errorf("%s: %w", t, problem))
		}
	}
	if len(problems) > 0 {
		return permanent(errors.Join(problems...))
	}
	return nil
}

// checkLicence refuses the levels without virtual media, as Dell's comparison of iDRAC
// licences has them.
func (d *deployment) checkLicence(ctx context.Context, t machine) (problem, err error) {
	can, err := t.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	d.Licence = can.Licence
	if can.Licence == "Basic" || can.Licence == "Express" {
		return fmt.Errorf("its iDRAC licence is %s: virtual media needs Enterprise or Datacenter", can.Licence), nil
	}
	return nil, nil
}

func (d *deployment) checkMedia(ctx context.Context, t machine) (problem, err error) {
	slots, err := t.MediaSlots(ctx)
	if err != nil || !d.Seed {
		return nil, err
	}
	if len(slots) < 2 {
		return fmt.Errorf("it has %d virtual drives: the installer of %s needs a second one for its answers", len(slots), d.Family), nil
	}
	if second := slots[1].Types; !slices.Contains(second, "CD") && !slices.Contains(second, "DVD") {
		return fmt.Errorf("its second virtual drive takes no CD: the installer of %s needs one for its answers; update the iDRAC to firmware 6.00 or later", d.Family), nil
	}
	return nil, nil
}

// checkBootMode holds the mode that the server boots in against what the image boots in.
func (d *deployment) checkBootMode(ctx context.Context, t machine) (problem, err error) {
	boot, err := t.Boot(ctx)
	if err != nil {
		return nil, err
	}
	d.BootMode = boot.Mode
	want := map[string]iso.Platform{"UEFI": iso.PlatformUEFI, "Legacy": iso.PlatformBIOS}[boot.Mode]
	platforms := d.Platforms
	if d.Family == "windows" {
		// Only what UEFI starts is freed from its "Press any key".
		platforms = []string{string(iso.PlatformUEFI)}
	}
	if want == "" || slices.Contains(platforms, string(want)) {
		return nil, nil
	}
	return fmt.Errorf("it boots in mode %s, and image %s in %s only: set the BIOS attribute BootMode first (Graph.Bios.Configure)",
		boot.Mode, d.Image, strings.Join(platforms, ", ")), nil
}

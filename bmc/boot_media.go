package bmc

import "context"

const opBootMedia = "boot from virtual media"

// bootVirtualCD is how BMCs are told to boot an image for which Redfish's Cd stands for the
// physical drive. White space between the elements makes iDRACs reject it.
const bootVirtualCD = `<SystemConfiguration><Component FQDD="iDRAC.Embedded.1">` +
	`<Attribute Name="ServerBoot.1#BootOnce">Enabled</Attribute>` +
	`<Attribute Name="ServerBoot.1#FirstBootDevice">VCD-DVD</Attribute>` +
	`</Component></SystemConfiguration>`

// BootMediaOnce makes the next boot use the image in the first media slot. Where virtual
// media belongs to the system, that is a boot override to Cd. Where it belongs to the BMC,
// as on iDRAC8 and on firmware before 6.00, Cd is the physical drive, and it takes the
// import of a profile, which lasts about 20 s and is Busy while another job is.
//
// It may be repeated. The next boot uses it up.
func (b *BMC) BootMediaOnce(ctx context.Context) error {
	place, err := b.mediaPlace(ctx, opBootMedia)
	if err != nil {
		return err
	}
	if place == MediaOfSystem {
		return b.BootOnce(ctx, BootCd)
	}
	job, err := b.StartImportProfile(ctx, ProfileImport{Profile: []byte(bootVirtualCD), Targets: []string{"IDRAC"}})
	if err != nil {
		return err
	}
	_, err = b.WaitProfile(ctx, job)
	return err
}

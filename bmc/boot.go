package bmc

import (
	"context"
	"fmt"
	"slices"
)

const (
	opBoot      = "read boot override"
	opBootSet   = "set boot override"
	opBootClear = "clear boot override"

	overrideOnce       = "Once"
	overrideContinuous = "Continuous"
	overrideDisabled   = "Disabled"

	modeLegacy = "Legacy"
)

// BootDevice is what to boot from, in Redfish's words. A BMC offers only some.
type BootDevice string

// The boot devices that iDRACs offer.
const (
	BootNone      BootDevice = "None"
	BootPxe       BootDevice = "Pxe"
	BootFloppy    BootDevice = "Floppy"
	BootCd        BootDevice = "Cd"
	BootHdd       BootDevice = "Hdd"
	BootBiosSetup BootDevice = "BiosSetup"
	BootUtilities BootDevice = "Utilities"
	BootUefiHTTP  BootDevice = "UefiHttp"
)

// BootOverride is what the next boots are told to use instead of the boot order.
type BootOverride struct {
	// Target is BootNone when nothing is overridden.
	Target BootDevice
	// Enabled is Once, Continuous or Disabled.
	Enabled string
	// Mode is UEFI or Legacy, or empty where the BMC does not say.
	Mode string
	// Allowed are the devices that the BMC offers; empty where it does not say.
	Allowed []BootDevice
}

type bootDoc struct {
	Target  string       `json:"BootSourceOverrideTarget"`
	Enabled string       `json:"BootSourceOverrideEnabled"`
	Mode    string       `json:"BootSourceOverrideMode"`
	Allowed []BootDevice `json:"BootSourceOverrideTarget@Redfish.AllowableValues"`
	Times   []string     `json:"BootSourceOverrideEnabled@Redfish.AllowableValues"`
	Modes   []string     `json:"BootSourceOverrideMode@Redfish.AllowableValues"`
}

func (d bootDoc) override() BootOverride {
	boot := BootOverride{Target: BootDevice(d.Target), Enabled: d.Enabled, Mode: d.Mode, Allowed: d.Allowed}
	if boot.Target == "" || boot.Target == BootNone || boot.Enabled == "" || boot.Enabled == overrideDisabled {
		boot.Target, boot.Enabled = BootNone, overrideDisabled
	}
	return boot
}

func (d bootDoc) is(device BootDevice, enabled string) bool {
	boot := d.override()
	return boot.Target == device && boot.Enabled == enabled
}

// Boot reads the boot override.
func (b *BMC) Boot(ctx context.Context) (BootOverride, error) {
	system, err := b.system(ctx, opBoot)
	if err != nil {
		return BootOverride{}, err
	}
	return system.Boot.override(), nil
}

// BootOnce makes the next boot use the device. Any boot uses it up, also one that a job
// of the BMC makes, so set it last before the reset. The boot mode stays as it is: changing
// it takes a BIOS job.
//
// BootCd may mean the physical drive: use [BMC.BootMediaOnce] for an inserted image.
func (b *BMC) BootOnce(ctx context.Context, device BootDevice) error {
	return b.overrideBoot(ctx, device, overrideOnce)
}

// BootAlways makes every boot use the device until [BMC.ClearBootOverride]. The boot mode
// stays as it is.
func (b *BMC) BootAlways(ctx context.Context, device BootDevice) error {
	return b.overrideBoot(ctx, device, overrideContinuous)
}

func (b *BMC) overrideBoot(ctx context.Context, device BootDevice, enabled string) error {
	system, err := b.system(ctx, opBootSet)
	if err != nil {
		return err
	}
	if system.Boot.is(device, enabled) {
		return nil
	}
	if err := b.checkBoot(system.Boot, device, enabled); err != nil {
		return err
	}
	change := map[string]string{
		"BootSourceOverrideEnabled": enabled,
		"BootSourceOverrideTarget":  string(device),
	}
	return b.setBoot(ctx, opBootSet, system, change, func(boot bootDoc) bool { return boot.is(device, enabled) })
}

// checkBoot refuses what the BMC does not offer, as far as it says, and what a server in
// its boot mode would skip without a word.
func (b *BMC) checkBoot(boot bootDoc, device BootDevice, enabled string) error {
	switch {
	case len(boot.Allowed) > 0 && !slices.Contains(boot.Allowed, device):
		return b.refuse(opBootSet, fmt.Sprintf("the BMC does not offer to boot from %s", device), fmt.Sprintf("it offers %v", boot.Allowed))
	case len(boot.Times) > 0 && !slices.Contains(boot.Times, enabled):
		return b.refuse(opBootSet, "the BMC does not offer a boot override that is "+enabled, fmt.Sprintf("it offers %v", boot.Times))
	case device == BootUefiHTTP && boot.Mode == modeLegacy:
		return b.refuse(opBootSet, "a server in Legacy boot mode cannot boot over HTTP", "set the BIOS attribute BootMode to Uefi first")
	}
	return nil
}

// ClearBootOverride makes the next boot follow the boot order.
func (b *BMC) ClearBootOverride(ctx context.Context) error {
	system, err := b.system(ctx, opBootClear)
	if err != nil {
		return err
	}
	cleared := func(boot bootDoc) bool { return boot.override().Enabled == overrideDisabled }
	if cleared(system.Boot) {
		return nil
	}
	change := map[string]string{"BootSourceOverrideEnabled": overrideDisabled}
	if slices.Contains(system.Boot.Allowed, BootNone) {
		change["BootSourceOverrideTarget"] = string(BootNone)
	}
	return b.setBoot(ctx, opBootClear, system, change, cleared)
}

// setBoot changes the override where this BMC lets it be changed and reads it back.
func (b *BMC) setBoot(ctx context.Context, op string, system *systemDoc, change map[string]string, isSet func(bootDoc) bool) error {
	asked := b.patchBoot(ctx, op, system, map[string]any{"Boot": change})
	w := wait{op: op, what: "the boot override", every: b.pace.poll, limit: b.pace.boot}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) { return b.bootIs(ctx, op, isSet) })
}

// patchBoot changes the system itself, or its settings resource when the BMC says
// that the system's is read-only. An iDRAC9 has both but honours only the first, an
// iDRAC10 only the second.
func (b *BMC) patchBoot(ctx context.Context, op string, system *systemDoc, change any) error {
	settings := system.Settings.Object.URI
	if settings == "" || !b.noted(&b.settingsOnly) {
		err := b.patch(ctx, op, system.URI, system.etag, change)
		if settings == "" || !hasMessage(err, msgNotWritable, msgPropertyReadOnly) {
			return err
		}
	}
	etag, err := b.get(ctx, op, settings, new(systemDoc))
	if err != nil {
		return err
	}
	if err := b.patch(ctx, op, settings, etag, change); err != nil {
		return err
	}
	b.note(&b.settingsOnly)
	return nil
}

// bootIs looks at the system and, where the override is set there, at its settings,
// which may hold it until the next boot.
func (b *BMC) bootIs(ctx context.Context, op string, isSet func(bootDoc) bool) (bool, error) {
	system, err := b.system(ctx, op)
	if err != nil {
		return false, err
	}
	if isSet(system.Boot) || !b.noted(&b.settingsOnly) {
		return isSet(system.Boot), nil
	}
	var pending systemDoc
	if _, err := b.get(ctx, op, system.Settings.Object.URI, &pending); err != nil {
		return false, err
	}
	return isSet(pending.Boot), nil
}

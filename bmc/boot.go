package bmc

import (
	"context"
	"fmt"
	"slices"
)

const (
	opBoot      = "read boot override"
	opBootOnce  = "set boot override"
	opBootClear = "clear boot override"

	overrideOnce     = "Once"
	overrideDisabled = "Disabled"
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
}

func (d bootDoc) override() BootOverride {
	boot := BootOverride{Target: BootDevice(d.Target), Enabled: d.Enabled, Mode: d.Mode, Allowed: d.Allowed}
	if boot.Target == "" || boot.Target == BootNone || boot.Enabled == "" || boot.Enabled == overrideDisabled {
		boot.Target, boot.Enabled = BootNone, overrideDisabled
	}
	return boot
}

func (d bootDoc) isOnce(device BootDevice) bool {
	boot := d.override()
	return boot.Target == device && boot.Enabled == overrideOnce
}

// Boot reads the boot override.
func (b *BMC) Boot(ctx context.Context) (BootOverride, error) {
	system, err := b.system(ctx, opBoot)
	if err != nil {
		return BootOverride{}, err
	}
	return system.Boot.override(), nil
}

// BootOnce makes the next boot use the device. Any boot uses it up, so set it last
// before the reset. The boot mode stays as it is: changing it takes a BIOS job.
//
// BMCs that list virtual media only below Managers, iDRAC firmware before 6.00, take
// BootCd to mean the physical drive.
func (b *BMC) BootOnce(ctx context.Context, device BootDevice) error {
	system, err := b.system(ctx, opBootOnce)
	if err != nil {
		return err
	}
	if system.Boot.isOnce(device) {
		return nil
	}
	if allowed := system.Boot.Allowed; len(allowed) > 0 && !slices.Contains(allowed, device) {
		return b.refuse(opBootOnce, fmt.Sprintf("the BMC does not offer to boot from %s", device), fmt.Sprintf("it offers %v", allowed))
	}
	change := map[string]string{
		"BootSourceOverrideEnabled": overrideOnce,
		"BootSourceOverrideTarget":  string(device),
	}
	return b.setBoot(ctx, opBootOnce, system, change, func(boot bootDoc) bool { return boot.isOnce(device) })
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

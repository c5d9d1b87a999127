package bmc

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

const (
	opErase       = "erase drive"
	opSystemErase = "erase system"
)

// EraseTargets returns the drives that have these serial numbers, in their order. It
// refuses a serial number that no drive or more than one has: what is erased is named by
// what is printed on it, never by its place.
func (b *BMC) EraseTargets(ctx context.Context, serials []string) ([]Drive, error) {
	if len(serials) == 0 {
		return nil, b.refuse(opErase, "no drive is named", "give the serial numbers of the drives to erase")
	}
	drives, err := b.Drives(ctx)
	if err != nil {
		return nil, err
	}
	targets := make([]Drive, 0, len(serials))
	for _, serial := range serials {
		matches := withSerial(drives, serial)
		if len(matches) != 1 {
			return nil, b.refuse(opErase, fmt.Sprintf("%d drives have serial number %q", len(matches), serial), "read the inventory again and name the drives that are there")
		}
		targets = append(targets, matches[0])
	}
	return targets, nil
}

func withSerial(drives []Drive, serial string) []Drive {
	var matches []Drive
	for _, drive := range drives {
		if serial != "" && strings.EqualFold(drive.SerialNumber, strings.TrimSpace(serial)) {
			matches = append(matches, drive)
		}
	}
	return matches
}

// StartSecureErase destroys all data on a drive of [BMC.EraseTargets] and returns the id
// of the job that does it, or "" when the BMC had done it at once. It reads the drive
// again and refuses one that has been exchanged since.
//
// It is not idempotent. After an Unknown outcome look for the job; do not repeat it.
func (b *BMC) StartSecureErase(ctx context.Context, drive Drive) (jobID string, err error) {
	var now driveDoc
	if _, err := b.get(ctx, opErase, drive.URI, &now); err != nil {
		return "", err
	}
	if serial := strings.TrimSpace(now.SerialNumber); serial == "" || !strings.EqualFold(serial, drive.SerialNumber) {
		return "", b.refuse(opErase, fmt.Sprintf("drive %s has serial number %q, not %q", drive.ID, clean(serial), drive.SerialNumber), "read the inventory again and name the drives that are there")
	}
	target := now.Actions.SecureErase.Target
	if target == "" {
		return "", b.refuse(opErase, fmt.Sprintf("drive %s cannot erase itself", drive.ID), "only self-encrypting and cryptographically erasable drives can; overwrite it with a system erase")
	}
	if err := b.storageReady(ctx, opErase); err != nil {
		return "", err
	}
	return b.start(ctx, opErase, http.MethodPost, target, struct{}{})
}

// StartSystemErase erases components of the server, such as CryptographicErasePD,
// OverwritePD, BIOS, LCData or IDRAC, and returns the id of the job that does it. The
// server is turned off and stays off for what may be hours; LCData and IDRAC also end
// this session. The service tag is that of the server that is meant: another's is refused.
//
// It is not idempotent. After an Unknown outcome look for the job; do not repeat it.
func (b *BMC) StartSystemErase(ctx context.Context, serviceTag string, components []string) (jobID string, err error) {
	if len(components) == 0 {
		return "", b.refuse(opSystemErase, "no component is named", "name the components to erase")
	}
	if err := b.checkServiceTag(ctx, serviceTag); err != nil {
		return "", err
	}
	target, err := b.dellAction(ctx, opSystemErase, "DellLCService", "SystemErase")
	if err != nil {
		return "", err
	}
	if err := b.storageReady(ctx, opSystemErase); err != nil {
		return "", err
	}
	return b.start(ctx, opSystemErase, http.MethodPost, target, map[string]any{"Component": components})
}

func (b *BMC) checkServiceTag(ctx context.Context, meant string) error {
	system, err := b.system(ctx, opSystemErase)
	if err != nil {
		return err
	}
	if tag := serviceTag(system); tag == "" || !strings.EqualFold(tag, meant) {
		return b.refuse(opSystemErase, fmt.Sprintf("this is server %q, not %q", clean(tag), meant), "check which server the BMC's address belongs to")
	}
	return nil
}

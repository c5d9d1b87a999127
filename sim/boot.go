package sim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// ending is how an installer leaves the machine.
type ending int

const (
	stays ending = iota
	powersOff
	reboots
)

// boot runs the machine from POST until it is up, stuck or switched off.
func (s *Server) boot(ctx context.Context) {
	for {
		switch s.bootOnce(ctx) {
		case stays:
			return
		case powersOff:
			s.shutDown(ctx)
			return
		case reboots:
		}
	}
}

func (s *Server) bootOnce(ctx context.Context) ending {
	if !pause(ctx, s.fleet.cfg.Timing.POST) {
		return stays
	}
	rebooted := s.applyStaged(ctx)
	s.applyBIOSDefaults()
	plan := s.takeBootPlan()
	if rebooted {
		return reboots
	}
	if ctx.Err() != nil {
		return stays
	}
	switch plan.target {
	case targetNone, targetHdd:
		if s.bootDisk(ctx) {
			s.runFirstBoot(ctx)
		}
	case targetCd:
		if !plan.virtualCD {
			s.record(BootFailed, "device", targetCd, "reason", "the physical CD drive is empty")
			return stays
		}
		return s.bootMedia(ctx, plan.mode)
	case "BiosSetup", "Utilities":
		s.record(Boot, "device", plan.target)
	default:
		s.record(BootFailed, "device", plan.target, "reason", "no boot image was found on this device")
	}
	return stays
}

// bootDisk starts what is on the disk; false when nothing is.
func (s *Server) bootDisk(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	if s.disk == nil {
		s.record(BootFailed, "device", targetHdd, "reason", "no bootable device")
		return false
	}
	s.osRunning = true
	s.record(Boot, "device", targetHdd)
	s.record(BootedFromDisk, "hostname", s.disk.Hostname)
	return true
}

// bootMedia boots the virtual CD and runs the installer that is on it.
func (s *Server) bootMedia(ctx context.Context, mode string) ending {
	image, err := s.loadMedia(ctx, mode)
	if ctx.Err() != nil {
		return stays
	}
	if err != nil {
		s.record(BootFailed, "device", targetCd, "reason", err.Error())
		return stays
	}
	s.record(Boot, "device", targetCd, "mode", mode)
	found, err := s.findAnswer(ctx, image)
	if ctx.Err() != nil {
		return stays
	}
	if err != nil {
		s.record(InstallWaiting, "reason", err.Error())
		return stays
	}
	return s.install(ctx, image, found)
}

// medium is an opened image in a slot.
type medium struct {
	slot   int
	url    string
	remote *remoteImage
	volume *volume
}

// loadMedia does what the firmware does: open the image and load its boot image.
func (s *Server) loadMedia(ctx context.Context, mode string) (*medium, error) {
	m, err := s.openMedia(ctx, s.bootSlot())
	if err != nil {
		return nil, err
	}
	err = m.volume.loadBootImage(mode)
	s.recordRead(m)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// bootSlot is the first of the bootable slots that has an image.
func (s *Server) bootSlot() int {
	for i := range s.gen.bootSlots {
		if _, ok := s.attached(i); ok {
			return i
		}
	}
	return 0
}

var errNoMedia = errors.New("no virtual media is inserted")

func (s *Server) openMedia(ctx context.Context, index int) (*medium, error) {
	location, ok := s.attached(index)
	if !ok {
		return nil, errNoMedia
	}
	remote, err := openPatiently(ctx, s.images, location, s.fleet.cfg.Timing)
	if err != nil {
		return nil, fmt.Errorf("slot %s: %w", s.slotID(index), err)
	}
	volume, err := openVolume(remote, remote.size)
	if err != nil {
		return nil, fmt.Errorf("slot %s: %w", s.slotID(index), err)
	}
	return &medium{slot: index, url: location, remote: remote, volume: volume}, nil
}

func (s *Server) recordRead(m *medium) {
	s.record(ImageRead, "slot", s.slotID(m.slot), "image", m.url, "label", m.volume.label,
		"bytes", strconv.FormatInt(m.remote.transferred, 10), "requests", strconv.Itoa(m.remote.requests))
}

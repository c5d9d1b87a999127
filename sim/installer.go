package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Steps of an installation, as in InstallProgress.
const (
	stepEarly      = "early commands"
	stepPartition  = "partition"
	stepPackages   = "packages"
	stepBootloader = "boot loader"
	stepLate       = "late commands"
)

const defaultReason = "the installer failed"

// installation is an installer at work on one server.
type installation struct {
	server *Server
	medium *medium
	answer *answer
}

// install does what the answer file says and returns how it leaves the machine. When ctx
// ends, so does the installer; nothing half done counts as installed.
func (s *Server) install(ctx context.Context, m *medium, a *answer) ending {
	s.record(InstallStarted, "family", a.family, "hostname", a.hostname, "answerFile", a.file,
		"digest", a.digest, "directives", strings.Join(a.directives, ","))
	run := &installation{server: s, medium: m, answer: a}
	err := run.steps(ctx)
	if ctx.Err() != nil {
		return stays
	}
	if err != nil {
		run.fail(ctx, err)
		return stays
	}
	return a.finish
}

func (i *installation) steps(ctx context.Context) error {
	if err := i.scripts(ctx, stepEarly, i.answer.early); err != nil {
		return err
	}
	if fault, ok := i.server.takeFault(FailInstall, ""); ok {
		return errors.New(cmp.Or(fault.Reason, defaultReason))
	}
	if err := i.step(ctx, stepPartition); err != nil {
		return err
	}
	if err := i.server.wipeDisk(ctx); err != nil {
		return err
	}
	for _, step := range []string{stepPackages, stepBootloader} {
		if err := i.step(ctx, step); err != nil {
			return err
		}
	}
	if err := i.scripts(ctx, stepLate, i.answer.late); err != nil {
		return err
	}
	i.done()
	return nil
}

// step takes its time and, like a real installer, reads on from the booted image.
func (i *installation) step(ctx context.Context, name string) error {
	i.server.record(InstallProgress, "step", name)
	if !pause(ctx, i.server.fleet.cfg.Timing.InstallStep) {
		return ctx.Err()
	}
	if location, ok := i.server.attached(i.medium.slot); !ok || location != i.medium.url {
		return fmt.Errorf("%s: the installation medium was removed", name)
	}
	last := (i.medium.remote.size - 1) / imageChunk * imageChunk
	remote := i.medium.remote
	if err := remote.persist(func() error { return remote.fetch(last) }); err != nil {
		return fmt.Errorf("%s: read installation medium: %w", name, err)
	}
	return nil
}

func (i *installation) scripts(ctx context.Context, step string, list []script) error {
	if len(list) == 0 {
		return nil
	}
	i.server.record(InstallProgress, "step", step)
	for _, part := range list {
		status, err := i.server.runScript(ctx, part.text, 0)
		if err != nil {
			return err
		}
		if status != 0 && part.fatal {
			return fmt.Errorf("%s: a command ended with status %d", step, status)
		}
	}
	return nil
}

// done puts the system on the disk, even if the host has just been switched off: the
// late commands have all run.
func (i *installation) done() {
	installed := &Installation{
		Hostname:    i.answer.hostname,
		Family:      i.answer.family,
		AnswerFile:  i.answer.digest,
		VendorImage: i.medium.url,
		Time:        time.Now(),
	}
	i.server.mu.Lock()
	i.server.disk = installed
	i.server.firstBoot = firstBoot(i.answer.late)
	i.server.mu.Unlock()
	i.server.recordRead(i.medium)
	i.server.record(InstallDone, "family", installed.Family, "hostname", installed.Hostname)
}

// wipeDisk empties the disk unless the host was switched off meanwhile.
func (s *Server) wipeDisk(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.disk = nil
	return nil
}

// fail runs the error commands. The machine stays on with the installer's error shown.
func (i *installation) fail(ctx context.Context, reason error) {
	i.server.record(InstallFailed, "reason", reason.Error())
	for _, part := range i.answer.onError {
		if _, err := i.server.runScript(ctx, part.text, 0); err != nil {
			return // switched off
		}
	}
}

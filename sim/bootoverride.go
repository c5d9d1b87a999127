package sim

// Values of the Redfish properties BootSourceOverrideTarget, …Enabled and …Mode.
const (
	targetNone = "None"
	targetHdd  = "Hdd"
	targetCd   = "Cd"

	overrideDisabled   = "Disabled"
	overrideOnce       = "Once"
	overrideContinuous = "Continuous"

	modeUEFI   = "UEFI"
	modeLegacy = "Legacy"
)

var (
	overrideTargetValues = []string{
		targetNone, "Pxe", "Floppy", targetCd, targetHdd, "BiosSetup", "Utilities", "UefiTarget", "SDCard", "UefiHttp",
	}
	overrideEnabledValues = []string{overrideDisabled, overrideOnce, overrideContinuous}
	overrideModeValues    = []string{modeLegacy, modeUEFI}
)

type bootOverride struct{ target, enabled, mode string }

func noOverride(mode string) bootOverride {
	return bootOverride{target: targetNone, enabled: overrideDisabled, mode: mode}
}

// with applies a PATCH of the Boot object. A target alone means once; no target, or
// Disabled, means none.
func (o bootOverride) with(target, enabled, mode string) bootOverride {
	if mode != "" {
		o.mode = mode
	}
	if target != "" {
		o.target = target
		if enabled == "" && o.enabled == overrideDisabled {
			o.enabled = overrideOnce
		}
	}
	if enabled != "" {
		o.enabled = enabled
	}
	if o.target == targetNone || o.enabled == overrideDisabled {
		return noOverride(o.mode)
	}
	return o
}

func (s *Server) setOverride(boot doc) error {
	for name := range boot {
		switch name {
		case "BootSourceOverrideTarget", "BootSourceOverrideEnabled", "BootSourceOverrideMode":
		default:
			return refuseUnknownProperty("Boot/" + name)
		}
	}
	target, err := oneOf(boot, "BootSourceOverrideTarget", overrideTargetValues)
	if err != nil {
		return err
	}
	enabled, err := oneOf(boot, "BootSourceOverrideEnabled", overrideEnabledValues)
	if err != nil {
		return err
	}
	mode, err := oneOf(boot, "BootSourceOverrideMode", overrideModeValues)
	if err != nil {
		return err
	}
	if mode != "" && s.gen.bootModeReadOnly {
		return refuseReadOnly("BootSourceOverrideMode")
	}
	s.mu.Lock()
	s.override = s.override.with(target, enabled, mode)
	now := s.override
	s.mu.Unlock()
	s.record(BootOverride, "target", now.target, "enabled", now.enabled, "mode", now.mode)
	return nil
}

// takeOverride returns the override for this boot. Any boot consumes Once.
func (s *Server) takeOverride() bootOverride {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.override
	if taken.enabled == overrideOnce {
		if _, lost := s.takeFaultLocked(BootOnceLost, systemURI); lost {
			taken = noOverride(taken.mode)
		}
		s.override = noOverride(taken.mode)
	}
	return taken
}

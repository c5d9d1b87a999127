package sim

// Values of the attribute ServerBoot.1.FirstBootDevice.
const (
	bootNormal    = "Normal"
	bootVirtualCD = "VCD-DVD"

	firstBootDevice = "ServerBoot.1.FirstBootDevice"
	firstBootOnce   = "ServerBoot.1.BootOnce"
)

// firstBootTargets are the Redfish names of boot devices.
var firstBootTargets = map[string]string{
	"PXE": "Pxe", "HDD": targetHdd, "BIOS": "BiosSetup", "CD-DVD": targetCd, "F10": "Utilities", "SD": "SDCard",
}

// bootPlan is what one boot tries.
type bootPlan struct {
	target, mode string
	virtualCD    bool // Cd is the virtual one
}

// takeBootPlan returns the override of this boot or else the iDRAC's own first boot
// device. Both can be for one boot only, which any boot uses up.
func (s *Server) takeBootPlan() bootPlan {
	override := s.takeOverride()
	device := s.takeFirstBootDevice()
	plan := bootPlan{target: override.target, mode: override.mode, virtualCD: s.gen.cdIsVirtual && !s.hasPhysicalCD()}
	switch {
	case override.target != targetNone || device == bootNormal:
	case device == bootVirtualCD:
		plan.target, plan.virtualCD = targetCd, !s.gen.cdIsVirtual
	default:
		plan.target = firstBootTargets[device]
	}
	return plan
}

func (s *Server) hasPhysicalCD() bool {
	_, ok := s.takeFault(CdIsPhysical, systemURI)
	return ok
}

func (s *Server) takeFirstBootDevice() string {
	device := s.Attribute(idracFQDD, firstBootDevice)
	if device != bootNormal && s.Attribute(idracFQDD, firstBootOnce) == "Enabled" {
		s.setAttributes(idracFQDD, map[string]string{firstBootDevice: bootNormal, firstBootOnce: "Disabled"})
	}
	return device
}

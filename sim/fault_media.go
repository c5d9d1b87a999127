package sim

import (
	"net/http"
	"strings"
	"time"
)

// Kinds of Fault of the virtual media that are more than an answer.
const (
	EjectReportsError      = "EjectReportsError"
	EjectShownLate         = "EjectShownLate"
	InsertReportsError     = "InsertReportsError"
	OneMediumOnly          = "OneMediumOnly"
	HTTPSImageRefused      = "HTTPSImageRefused"
	PluginBreaksShare      = "PluginBreaksShare"
	ExtraParametersRefused = "ExtraParametersRefused"
	ProtocolRequired       = "ProtocolRequired"
)

var mediaKinds = []FaultKind{
	{
		Name: EjectReportsError, Description: "An eject detaches the image and answers VRM0009, as if there were none.",
		Source: "ansible idrac_virtual_media, badfish",
	},
	{
		Name: EjectShownLate, Delay: Duration(5 * time.Second), Description: "After an eject, Inserted and Image stay as they were for the delay.",
		Source: "OpenStack Ironic boot.py",
	},
	{
		Name: InsertReportsError, Delay: Duration(5 * time.Second), Description: "An insert answers RAC0720, and the image is attached after the delay all the same.",
		Source: "GroundZero's live runs: after about 55 seconds",
	},
	{
		Name: OneMediumOnly, Description: "An insert is refused while another slot has an image.",
		Source: "Dell iDRAC-Redfish-Scripting #290",
	},
	{
		Name: HTTPSImageRefused, Description: "An image behind HTTPS is refused with RAC0720: unknown certificate authority.",
		Source: "OpenShift troubleshooting of virtual media",
	},
	{
		Name: PluginBreaksShare, Description: "The firmware is 4.40.10.00, and refuses every image with RAC0720.",
		Source: "firmware 4.40.00 to 4.40.39: its console plug-in breaks remote shares",
		when: func(_ *activeFault, r *http.Request) bool {
			return isRead(r.Method) && r.URL.Path == managerURI || globMatches(anyInsert, r.URL.Path)
		},
		act: breakShare,
	},
	{
		Name: ExtraParametersRefused, Description: "An insert with any parameter but Image is refused with 400.",
		Source: "bmclib tries ever fewer parameters",
	},
	{
		Name: ProtocolRequired, Description: "An insert without TransferProtocolType is refused with 400.",
		Source: "bmclib",
	},
}

// brokenFirmware is one of the releases whose console plug-in breaks remote shares.
const brokenFirmware = "4.40.10.00"

func breakShare(s *Server, f Fault, e *exchange) {
	if !isRead(e.r.Method) {
		e.refuse(s, f, refuseImage(http.StatusInternalServerError, "the remote file share cannot be opened"))
		return
	}
	e.edits = append(e.edits, func(a *answerBuffer) {
		a.rewrite(func(body doc) { body["FirmwareVersion"] = brokenFirmware })
	})
}

// reportInsert acts out the faults of an insert that has been done.
func (s *Server) reportInsert(index int) error {
	if f, ok := s.takeFault(InsertReportsError, s.slotURI(index)); ok {
		s.delaySlot(index, time.Duration(f.Delay))
		return refuseImage(http.StatusInternalServerError, "the operation timed out")
	}
	return nil
}

// reportEject acts out the faults of an eject that has been done.
func (s *Server) reportEject(index int) error {
	if f, ok := s.takeFault(EjectShownLate, s.slotURI(index)); ok {
		s.delaySlot(index, time.Duration(f.Delay))
	}
	if _, ok := s.takeFault(EjectReportsError, s.slotURI(index)); ok {
		return refuseEmpty()
	}
	return nil
}

func (s *Server) slotURI(index int) string { return s.gen.mediaURI() + "/" + s.slotID(index) }

// delaySlot makes the last action on a slot show later.
func (s *Server) delaySlot(index int, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slots[index].settles = time.Now().Add(by)
}

// refuseInsert acts out the faults that look at what an insert asks for.
func (s *Server) refuseInsert(index int, body doc) error {
	path := s.slotURI(index)
	shows := func(kind string, applies bool) bool {
		if !applies {
			return false
		}
		_, ok := s.takeFault(kind, path)
		return ok
	}
	image, _ := body["Image"].(string)
	scheme, _, _ := strings.Cut(image, ":")
	switch {
	case shows(ExtraParametersRefused, len(body) > 1):
		return refuseParameters()
	case shows(ProtocolRequired, body["TransferProtocolType"] == nil):
		return refuseMissingProperty("TransferProtocolType")
	case shows(HTTPSImageRefused, strings.EqualFold(scheme, "https")):
		return refuseImage(http.StatusInternalServerError, "the certificate of the server is signed by an unknown authority")
	case shows(OneMediumOnly, s.otherSlotUsed(index)):
		return refuseOccupied()
	}
	return nil
}

func refuseParameters() *refusal {
	return baseRefusal(http.StatusBadRequest, "ActionParameterNotSupported",
		"The action VirtualMedia.InsertMedia does not support one of the parameters.",
		"Remove the parameters other than Image, and resubmit the request.", "WriteProtected", "VirtualMedia.InsertMedia")
}

func (s *Server) otherSlotUsed(index int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.slots {
		if i != index && s.slots[i].used() {
			return true
		}
	}
	return false
}

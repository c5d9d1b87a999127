package sim

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	slotCount = 2

	mediaAttached = "VirtualMedia.1.Attached" // the attribute that connects all slots to the host

	insertAt = "/Actions/VirtualMedia.InsertMedia"
	ejectAt  = "/Actions/VirtualMedia.EjectMedia"
)

var (
	transferProtocols  = []string{"CIFS", "HTTP", "HTTPS", "NFS"}
	transferMethods    = []string{"Stream"}
	insertedMediaTypes = []string{"CD", "DVD", "USBStick"}
)

// slot is one virtual drive. As on a real iDRAC the Inserted property lags behind both
// an insert and an eject, while the actions themselves see the slot's true use.
type slot struct {
	image          string // URL; "" is empty
	username       string
	writeProtected bool
	ejecting       bool
	settles        time.Time // when Inserted shows the last action
}

func (g *generation) mediaURI() string { return g.mediaHome + "/VirtualMedia" }

func (s *Server) slotID(index int) string { return s.gen.mediaSlots[index] }

// inserted is what the Inserted property says.
func (m *slot) inserted(now time.Time) bool {
	return m.image != "" && m.ejecting == now.Before(m.settles)
}

// used reports whether an image is attached, or about to be.
func (m *slot) used() bool { return m.image != "" && !m.ejecting }

func (t table) addMedia(g *generation) {
	t[g.mediaURI()] = resource{get: (*Server).mediaCollection}
	for i, id := range g.mediaSlots {
		uri := g.mediaURI() + "/" + id
		t[uri] = resource{get: func(s *Server) doc { return s.mediaSlot(i) }}
		t[uri+insertAt] = action(func(s *Server, r *http.Request, body doc) error { return s.insertMedia(r.Context(), i, body) })
		t[uri+ejectAt] = action(func(s *Server, _ *http.Request, _ doc) error { return s.ejectMedia(i) })
	}
}

func (s *Server) mediaCollection() doc {
	uris := make([]string, 0, slotCount)
	for i := range slotCount {
		uris = append(uris, s.gen.mediaURI()+"/"+s.slotID(i))
	}
	return collection(s.gen.mediaURI(), "VirtualMedia", "VirtualMedia Collection", uris...)
}

func (s *Server) mediaSlot(index int) doc {
	id := s.slotID(index)
	uri := s.gen.mediaURI() + "/" + id
	body := described(uri, "VirtualMedia", "v1_6_2", id, "VirtualMedia Instance "+id)
	body["Description"] = "iDRAC Virtual Media Instance"
	types := mediaTypes(id)
	body["MediaTypes"] = types
	body["MediaTypes@odata.count"] = len(types)
	body["TransferMethod"] = "Stream"
	body["Password"] = nil
	body["Actions"] = doc{
		"#VirtualMedia.EjectMedia": doc{"target": uri + ejectAt},
		"#VirtualMedia.InsertMedia": doc{
			"target": uri + insertAt,
			"TransferProtocolType@Redfish.AllowableValues": transferProtocols,
			"TransferMethod@Redfish.AllowableValues":       transferMethods,
		},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slots[index].describe(body, time.Now())
	return body
}

// mediaTypes are those of a slot: the ones below the manager are called after theirs.
func mediaTypes(id string) []string {
	switch id {
	case "CD":
		return []string{"CD", "DVD"}
	case "RemovableDisk":
		return []string{"USBStick"}
	}
	return insertedMediaTypes
}

func (m *slot) describe(body doc, now time.Time) {
	body["Inserted"] = m.inserted(now)
	if !m.inserted(now) {
		body["ConnectedVia"] = "NotConnected"
		for _, name := range []string{"Image", "ImageName", "TransferProtocolType", "UserName", "WriteProtected"} {
			body[name] = nil
		}
		return
	}
	body["ConnectedVia"] = "URI"
	body["Image"] = m.image
	body["ImageName"] = path.Base(m.image)
	scheme, _, _ := strings.Cut(m.image, ":")
	body["TransferProtocolType"] = strings.ToUpper(scheme)
	body["UserName"] = m.username
	body["WriteProtected"] = m.writeProtected
}

func refuseImage(status int, reason string) *refusal {
	return dellRefusal(status, "RAC0720",
		"Unable to locate the ISO or IMG image file or folder in the network share location because the file or folder path or the user credentials entered are incorrect: "+reason+".",
		"Make sure that the image is served over HTTP with byte ranges at an address the iDRAC can reach, and retry the operation.")
}

// insertMedia attaches an image once the iDRAC's client could read a part of it.
func (s *Server) insertMedia(ctx context.Context, index int, body doc) error {
	wanted, err := parseInsert(body)
	if err != nil {
		return err
	}
	if err := s.refuseInsert(index, body); err != nil {
		return err
	}
	if s.Attribute(idracFQDD, mediaAttached) == "Detached" {
		return refuseDetached()
	}
	if s.slotUsed(index) {
		return refuseOccupied()
	}
	if err := checkImage(ctx, s.images, wanted.image); err != nil {
		return refuseImage(http.StatusInternalServerError, err.Error())
	}
	if !s.attach(index, wanted) {
		return refuseOccupied()
	}
	s.record(InsertMedia, "slot", s.slotID(index), "image", wanted.image)
	return s.reportInsert(index)
}

func refuseOccupied() *refusal {
	return dellRefusal(http.StatusInternalServerError, "VRM0012",
		"The Virtual Media image server is already connected.",
		"Disconnect the image that is attached, and retry the operation.")
}

func refuseDetached() *refusal {
	return dellRefusal(http.StatusInternalServerError, "VRM0021",
		"The Virtual Media is detached or the Virtual Media devices selected are already in use.",
		"Attach the virtual media or end the session that uses the devices, and retry the operation.")
}

func (s *Server) slotUsed(index int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots[index].used()
}

// attach fills the slot unless another request was faster.
func (s *Server) attach(index int, wanted slot) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots[index].used() {
		return false
	}
	wanted.settles = time.Now().Add(s.fleet.cfg.Timing.MediaSettle)
	s.slots[index] = wanted
	return true
}

var insertParameters = []string{
	"Image", "Inserted", "MediaType", "Password", "TransferMethod", "TransferProtocolType", "UserName", "WriteProtected",
}

func parseInsert(body doc) (slot, error) {
	for name := range body {
		if !slices.Contains(insertParameters, name) {
			return slot{}, refuseUnknownProperty(name)
		}
	}
	image, err := text(body, "Image")
	if err != nil {
		return slot{}, err
	}
	if image == "" {
		return slot{}, refuseMissingProperty("Image")
	}
	protocol, err := oneOf(body, "TransferProtocolType", transferProtocols)
	if err != nil {
		return slot{}, err
	}
	if _, err := oneOf(body, "TransferMethod", transferMethods); err != nil {
		return slot{}, err
	}
	if err := checkImageURL(image, protocol); err != nil {
		return slot{}, err
	}
	return parseInsertFlags(slot{image: image}, body)
}

func parseInsertFlags(wanted slot, body doc) (slot, error) {
	inserted, err := flag(body, "Inserted", true)
	if err != nil {
		return slot{}, err
	}
	if !inserted {
		return slot{}, refuseValue("false", "Inserted", []string{"true"})
	}
	if wanted.username, err = text(body, "UserName"); err != nil {
		return slot{}, err
	}
	wanted.writeProtected, err = flag(body, "WriteProtected", true)
	return wanted, err
}

// checkImageURL accepts what the simulated client can fetch: of the four protocols of
// an iDRAC it speaks HTTP and HTTPS.
func checkImageURL(image, protocol string) error {
	location, err := url.Parse(image)
	if err != nil || location.Host == "" || (location.Scheme != "http" && location.Scheme != "https") {
		return refuseImage(http.StatusBadRequest, "the image is not an HTTP or HTTPS URL")
	}
	if protocol != "" && !strings.EqualFold(protocol, location.Scheme) {
		return refuseValue(protocol, "TransferProtocolType", []string{strings.ToUpper(location.Scheme)})
	}
	extension := strings.ToLower(path.Ext(location.Path))
	if extension != ".iso" && extension != ".img" {
		return refuseImage(http.StatusBadRequest, "the file name does not end in .iso or .img")
	}
	return nil
}

func (s *Server) ejectMedia(index int) error {
	s.mu.Lock()
	ejected := s.slots[index]
	if ejected.used() {
		s.slots[index].ejecting = true
		s.slots[index].settles = time.Now().Add(s.fleet.cfg.Timing.MediaSettle)
	}
	s.mu.Unlock()
	if !ejected.used() {
		return refuseEmpty()
	}
	s.record(EjectMedia, "slot", s.slotID(index), "image", ejected.image)
	return s.reportEject(index)
}

func refuseEmpty() *refusal {
	return dellRefusal(http.StatusInternalServerError, "VRM0009",
		"No Virtual Media devices are currently connected.",
		"Make sure that an image is attached before it is detached.")
}

// attached returns the image in a slot that the host can see now.
func (s *Server) attached(index int) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &s.slots[index]
	return m.image, m.used() && m.inserted(time.Now())
}

package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/stmcginnis/gofish"
)

const (
	systemsURI  = "/redfish/v1/Systems"
	managersURI = "/redfish/v1/Managers"
	// mainSystem ends the server's own URI on an iDRAC, beside which it may list DPUs.
	mainSystem = "/System.Embedded.1"
	expanded   = "?$expand=*($levels=1)"
	// maxPages bounds the parts of a collection. iDRACs hand out 50 or more members each.
	maxPages = 50
)

// The documents below hold only what the package uses.
type link struct {
	URI string `json:"@odata.id"`
}

type collection struct {
	Members []json.RawMessage
	Next    string `json:"Members@odata.nextLink"`
}

type systemDoc struct {
	URI                string `json:"@odata.id"`
	Manufacturer       string
	Model              string
	SKU                string
	SerialNumber       string
	UUID               string
	PowerState         string
	LastResetTime      string
	Status             statusDoc
	Boot               bootDoc
	EthernetInterfaces link
	VirtualMedia       link
	Bios               link
	Actions            struct {
		Reset struct {
			Target  string      `json:"target"`
			Allowed []ResetType `json:"ResetType@Redfish.AllowableValues"`
		} `json:"#ComputerSystem.Reset"`
	}
	Links struct {
		ManagedBy []link
		Oem       struct {
			Dell dellLinks
		}
	}
	Settings struct {
		Object link `json:"SettingsObject"`
	} `json:"@Redfish.Settings"`
	OEM struct {
		Dell struct {
			System map[string]json.RawMessage `json:"DellSystem"`
		}
	} `json:"Oem"`

	etag string
}

type managerDoc struct {
	URI             string `json:"@odata.id"`
	Model           string
	FirmwareVersion string
	LastResetTime   string
	Status          statusDoc
	VirtualMedia    link
	Actions         managerActions
	Links           struct {
		Oem struct {
			Dell dellLinks
		}
	}
}

type managerActions struct {
	Reset struct {
		Target string `json:"target"`
	} `json:"#Manager.Reset"`
	Oem dellLinks
}

// system reads the server's own system resource.
func (b *BMC) system(ctx context.Context, op string) (*systemDoc, error) {
	uri, err := b.findSystem(ctx, op)
	if err != nil {
		return nil, err
	}
	doc := new(systemDoc)
	doc.etag, err = b.get(ctx, op, uri, doc)
	if err != nil {
		return nil, err
	}
	doc.URI = uri
	return doc, nil
}

// findSystem returns the URI of the server's own system, which does not change
// while the BMC runs.
func (b *BMC) findSystem(ctx context.Context, op string) (string, error) {
	return b.place("system", func() (string, error) {
		members, err := b.members(ctx, op, systemsURI)
		if err != nil {
			return "", err
		}
		if len(members) == 0 {
			return "", b.refuse(op, "the BMC lists no system", "check that the endpoint is a server's BMC")
		}
		uri := members[0]
		for _, member := range members {
			if strings.HasSuffix(member, mainSystem) {
				uri = member
			}
		}
		return uri, nil
	})
}

// ownManager reads the BMC's own resource when the system is not needed besides.
func (b *BMC) ownManager(ctx context.Context, op string) (*managerDoc, error) {
	system, err := b.system(ctx, op)
	if err != nil {
		return nil, err
	}
	return b.manager(ctx, op, system)
}

// manager reads the BMC's own resource.
func (b *BMC) manager(ctx context.Context, op string, system *systemDoc) (*managerDoc, error) {
	managers := make([]string, 0, 1)
	for _, by := range system.Links.ManagedBy {
		managers = append(managers, by.URI)
	}
	if len(managers) == 0 {
		var err error
		if managers, err = b.members(ctx, op, managersURI); err != nil {
			return nil, err
		}
	}
	if len(managers) == 0 {
		return nil, b.refuse(op, "the BMC does not list itself", "check that the endpoint is a server's BMC")
	}
	doc := new(managerDoc)
	_, err := b.get(ctx, op, managers[0], doc)
	doc.URI = managers[0]
	return doc, err
}

// members returns the URIs of a collection's members.
func (b *BMC) members(ctx context.Context, op, uri string) ([]string, error) {
	var list struct{ Members []link }
	if _, err := b.get(ctx, op, uri, &list); err != nil {
		return nil, err
	}
	uris := make([]string, 0, len(list.Members))
	for _, member := range list.Members {
		uris = append(uris, member.URI)
	}
	return uris, nil
}

// readMembers returns the members of a collection: with one request when the BMC
// can expand it, else with one more for each. Members that are gone by then are left out.
func readMembers[T any](ctx context.Context, b *BMC, op, uri string) ([]T, error) {
	list, err := b.list(ctx, op, uri)
	if err != nil {
		return nil, err
	}
	docs := make([]T, 0, len(list.Members))
	for _, member := range list.Members {
		doc := *new(T)
		err := readMember(ctx, b, op, member, &doc)
		if hasStatus(err, http.StatusNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

func readMember(ctx context.Context, b *BMC, op string, member json.RawMessage, out any) error {
	var head struct {
		link

		ID string `json:"Id"` // every resource has one, a mere link has none
	}
	if err := decode(bytes.NewReader(member), &head); err != nil {
		return b.failure(op).of(ctx, err)
	}
	if head.ID != "" {
		return decode(bytes.NewReader(member), out)
	}
	_, err := b.get(ctx, op, head.URI, out)
	return err
}

// list reads a collection, expanded if the BMC can do that after all.
func (b *BMC) list(ctx context.Context, op, uri string) (collection, error) {
	if b.expands() {
		list, err := b.pages(ctx, op, uri+expanded)
		if err == nil || OutcomeOf(err) != Permanent {
			return list, err
		}
	}
	return b.pages(ctx, op, uri)
}

// pages reads a collection that the BMC may hand out in parts. A chain of parts that
// does not end is cut.
func (b *BMC) pages(ctx context.Context, op, uri string) (collection, error) {
	var whole collection
	for page := 0; uri != "" && page < maxPages; page++ {
		var part collection
		if _, err := b.get(ctx, op, uri, &part); err != nil {
			return collection{}, err
		}
		whole.Members = append(whole.Members, part.Members...)
		uri = part.Next
	}
	return whole, nil
}

func (b *BMC) expands() bool {
	return b.offers(func(s *gofish.Service) bool { return s.ProtocolFeaturesSupported.ExpandQuery.ExpandAll })
}

// offers tells whether the service root announces a protocol feature.
func (b *BMC) offers(feature func(*gofish.Service) bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.client != nil && b.client.Service != nil && feature(b.client.Service)
}

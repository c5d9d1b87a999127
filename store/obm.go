package store

import "time"

// OBM is how to reach one management controller of a server, under RackHD's
// name for it.
type OBM struct {
	ID       string // 24 hexadecimal digits
	ServerID string
	Service  string // such as "redfish-obm-service"

	// Config is the service's own JSON object. Whoever puts it has sealed the
	// secrets inside. Numbers read back as float64.
	Config map[string]any

	Created, Updated time.Time
}

func (o *OBM) validate() error {
	switch {
	case o.ServerID == "":
		return invalid("OBM", o.ID, "BMC settings need the id of a server")
	case o.Service == "":
		return invalid("OBM", o.ID, `BMC settings of server %s need a service, such as "redfish-obm-service"`, o.ServerID)
	case o.ID != "":
		return checkID("OBM", o.ID)
	}
	return nil
}

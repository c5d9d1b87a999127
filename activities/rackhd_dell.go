package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The jobs in this file and its neighbours are RackHD's for Dell servers. Theirs called
// racadm or Dell's services, with files on a share in between; these do the same over
// Redfish with the settings of the server's BMC. What RackHD read from a share or wrote
// to one is a catalog of the server, whose source is the file's name.

// racadmOptions are those of Job.Dell.RacadmTool, all actions together.
type racadmOptions struct {
	Action     string   `json:"action"`
	IP         string   `json:"ip"`
	NetMask    string   `json:"netMask"`
	Gateway    string   `json:"gateway"`
	Components []string `json:"components"`
	FilePath   string   `json:"serverFilePath"`
	Reboot     *bool    `json:"forceReboot"`
}

// racadmActions are what RackHD did with the racadm tool.
var racadmActions = map[string]func(ctx context.Context, c *call, t machine, o racadmOptions) (any, error){
	"setIdracIP": racadmSetIP,
	"getBiosConfig": func(ctx context.Context, c *call, t machine, _ racadmOptions) (any, error) {
		return biosCatalog(ctx, c, t, struct{}{})
	},
	"setBiosConfig":   racadmImport,
	"updateFirmware":  racadmUpdate,
	"resetComponents": racadmReset,
	"enableIpmi":      racadmIPMI("Enabled"),
	"disableIpmi":     racadmIPMI("Disabled"),
}

func racadmTool(ctx context.Context, c *call, t machine, o racadmOptions) (any, error) {
	act, ok := racadmActions[o.Action]
	if !ok {
		return nil, permanent(fmt.Errorf("action %q is not one of %s", o.Action, strings.Join(slices.Sorted(maps.Keys(racadmActions)), ", ")))
	}
	return act(ctx, c, t, o)
}

func racadmSetIP(ctx context.Context, c *call, t machine, o racadmOptions) (any, error) {
	return moveBMC(ctx, c, t, o.IP, o.NetMask, o.Gateway)
}

// moveBMC gives the BMC a fixed address, at which it is found from then on.
func moveBMC(ctx context.Context, c *call, t machine, address, mask, gateway string) (any, error) {
	if address == "" || mask == "" {
		return nil, permanent(errors.New("the BMC's new address and its mask are required"))
	}
	return bmcNetwork(ctx, c, t, networkOptions{Host: address, IPv4: &ipv4Options{Address: address, Mask: mask, Gateway: gateway}})
}

// racadmImport applies a profile, and restarts the server for what needs it.
func racadmImport(ctx context.Context, c *call, t machine, o racadmOptions) (any, error) {
	return profileImport(ctx, c, t, profileOptions{Source: shareFile(o.FilePath), Shutdown: "Graceful"})
}

func racadmUpdate(ctx context.Context, c *call, t machine, o racadmOptions) (any, error) {
	later := o.Reboot != nil && !*o.Reboot
	return firmwareUpdate(ctx, c, t, firmwareOptions{Source: o.FilePath, OnReset: later})
}

func racadmReset(ctx context.Context, c *call, t machine, o racadmOptions) (any, error) {
	return wsmanReset(ctx, c, t, componentOptions{Components: o.Components})
}

func racadmIPMI(value string) func(ctx context.Context, c *call, t machine, o racadmOptions) (any, error) {
	return func(ctx context.Context, c *call, t machine, _ racadmOptions) (any, error) {
		return setAttribute(ctx, c, t, "IPMILan.1#Enable", value)
	}
}

func setAttribute(ctx context.Context, c *call, t machine, name, value string) (any, error) {
	return profileImport(ctx, c, t, profileOptions{Attributes: map[string]map[string]any{idracFQDD: {name: value}}})
}

// idracFQDD is Dell's name of the iDRAC as a component.
const idracFQDD = "iDRAC.Embedded.1"

// racadmCatalog keeps what racadm would have listed, under RackHD's names.
func racadmCatalog(ctx context.Context, c *call, t machine, o racadmOptions) (any, error) {
	switch o.Action {
	case "getSoftwareList":
		return firmwareCatalog(ctx, c, t, struct{}{})
	case "getConfigCatalog":
		return profileExport(ctx, c, t, exportOptions{KeepAs: "idrac-config", Format: "JSON"})
	}
	return nil, permanent(fmt.Errorf("action %q is not one of getConfigCatalog, getSoftwareList", o.Action))
}

// shareFile is the catalog that stands for a file on a share.
func shareFile(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

// componentOptions name components to reset. RackHD's payloads have objects or names.
type componentOptions struct {
	Components []string `json:"components"`
}

// wsmanReset erases the configuration of components, such as BIOS or IDRAC.
func wsmanReset(ctx context.Context, c *call, t machine, o componentOptions) (any, error) {
	identity, err := t.Identify(ctx)
	if err != nil {
		return nil, err
	}
	job, err := c.follow(ctx, t.BMC, deviceWork{
		what: "reset " + strings.Join(o.Components, ", "), once: true, limit: eraseLimit,
		start: func(ctx context.Context) (string, error) {
			return t.StartSystemErase(ctx, identity.ServiceTag, o.Components)
		},
	})
	if err != nil {
		return nil, err
	}
	return jobResult(job), nil
}

// shareOptions are those of RackHD's tasks that exchange profiles over a share.
type shareOptions struct {
	FileName   string   `json:"fileName"`
	Components []string `json:"componentNames"`
	// ShutdownType is 0 Graceful, 1 Forced or 2 NoReboot.
	ShutdownType any `json:"shutdownType"`
	// ServerComponents hold single values, in the tasks that change some.
	ServerComponents []struct {
		FQDD       string `json:"fqdd"`
		Attributes []struct {
			Name  string `json:"name"`
			Value any    `json:"value"`
		} `json:"attributes"`
	} `json:"serverComponents"`
}

func (o shareOptions) shutdown() string {
	switch fmt.Sprint(o.ShutdownType) {
	case "1":
		return "Forced"
	case "2":
		return "NoReboot"
	}
	return "Graceful"
}

func wsmanExport(ctx context.Context, c *call, t machine, o shareOptions) (any, error) {
	return profileExport(ctx, c, t, exportOptions{Targets: o.Components, KeepAs: shareFile(o.FileName)})
}

func wsmanImport(ctx context.Context, c *call, t machine, o shareOptions) (any, error) {
	if o.FileName == "" {
		return nil, permanent(errors.New("option fileName is required: the catalog that holds the profile, as the export has named it"))
	}
	return profileImport(ctx, c, t, profileOptions{Source: shareFile(o.FileName), Targets: o.Components, Shutdown: o.shutdown()})
}

// wsmanComponents keeps the whole configuration under RackHD's name for it.
func wsmanComponents(ctx context.Context, c *call, t machine, o shareOptions) (any, error) {
	return profileExport(ctx, c, t, exportOptions{
		Targets: o.Components, Format: "JSON", KeepAs: "idrac-wsman-systemconfiguration-components",
	})
}

func wsmanUpdateComponents(ctx context.Context, c *call, t machine, o shareOptions) (any, error) {
	attributes := map[string]map[string]any{}
	for _, component := range o.ServerComponents {
		values := map[string]any{}
		for _, a := range component.Attributes {
			values[a.Name] = a.Value
		}
		attributes[component.FQDD] = values
	}
	return profileImport(ctx, c, t, profileOptions{Attributes: attributes, Shutdown: o.shutdown()})
}

// wsmanTraps keeps the settings of alerts and SNMP.
func wsmanTraps(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	return profileExport(ctx, c, t, exportOptions{Targets: []string{"IDRAC"}, Format: "JSON", KeepAs: "idrac-trap-config"})
}

// wsmanAlert turns the BMC's alerts on.
func wsmanAlert(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	return setAttribute(ctx, c, t, "IPMILan.1#AlertEnable", "Enabled")
}

// redfishAlert subscribes to alerts as RackHD's payload says, which is a Redfish
// subscription.
func redfishAlert(ctx context.Context, _ *call, t machine, o struct {
	Data struct{ Destination, Context string } `json:"data"`
},
) (any, error) {
	if o.Data.Destination == "" {
		return nil, permanent(errors.New("option data.Destination is required: the https URL that takes the events"))
	}
	mark := o.Data.Context
	if mark == "" {
		mark = eventContext
	}
	return nil, t.EnsureSubscription(ctx, o.Data.Destination, mark)
}

// wsmanPower caps the power, or takes the cap away.
func wsmanPower(ctx context.Context, c *call, t machine, o struct {
	Cap    *float64 `json:"powerCap"`
	Enable *bool    `json:"enableCapping"`
},
) (any, error) {
	watts := 0
	if o.Enable == nil || *o.Enable {
		if o.Cap == nil {
			return nil, permanent(errors.New("option powerCap is required: the cap in watts"))
		}
		watts = int(*o.Cap)
	}
	return powerCap(ctx, c, t, capOptions{Watts: &watts})
}

func wsmanSimpleUpdate(ctx context.Context, c *call, t machine, o struct {
	ImageURI string `json:"imageURI"`
},
) (any, error) {
	return firmwareUpdate(ctx, c, t, firmwareOptions{Source: o.ImageURI})
}

func wsmanAddress(ctx context.Context, c *call, t machine, o struct {
	Address string `json:"address"`
	NetMask string `json:"netmask"`
	Gateway string `json:"gateway"`
},
) (any, error) {
	return moveBMC(ctx, c, t, o.Address, o.NetMask, o.Gateway)
}

// wsmanSetBIOS changes BIOS settings with the restart that they need.
func wsmanSetBIOS(ctx context.Context, c *call, t machine, o struct {
	Attributes []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"attributes"`
	// RebootJobType is 1 for a forced and 2 or 3 for a graceful restart.
	RebootJobType any `json:"rebootJobType"`
},
) (any, error) {
	values := map[string]any{}
	for _, a := range o.Attributes {
		values[a.Name] = a.Value
	}
	shutdown := "Graceful"
	if fmt.Sprint(o.RebootJobType) == "1" {
		shutdown = "Forced"
	}
	return profileImport(ctx, c, t, profileOptions{Attributes: map[string]map[string]any{biosFQDD: values}, Shutdown: shutdown})
}

// biosFQDD is Dell's name of the BIOS as a component.
const biosFQDD = "BIOS.Setup.1-1"

package iso

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// suse is AutoYaST's profile, which linuxrc looks for in the root of the medium it
// installs from, and on any volume labelled OEMDRV.
func suse() Recipe {
	return Recipe{
		Label: "OEMDRV",
		files: map[string]string{"autoinst.xml": "suse.autoinst.xml"},
		boot: boot{
			entries: []*regexp.Regexp{regexp.MustCompile(`(?i)^installation$`), regexp.MustCompile(`(?i)^install`)},
			args:    linuxrcArgs,
		},
		refuses:   []string{"kvm", "productKey"},
		needsDisk: true,
		check:     refusePatterns,
	}
}

func linuxrcArgs(f form) KernelArgs {
	args := KernelArgs{Remove: []string{"mediacheck"}}
	if f.Source != "" {
		args.Set = append(args.Set, "install="+f.Source)
	}
	if f.Proxy != "" {
		args.Set = append(args.Set, "proxy="+f.Proxy)
	}
	return args
}

// refusePatterns also answers for Agama.
func refusePatterns(a Answers) error {
	var p problems
	p.each("packages", a.Packages, func(name string) string {
		if strings.HasPrefix(name, "@^") {
			return "environments are not known to SUSE: name a pattern as @name, or packages"
		}
		return ""
	})
	return errors.Join(p...)
}

// SUSEProduct is the installer's name of what to install.
func (f form) SUSEProduct() string {
	if f.SUSE == nil {
		return "SLES"
	}
	return cmp.Or(f.SUSE.Product, "SLES")
}

// suseAddOn is a part of SLES 15's full medium.
type suseAddOn struct{ Product, Folder string }

// AddOns are the parts of the medium to install from. Leap is in one piece.
func (f form) AddOns() []suseAddOn {
	product := f.SUSEProduct()
	modules := []string{"Basesystem", "Server-Applications"}
	if f.SUSE != nil && len(f.SUSE.Modules) > 0 {
		modules = f.SUSE.Modules
	} else if !strings.HasPrefix(product, "SLE") {
		return nil
	}
	addOns := []suseAddOn{{product, "/Product-" + product}}
	for _, module := range modules {
		addOns = append(addOns, suseAddOn{"sle-module-" + strings.ToLower(module), "/Module-" + module})
	}
	return addOns
}

// SUSEPackages are the packages, or the patterns if those are asked for.
func (f form) SUSEPackages(patterns bool) []string {
	var names []string
	for _, name := range f.Packages {
		if pattern, ok := strings.CutPrefix(name, "@"); ok == patterns {
			names = append(names, pattern)
		}
	}
	return names
}

// suseInterface is a device as AutoYaST writes it.
type suseInterface struct {
	device

	Settings []suseSetting
	Members  []string
}

type suseSetting struct{ Key, Value string }

// Name and MAC are what a rule of udev ties together.
func (i suseInterface) Name() string { return i.name }

// MAC is empty for a device that is made, or known by name.
func (i suseInterface) MAC() string { return i.mac }

// SUSEInterfaces are the devices of the installed system.
func (f form) SUSEInterfaces() []suseInterface {
	devices := f.devices()
	var found []suseInterface
	for _, d := range devices {
		i := suseInterface{device: d}
		i.set("device", d.name)
		i.set("startmode", "auto")
		i.addresses(d)
		if d.mtu != 0 {
			i.set("mtu", fmt.Sprint(d.mtu))
		}
		if d.vlan != 0 {
			i.set("etherdevice", d.parent)
			i.set("vlan_id", fmt.Sprint(d.vlan))
		}
		if d.bond != nil {
			i.set("bonding_master", "yes")
			i.set("bonding_module_opts", "mode="+d.bond.mode()+" miimon=100")
			i.Members = members(devices, d.name)
		}
		found = append(found, i)
	}
	return found
}

func (i *suseInterface) set(key, value string) {
	i.Settings = append(i.Settings, suseSetting{key, value})
}

func (i *suseInterface) addresses(d device) {
	switch {
	case d.config == nil:
		i.set("bootproto", "none")
	case !d.config.Static():
		i.set("bootproto", "dhcp")
	default:
		i.set("bootproto", "static")
		all := slices.Concat(d.config.prefixes(true), d.config.prefixes(false))
		i.set("ipaddr", all[0].Addr().String())
		i.set("prefixlen", fmt.Sprint(all[0].Bits()))
	}
}

// Aliases are the addresses behind an interface's first one.
func (i suseInterface) Aliases() []suseSetting {
	if i.config == nil {
		return nil
	}
	var aliases []suseSetting
	for n, prefix := range slices.Concat(i.config.prefixes(true), i.config.prefixes(false)) {
		if n > 0 {
			aliases = append(aliases, suseSetting{prefix.Addr().String(), fmt.Sprint(prefix.Bits())})
		}
	}
	return aliases
}

// Gateways are the default routers of all networks.
func (f form) Gateways() []string {
	var gateways []string
	for _, n := range f.Networks {
		for _, gateway := range []string{n.Gateway, n.Gateway6} {
			if gateway != "" && !slices.Contains(gateways, gateway) {
				gateways = append(gateways, gateway)
			}
		}
	}
	return gateways
}

// SUSEPre is the script that runs before the installation. It finds the disk and
// has the installer read the profile with it.
func (f form) SUSEPre() (string, error) { return f.script("suse.pre.sh") }

// SUSEInit is the script that runs at the first start of the installed system.
func (f form) SUSEInit() (string, error) { return f.script("suse.init.sh") }

// script renders a template that goes into another one.
func (f form) script(name string) (string, error) {
	content, err := renderStock(name, f)
	return string(content), err
}

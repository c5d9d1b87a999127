package iso

import (
	"errors"
	"net"
	"slices"
	"strings"
)

// agama is the profile of Agama, which looks for it in the root of its own medium,
// and on any volume labelled OEMDRV.
func agama() Recipe {
	return Recipe{
		Label: "OEMDRV", CallsAtBoot: true,
		files:     map[string]string{"autoinst.json": "agama.json"},
		boot:      boot{args: agamaArgs},
		refuses:   []string{"partitions", "kvm", "source", "proxy", "productKey"},
		needsDisk: true,
		check:     checkAgama,
	}
}

// agamaArgs configure the installer's network, since its profile knows interfaces
// by name alone, and switch the machine off at the end.
func agamaArgs(f form) KernelArgs {
	args := KernelArgs{Remove: []string{"mediacheck"}, Set: []string{"inst.finish=poweroff"}}
	if len(f.Networks) == 0 {
		return args
	}
	n := f.Networks[0]
	four := n.prefixes(true)
	if len(four) == 0 || n.VLAN != 0 || n.MAC+n.Device == "" {
		return args
	}
	device := n.Device
	if n.MAC != "" {
		device = "install0"
		args.Add = append(args.Add, "ifname="+device+":"+strings.ToLower(n.MAC))
	}
	mask := net.IP(net.CIDRMask(four[0].Bits(), four[0].Addr().BitLen())).String()
	args.Add = append(args.Add, "ip="+strings.Join([]string{four[0].Addr().String(), "", n.gateway(true), mask, f.FQDN(), device, "none"}, ":"))
	for _, server := range n.DNS {
		if !strings.Contains(server, ":") {
			args.Add = append(args.Add, "nameserver="+server)
		}
	}
	return args
}

func checkAgama(a Answers) error {
	var p problems
	if a.Disk.Serial+a.Disk.Model != "" {
		p.add("disk", "Agama finds disks by path, wwn or volume: give one of these")
	}
	if a.SUSE != nil && len(a.SUSE.Modules) > 0 {
		p.add("suse.modules", "modules are SLES 15's: leave them out")
	}
	return errors.Join(errors.Join(p...), refusePatterns(a))
}

// agamaProfile is the part of Agama's profile that the answers need.
type agamaProfile struct {
	Product      map[string]string   `json:"product"`
	Bootloader   map[string]string   `json:"bootloader,omitempty"`
	Hostname     map[string]string   `json:"hostname"`
	Localization map[string]string   `json:"localization"`
	Root         agamaRoot           `json:"root"`
	Software     agamaSoftware       `json:"software"`
	Storage      agamaStorage        `json:"storage"`
	Scripts      map[string][]script `json:"scripts"`
}

type agamaRoot struct {
	Password       string `json:"password,omitempty"`
	HashedPassword bool   `json:"hashedPassword,omitempty"`
}

type agamaSoftware struct {
	Packages          []string          `json:"packages"`
	Patterns          []string          `json:"patterns,omitempty"`
	ExtraRepositories []agamaRepository `json:"extraRepositories,omitempty"`
}

type agamaRepository struct {
	Alias         string `json:"alias"`
	URL           string `json:"url"`
	AllowUnsigned bool   `json:"allowUnsigned,omitempty"`
}

type agamaStorage struct {
	Drives []agamaDrive `json:"drives"`
}

type agamaDrive struct {
	Search     string           `json:"search"`
	Partitions []agamaPartition `json:"partitions"`
}

// agamaPartition deletes what is there, or makes the product's own layout.
type agamaPartition struct {
	Search   string `json:"search,omitempty"`
	Delete   bool   `json:"delete,omitempty"`
	Generate string `json:"generate,omitempty"`
}

type script struct {
	Name    string `json:"name"`
	Chroot  bool   `json:"chroot,omitempty"`
	Content string `json:"content"`
}

// AgamaProfile is the profile. What it has no word for is done by a script in the
// installed system.
func (f form) AgamaProfile() (agamaProfile, error) {
	before, err := f.script("agama.pre.sh")
	if err != nil {
		return agamaProfile{}, err
	}
	inside, err := f.script("agama.chroot.sh")
	if err != nil {
		return agamaProfile{}, err
	}
	after, err := f.script("agama.post.sh")
	profile := agamaProfile{
		Product:      map[string]string{"id": f.SUSEProduct()},
		Hostname:     map[string]string{"static": f.FQDN()},
		Localization: map[string]string{"language": f.Locale, "keyboard": f.Keyboard, "timezone": f.Timezone},
		Root:         agamaRoot{Password: f.RootPasswordHash, HashedPassword: f.RootPasswordHash != ""},
		Software:     agamaSoftware{Packages: slices.Concat([]string{"openssh-server"}, f.SUSEPackages(false)), Patterns: f.SUSEPackages(true)},
		Storage: agamaStorage{Drives: []agamaDrive{{
			Search:     f.agamaDisk(),
			Partitions: []agamaPartition{{Search: "*", Delete: true}, {Generate: "default"}},
		}}},
		Scripts: map[string][]script{
			"pre":  {{Name: "rackflow-pre.sh", Content: before}},
			"post": {{Name: "rackflow-chroot.sh", Chroot: true, Content: inside}, {Name: "rackflow-post.sh", Content: after}},
		},
	}
	for _, r := range f.Repositories {
		profile.Software.ExtraRepositories = append(profile.Software.ExtraRepositories, agamaRepository{r.Name, r.URL, r.Key == ""})
	}
	if len(f.KernelArgs) > 0 {
		profile.Bootloader = map[string]string{"extraKernelParams": strings.Join(f.KernelArgs, " ")}
	}
	return profile, err
}

// agamaDisk is the disk by a link that udev makes.
func (f form) agamaDisk() string {
	wwn := strings.ToLower(f.Disk.WWN + f.Disk.Volume)
	switch {
	case f.Disk.Path != "":
		return f.Disk.Path
	case strings.HasPrefix(wwn, "eui."):
		return "/dev/disk/by-id/nvme-" + wwn
	default:
		return "/dev/disk/by-id/wwn-0x" + strings.TrimPrefix(strings.TrimPrefix(wwn, "0x"), "naa.")
	}
}

// AllKeyfiles are the connections of the installed system, by file name.
func (f form) AllKeyfiles() map[string]string { return f.keyfiles() }

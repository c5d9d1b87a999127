package iso

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Recipe knows how one OS family is installed unattended: which answer files its
// installer looks for and where, and how the installer's kernel is started.
//
//   - agama: SUSE from 16 on (SLES, Leap), by a profile of its installer, Agama.
//
//   - coreos: Fedora CoreOS and its kin, by Ignition in the place that the image
//     keeps for it, which has coreos-installer write the disk.
//
//   - debian: Debian 12 and 13, by preseed in a second initrd of its own image.
//
//   - esxi: ESXi 7 and 8, by kickstart. It reboots at the end. Secure Boot keeps it
//     from running what comes after the installation: keys, services, switches, NTP,
//     logging, domain and postInstall.
//
//   - flatcar: Flatcar Container Linux, by Ignition in a second initrd, which has
//     flatcar-install fetch the system by the network. It has been proven least.
//
//   - rhel: RHEL and its rebuilds, 8 to 10, and Fedora Server, by kickstart. The
//     default disk is the first that lsblk lists and that is neither removable,
//     nor read-only, nor on USB, where virtual media appear.
//
//   - suse: SLES 15 and Leap 15, by AutoYaST.
//
//   - ubuntu: Ubuntu Server 20.04 and later, by autoinstall. The default disk is
//     the largest. Ubuntu's installer insists on one account beside root: without
//     users it is called ubuntu, is in group sudo, and has root's password and
//     keys. Beside a seed the image must be booted with the argument autoinstall.
//
//   - windows: Windows Server 2019 to 2025 in English, booted by UEFI, by an answer
//     file on a seed image beside its own.
//
// Every recipe but ESXi's powers the server off at the end.
type Recipe struct {
	// Family is the name the recipe is known by.
	Family string
	// Label is the volume label of a seed image. It is empty if the installer finds
	// its answers in its own image alone.
	Label string
	// SeedBeside says that the installer does not read its answers from its own
	// image: the seed must be inserted beside the customized one.
	SeedBeside bool
	// Reboots says that the installer restarts the server at its end. All others power
	// it off.
	Reboots bool
	// CallsAtBoot says that the installed system posts [Callbacks.Booted] when it first
	// starts.
	CallsAtBoot bool

	// files are the template behind each answer file; one that renders to nothing
	// is left out.
	files map[string]string
	// folder is where the answer files are on the installer's own image.
	folder string
	// pack, if set, makes of the answer files those that go there.
	pack func(files map[string][]byte) (map[string][]byte, error)
	// boot is how the installer's kernel is started.
	boot boot
	// finish, if set, makes what other edits of the image the family needs.
	finish func(e *Editor, f form) error

	// refuses are answers, by their name in JSON, that the installer cannot give effect.
	refuses []string
	// needsDisk says that there is no default disk.
	needsDisk bool
	// clearPasswords says that the installer takes no hashes.
	clearPasswords bool
	// check, if set, returns what else is wrong with answers for this family alone.
	check func(Answers) error
}

// recipes are the families there are.
func recipes() map[string]Recipe {
	return map[string]Recipe{
		"agama":   agama(),
		"coreos":  coreOS(),
		"debian":  debian(),
		"esxi":    esxi(),
		"flatcar": flatcar(),
		"rhel":    rhel(),
		"suse":    suse(),
		"ubuntu":  ubuntu(),
		"windows": windows(),
	}
}

// knownRecipes is what recipes makes, once.
var knownRecipes = sync.OnceValue(recipes)

// RecipeFor returns the recipe of an OS family; the error wraps
// ErrUnknownFamily and names those there are.
func RecipeFor(family string) (Recipe, error) {
	recipe, ok := knownRecipes()[family]
	if !ok {
		return Recipe{}, fmt.Errorf("%w %q: known are %s", ErrUnknownFamily, family, strings.Join(Families(), ", "))
	}
	recipe.Family = family
	return recipe, nil
}

// Families lists the names that RecipeFor knows, sorted.
func Families() []string { return slices.Sorted(maps.Keys(knownRecipes())) }

// Files renders the answer files, by name. Every problem with the answers or
// callbacks is in the error, see [Answers.Validate]. The files hold secrets:
// passwords' hashes and the callbacks' tokens.
func (r Recipe) Files(answers Answers, callbacks Callbacks) (map[string][]byte, error) {
	return Customization{Family: r.Family, Answers: answers, Callbacks: callbacks}.Files()
}

// Seed renders the answer files and returns them as a seed image.
func (r Recipe) Seed(answers Answers, callbacks Callbacks) ([]byte, error) {
	return Customization{Family: r.Family, Answers: answers, Callbacks: callbacks}.Seed()
}

// validate returns every problem with answers for this family.
func (r Recipe) validate(a Answers) error {
	var p problems
	given, err := answersGiven(a)
	if err != nil {
		return err
	}
	for _, name := range r.refuses {
		if given[name] {
			p.add(name, "the installer of "+r.Family+" cannot do it: leave it out")
		}
	}
	if r.needsDisk && a.Disk == (Disk{}) {
		p.add("disk", "missing: name the disk to erase and install on")
	}
	problems := errors.Join(p...)
	if r.check != nil {
		problems = errors.Join(problems, r.check(a))
	}
	return problems
}

// answersGiven names the fields that are not left at their default.
func answersGiven(a Answers) (map[string]bool, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode answers: %w", err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("encode answers: %w", err)
	}
	given := make(map[string]bool, len(fields))
	for name := range fields {
		given[name] = true
	}
	return given, nil
}

package iso

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// Recipe knows how one OS family is installed unattended: which answer files
// its installer looks for, and on a volume of which label.
//
//   - rhel: RHEL and its rebuilds, 8 to 10, by kickstart on OEMDRV. The default
//     disk is the first that lsblk lists and that is neither removable, nor
//     read-only, nor on USB, where virtual media appear.
//   - ubuntu: Ubuntu Server 20.04 and later, by autoinstall on CIDATA. The
//     default disk is the largest. Ubuntu's installer insists on one account
//     beside root: it is called ubuntu, is in group sudo, and has root's
//     password and keys. The image must be booted with the argument autoinstall.
type Recipe struct {
	// Family is the name the recipe is known by.
	Family string
	// Label is the volume label the installer looks for.
	Label string

	// files are the template behind each file; one that renders to nothing is
	// left off the volume.
	files map[string]string
	// check returns what is wrong with valid answers for this family alone.
	check func(Answers) error
}

// RecipeFor returns the recipe of an OS family; the error wraps
// ErrUnknownFamily and names those there are.
func RecipeFor(family string) (Recipe, error) {
	all := recipes()
	recipe, ok := all[family]
	if !ok {
		return Recipe{}, fmt.Errorf("%w %q: known are %s", ErrUnknownFamily, family, strings.Join(Families(), ", "))
	}
	recipe.Family = family
	return recipe, nil
}

// Families lists the names that RecipeFor knows, sorted.
func Families() []string { return slices.Sorted(maps.Keys(recipes())) }

func recipes() map[string]Recipe {
	return map[string]Recipe{"rhel": rhel(), "ubuntu": ubuntu()}
}

// Files renders the answer files, by name. Every problem with the answers or
// callbacks is in the error, see [Answers.Validate]. The files hold secrets:
// the password's hash and the callbacks' tokens.
func (r Recipe) Files(answers Answers, callbacks Callbacks) (map[string][]byte, error) {
	if err := errors.Join(answers.Validate(), callbacks.Validate(), r.check(answers)); err != nil {
		return nil, fmt.Errorf("answers for %s: %w", r.Family, err)
	}
	data := form{Answers: answers.withDefaults(), Callbacks: callbacks}
	files := make(map[string][]byte, len(r.files))
	for name, source := range r.files {
		content, err := render(source, data)
		if err != nil {
			return nil, fmt.Errorf("render %s for %s: %w", name, r.Family, err)
		}
		if len(content) > 0 {
			files[name] = content
		}
	}
	return files, nil
}

// Seed renders the answer files and returns them as a seed image.
func (r Recipe) Seed(answers Answers, callbacks Callbacks) ([]byte, error) {
	files, err := r.Files(answers, callbacks)
	if err != nil {
		return nil, err
	}
	return Seed(r.Label, files)
}

// form is what the templates see.
type form struct {
	Answers

	Callbacks Callbacks
}

func render(source string, data form) ([]byte, error) {
	t, err := template.New(source).Funcs(template.FuncMap{
		"shell":    shellWord,
		"yaml":     yamlValue,
		"join":     strings.Join,
		"brief":    brief.call,
		"stubborn": stubborn.call,
	}).ParseFS(templates, "templates/"+source)
	if err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("execute template: %w", err)
	}
	return out.Bytes(), nil
}

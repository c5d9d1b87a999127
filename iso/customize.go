package iso

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Customization is all that makes a vendor's image install one server. It is what
// is worth storing: the image is made of it again at need.
type Customization struct {
	// Family is that of the image, see [Families].
	Family    string    `json:"family"`
	Answers   Answers   `json:"answers"`
	Callbacks Callbacks `json:"callbacks"`
	// Templates are text/template by file name. One that is called as an answer file
	// of the family, such as "ks.cfg", takes the place of the recipe's; with
	// ".append" behind that name it is added at the file's end. A template sees the
	// fields of [Answers], in which hashes have taken the place of clear passwords
	// and Networks has Network in front, and beside them Callbacks and Family. Its
	// functions are shell and yaml, which quote a value for these, join, and brief
	// and stubborn, which give a command that posts a callback:
	//
	//	{{ stubborn .Callbacks.Done 100 "installed" }}
	Templates map[string]string `json:"templates,omitempty"`
}

// customizeTime is the date of all files added, so that the same customization
// gives the same image whenever it is made.
var customizeTime = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// appendSuffix marks a template that extends a recipe's.
const appendSuffix = ".append"

// Validate returns nil or every problem with answers, callbacks and templates'
// names. It renders nothing.
func (c Customization) Validate() error {
	r, err := RecipeFor(c.Family)
	if err != nil {
		return err
	}
	var p problems
	for _, name := range slices.Sorted(maps.Keys(c.Templates)) {
		if _, ok := r.files[strings.TrimSuffix(name, appendSuffix)]; !ok {
			p.add(fmt.Sprintf("templates[%q]", name), fmt.Sprintf("%s has no such answer file: it has %s, each with or without %s",
				c.Family, strings.Join(slices.Sorted(maps.Keys(r.files)), ", "), appendSuffix))
		}
	}
	problems := errors.Join(c.Answers.Validate(), c.Callbacks.Validate(), r.validate(c.Answers), errors.Join(p...))
	if problems != nil {
		return fmt.Errorf("answers for %s: %w", c.Family, problems)
	}
	return nil
}

// form is what the templates see.
func (c Customization) form(r Recipe) form {
	answers := c.Answers.withDefaults()
	if !r.clearPasswords {
		answers = answers.hashSecrets(c.Callbacks.Done)
	}
	return form{Answers: answers, Callbacks: c.Callbacks, Family: c.Family}
}

// Files renders the answer files, by name. They hold secrets.
func (c Customization) Files() (map[string][]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r, err := RecipeFor(c.Family)
	if err != nil {
		return nil, err
	}
	return c.files(r, c.form(r))
}

func (c Customization) files(r Recipe, data form) (map[string][]byte, error) {
	files := make(map[string][]byte, len(r.files))
	for name, stock := range r.files {
		content, err := c.file(name, stock, data)
		if err != nil {
			return nil, fmt.Errorf("render %s for %s: %w", name, c.Family, err)
		}
		if len(content) > 0 {
			files[name] = content
		}
	}
	return files, nil
}

// file renders one answer file: by the user's template or the recipe's, and what
// the user adds.
func (c Customization) file(name, stock string, data form) ([]byte, error) {
	var content []byte
	var err error
	if own, ok := c.Templates[name]; ok {
		content, err = renderUser(name, own, data)
	} else {
		content, err = renderStock(stock, data)
	}
	if err != nil {
		return nil, err
	}
	more, ok := c.Templates[name+appendSuffix]
	if !ok {
		return content, nil
	}
	added, err := renderUser(name+appendSuffix, more, data)
	return append(content, added...), err
}

// Seed returns the answer files as a seed image, which the installer looks for
// beside its own medium.
func (c Customization) Seed() ([]byte, error) {
	r, err := RecipeFor(c.Family)
	if err != nil {
		return nil, err
	}
	if r.Label == "" {
		return nil, fmt.Errorf("the installer of %s looks for answers in its own image alone: customize that", c.Family)
	}
	files, err := c.Files()
	if err != nil {
		return nil, err
	}
	if !r.SeedBeside {
		return Seed(r.Label, files)
	}
	return authorSeed(r.Label, files)
}

// authorSeed is for systems that need more than [Seed] can write.
func authorSeed(label string, files map[string][]byte) ([]byte, error) {
	author := Author{Label: label, Time: customizeTime}
	for name, content := range files {
		if err := author.Add(name, content); err != nil {
			return nil, err
		}
	}
	img, err := author.Image()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = img.WriteTo(&out)
	return out.Bytes(), err
}

// Customize returns the image as it installs one server, without a question: it
// carries the answer files, and every boot configuration found starts the
// installer at once, with the arguments that lead it to them. The same base and
// customization give the same image.
func (b *Base) Customize(c Customization) (*Image, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r, err := RecipeFor(c.Family)
	if err != nil {
		return nil, err
	}
	if system, err := b.Detect(); err == nil && system.Family != c.Family {
		return nil, fmt.Errorf("customize image %q for %s: it is of family %s: take the right image or name that family",
			b.info.Label, c.Family, system.Family)
	}
	e := b.Edit(customizeTime)
	if err := c.apply(e, r); err != nil {
		return nil, fmt.Errorf("customize image %q for %s: %w", b.info.Label, c.Family, err)
	}
	return e.Image()
}

func (c Customization) apply(e *Editor, r Recipe) error {
	data := c.form(r)
	files, err := c.files(r, data)
	if err == nil && r.pack != nil {
		files, err = r.pack(files)
	}
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := e.Put(path.Join(r.folder, name), files[name]); err != nil {
			return err
		}
	}
	if r.boot.args != nil {
		if err := r.boot.apply(e, data); err != nil {
			return err
		}
	}
	if r.finish != nil {
		if err := r.finish(e, data); err != nil {
			return err
		}
	}
	e.ClearMediaMD5()
	return nil
}

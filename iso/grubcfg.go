package iso

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// GRUBConfig is a grub.cfg. What is not changed is printed byte for byte as it
// was read.
type GRUBConfig struct {
	src      string
	commands []grubCommand
	entries  []GRUBEntry
	// unfinished says that nothing can be added at the end.
	unfinished bool
}

// GRUBEntry is one entry of the menu.
type GRUBEntry struct {
	// Path is how GRUB's variable default names the entry: its index, counted
	// from 0, behind those of the submenus it is in, such as "1>0".
	Path string
	// Title is what the menu shows.
	Title string
	// ID is the value of --id, if the entry has one.
	ID string

	from, to int // its commands
}

// kernelCommands load a Linux kernel and take its arguments.
var kernelCommands = []string{"linux", "linux16", "linuxefi"}

// initrdCommands load the files that become the first root file system.
var initrdCommands = []string{"initrd", "initrd16", "initrdefi"}

// ParseGRUB reads a grub.cfg. It accepts any text: GRUB scripts are programs,
// and only menu entries, kernels and two variables matter here. Files that it
// sources are not read.
func ParseGRUB(src []byte) *GRUBConfig {
	c := &GRUBConfig{}
	c.reset(string(src))
	return c
}

func (c *GRUBConfig) reset(src string) {
	c.src = src
	c.commands, c.unfinished = lexGRUB(src)
	c.entries = nil
	c.scan(0, len(c.commands), "")
}

// scan finds the entries among commands, and below submenus theirs.
func (c *GRUBConfig) scan(from, to int, prefix string) {
	index := 0
	for i := from; i < to; i++ {
		command := c.commands[i]
		kind := command.name()
		if !command.opens || kind != "menuentry" && kind != "submenu" {
			continue
		}
		end := c.blockEnd(i, to)
		entry := GRUBEntry{Path: prefix + strconv.Itoa(index), from: i + 1, to: end}
		entry.Title, entry.ID = entryName(command.words)
		index++
		if kind == "submenu" {
			c.scan(i+1, end, entry.Path+">")
		} else {
			c.entries = append(c.entries, entry)
		}
		i = end
	}
}

// blockEnd returns the index of the command that closes the block command i
// opens.
func (c *GRUBConfig) blockEnd(i, to int) int {
	depth := c.commands[i].depth
	for end := i + 1; end < to; end++ {
		if c.commands[end].name() == "" && !c.commands[end].opens && c.commands[end].depth <= depth {
			return end
		}
	}
	return to
}

// entryName reads the title and the id of a menuentry command.
func entryName(words []grubWord) (title, id string) {
	for i, w := range words {
		if value, ok := strings.CutPrefix(w.value, "--id="); ok {
			id = value
		}
		if (w.value == "--id" || w.value == "$menuentry_id_option") && i+1 < len(words) {
			id = words[i+1].value
		}
	}
	return entryTitle(words), id
}

// entryTitle is the first word that is no option, nor an option's value.
func entryTitle(words []grubWord) string {
	valued := []string{"--class", "--users", "--hotkey", "--id", "--source", "$menuentry_id_option"}
	for i := 1; i < len(words); i++ {
		switch word := words[i].value; {
		case slices.Contains(valued, word):
			i++
		case !strings.HasPrefix(word, "--"):
			return word
		}
	}
	return ""
}

// Entries lists the menu's entries in order, those of submenus too.
func (c *GRUBConfig) Entries() []GRUBEntry { return slices.Clone(c.entries) }

// SetDefault makes the entry of this path, id or title the one that starts by
// itself.
func (c *GRUBConfig) SetDefault(entry string) error {
	e, err := c.entry(entry)
	if err != nil {
		return err
	}
	c.setVariable("default", e.Path)
	return nil
}

// SetTimeout sets the time in seconds before the default entry starts; at 0 no
// menu is shown.
func (c *GRUBConfig) SetTimeout(seconds int) error {
	if seconds < 0 {
		return fmt.Errorf("grub.cfg: timeout of %d seconds: want 0 or more", seconds)
	}
	c.setVariable("timeout", strconv.Itoa(seconds))
	return nil
}

// EditArgs changes the kernel arguments of the entry of this path, id or title,
// or of all entries if it is empty. It returns the number of kernels changed or
// found as wanted; none is an error.
func (c *GRUBConfig) EditArgs(entry string, edit KernelArgs) (int, error) {
	if err := edit.Validate(); err != nil {
		return 0, fmt.Errorf("grub.cfg: %w", err)
	}
	if c.unfinished {
		return 0, errors.New("grub.cfg: it ends within quotes or behind a backslash: it is damaged")
	}
	entries := c.entries
	if entry != "" {
		e, err := c.entry(entry)
		if err != nil {
			return 0, err
		}
		entries = []GRUBEntry{e}
	}
	var changes []splice
	for _, e := range entries {
		for _, command := range c.commands[e.from:e.to] {
			if len(command.words) > 1 && slices.Contains(kernelCommands, command.name()) {
				changes = append(changes, c.editCommand(command, edit))
			}
		}
	}
	if len(changes) == 0 {
		return 0, fmt.Errorf("grub.cfg: entry %q loads no Linux kernel", entry)
	}
	c.reset(applySplices(c.src, changes))
	return len(changes), nil
}

// LoadsKernel says that one of Entries loads a Linux kernel, and so can be given
// arguments.
func (c *GRUBConfig) LoadsKernel(entry GRUBEntry) bool {
	return slices.ContainsFunc(c.commands[entry.from:entry.to], func(command grubCommand) bool {
		return len(command.words) > 1 && slices.Contains(kernelCommands, command.name())
	})
}

// AddInitrd has the entry of this path, id or title load one more initrd behind
// those it has. The path is from the root of the image, with a leading slash.
func (c *GRUBConfig) AddInitrd(entry, initrd string) error {
	e, err := c.entry(entry)
	if err != nil {
		return err
	}
	for _, command := range slices.Backward(c.commands[e.from:e.to]) {
		if len(command.words) < 2 || !slices.Contains(initrdCommands, command.name()) {
			continue
		}
		last := command.words[len(command.words)-1]
		if last.value != initrd {
			c.reset(applySplices(c.src, []splice{{span{last.to, last.to}, " " + quoteGRUB(initrd)}}))
		}
		return nil
	}
	return fmt.Errorf("grub.cfg: entry %q loads no initrd", entry)
}

// editCommand replaces all that stands behind the kernel's path.
func (c *GRUBConfig) editCommand(command grubCommand, edit KernelArgs) splice {
	kernel, words := command.words[1], command.words[2:]
	old := make([]argument, len(words))
	end := kernel.to
	for i, w := range words {
		old[i] = argument{w.value, c.src[w.from:w.to]}
		end = w.to
	}
	changed := edit.apply(old, quoteGRUB)
	if slices.Equal(old, changed) {
		return splice{span{end, end}, ""}
	}
	text := ""
	if len(changed) > 0 {
		text = " " + joinArguments(changed)
	}
	return splice{span{kernel.to, end}, text}
}

// entry finds an entry by path before id before title.
func (c *GRUBConfig) entry(name string) (GRUBEntry, error) {
	for _, is := range []func(GRUBEntry) bool{
		func(e GRUBEntry) bool { return e.Path == name },
		func(e GRUBEntry) bool { return e.ID == name && name != "" },
		func(e GRUBEntry) bool { return e.Title == name },
	} {
		if i := slices.IndexFunc(c.entries, is); i >= 0 {
			return c.entries[i], nil
		}
	}
	return GRUBEntry{}, fmt.Errorf("grub.cfg: no entry %q: it has %s", name, c.known())
}

func (c *GRUBConfig) known() string {
	if len(c.entries) == 0 {
		return "none"
	}
	names := make([]string, len(c.entries))
	for i, e := range c.entries {
		names[i] = fmt.Sprintf("%s %q", e.Path, e.Title)
	}
	return strings.Join(names, ", ")
}

// setVariable gives every assignment outside of entries the value, wherever a
// condition may lead, and makes one at the top if none is sure to run.
func (c *GRUBConfig) setVariable(name, value string) {
	var changes []splice
	sure := false
	conditions := 0
	for i, command := range c.commands {
		switch command.name() {
		case "if", "while", "until", "for":
			conditions++
		case "fi", "done":
			conditions = max(conditions-1, 0)
		}
		if c.insideEntry(i) {
			continue
		}
		if word, ok := assignment(command, name); ok {
			changes = append(changes, splice{word.span, name + "=" + quoteGRUB(value)})
			sure = sure || conditions == 0 && command.depth == 0
		}
	}
	if !sure {
		changes = append([]splice{{span{0, 0}, "set " + name + "=" + quoteGRUB(value) + "\n"}}, changes...)
	}
	c.reset(applySplices(c.src, changes))
}

func (c *GRUBConfig) insideEntry(command int) bool {
	return slices.ContainsFunc(c.entries, func(e GRUBEntry) bool { return command >= e.from && command < e.to })
}

// assignment returns the word name=value of a command, with set, after then or
// else, or alone.
func assignment(command grubCommand, name string) (grubWord, bool) {
	words := command.words
	if len(words) > 0 && (words[0].value == "then" || words[0].value == "else") {
		words = words[1:]
	}
	if len(words) > 0 && words[0].value == "set" {
		words = words[1:]
	}
	if len(words) != 1 || !strings.HasPrefix(words[0].value, name+"=") {
		return grubWord{}, false
	}
	return words[0], true
}

// Bytes prints the configuration.
func (c *GRUBConfig) Bytes() []byte { return []byte(c.src) }

// splice is a change to a text.
type splice struct {
	span

	text string
}

// applySplices makes changes that are in order and do not overlap.
func applySplices(src string, changes []splice) string {
	var out strings.Builder
	at := 0
	for _, change := range changes {
		out.WriteString(src[at:change.from])
		out.WriteString(change.text)
		at = change.to
	}
	out.WriteString(src[at:])
	return out.String()
}

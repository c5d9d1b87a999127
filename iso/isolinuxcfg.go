package iso

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// IsolinuxConfig is an isolinux.cfg or syslinux.cfg. What is not changed is
// printed byte for byte as it was read.
type IsolinuxConfig struct {
	lines []isolinuxLine
}

// isolinuxLine is one line, with its end of line, and what it says.
type isolinuxLine struct {
	text    string
	keyword string // in lower case; "menu default" and the like are one keyword
	value   string
	label   string // the label whose part of the file it is in
}

// ParseIsolinux reads an isolinux.cfg. It accepts any text. Files that it
// includes are not read.
func ParseIsolinux(src []byte) *IsolinuxConfig {
	c := &IsolinuxConfig{}
	label, help := "", false
	for text := range strings.Lines(string(src)) {
		line := isolinuxLine{text: text}
		line.keyword, line.value = isolinuxKeyword(text)
		switch {
		case help:
			help = line.keyword != "endtext"
			line.keyword = ""
		case line.keyword == "text help":
			help = true
		case line.keyword == "label":
			label = line.value
		}
		line.label = label
		c.lines = append(c.lines, line)
	}
	return c
}

// isolinuxKeyword splits a line into a keyword and its value.
func isolinuxKeyword(text string) (keyword, value string) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "#") {
		return "", ""
	}
	keyword, value = cutBlank(text)
	keyword = strings.ToLower(keyword)
	if keyword == "menu" || keyword == "text" {
		second, rest := cutBlank(value)
		return keyword + " " + strings.ToLower(second), rest
	}
	return keyword, value
}

func cutBlank(s string) (word, rest string) {
	at := strings.IndexAny(s, " \t")
	if at < 0 {
		return s, ""
	}
	return s[:at], strings.TrimSpace(s[at:])
}

// Labels lists the labels in order.
func (c *IsolinuxConfig) Labels() []string {
	var labels []string
	for _, line := range c.lines {
		if line.keyword == "label" && line.value != "" {
			labels = append(labels, line.value)
		}
	}
	return labels
}

// IsolinuxEntry is a label that loads a kernel with arguments.
type IsolinuxEntry struct {
	Label string
	// Title is what the menu shows, without the sign of its hotkey; the label if
	// it shows nothing else.
	Title string
}

// Entries lists the labels that have arguments to edit, in order.
func (c *IsolinuxConfig) Entries() []IsolinuxEntry {
	var entries []IsolinuxEntry
	for _, label := range c.Labels() {
		if c.find(label, "append") < 0 {
			continue
		}
		entry := IsolinuxEntry{Label: label, Title: label}
		if i := c.find(label, "menu label"); i >= 0 {
			entry.Title = strings.Replace(c.lines[i].value, "^", "", 1)
		}
		entries = append(entries, entry)
	}
	return entries
}

// runsProgram says that a label starts a program of the loader's, such as ESXi's
// mboot.c32, and no kernel: the arguments are the program's own.
func (c *IsolinuxConfig) runsProgram(label string) bool {
	i := c.find(label, "kernel")
	return i >= 0 && isProgram(c.lines[i].value)
}

// find returns the index of a label's line of this keyword, or -1.
func (c *IsolinuxConfig) find(label, keyword string) int {
	return slices.IndexFunc(c.lines, func(line isolinuxLine) bool {
		return line.label == label && line.keyword == keyword
	})
}

// Boot makes a label, of this file or of one that it belongs with, start at once:
// it takes the place of whatever starts now, a menu too.
func (c *IsolinuxConfig) Boot(label string) {
	c.lines = slices.DeleteFunc(c.lines, func(line isolinuxLine) bool { return line.keyword == "ui" })
	set := map[string]bool{}
	for i, line := range c.lines {
		switch line.keyword {
		case "default", "ontimeout":
			c.lines[i] = line.withValue(label)
		case "prompt":
			c.lines[i] = line.withValue("0")
		default:
			continue
		}
		set[line.keyword] = true
	}
	if !set["prompt"] {
		c.prepend("prompt 0")
	}
	if !set["default"] {
		c.prepend("default " + label)
	}
}

// StartsByItself says that the file chooses what starts.
func (c *IsolinuxConfig) StartsByItself() bool {
	return slices.ContainsFunc(c.lines, func(line isolinuxLine) bool {
		return line.keyword == "default" || line.keyword == "ui"
	})
}

// AddInitrd has a label load one more initrd behind those it has. The path is from
// the root of the image, with a leading slash.
func (c *IsolinuxConfig) AddInitrd(label, initrd string) error {
	if i := c.find(label, "initrd"); i >= 0 {
		c.lines[i] = c.lines[i].withValue(withInitrd(c.lines[i].value, initrd))
		return nil
	}
	i := c.find(label, "append")
	if i < 0 {
		return fmt.Errorf("isolinux.cfg: label %q has no append line", label)
	}
	args := plainArguments(c.lines[i].value)
	at := slices.IndexFunc(args, func(arg argument) bool { return argKey(arg.value) == "initrd" })
	if at < 0 {
		return fmt.Errorf("isolinux.cfg: label %q loads no initrd", label)
	}
	args[at].text = withInitrd(args[at].text, initrd)
	c.lines[i] = c.lines[i].withValue(joinArguments(args))
	return nil
}

func withInitrd(list, initrd string) string {
	if strings.HasSuffix(list, ","+initrd) {
		return list
	}
	return list + "," + initrd
}

// SetDefault makes a label of this file the one that starts by itself: by the
// directive default, unless that starts a menu, and by the menu's own mark.
func (c *IsolinuxConfig) SetDefault(label string) error {
	if !slices.Contains(c.Labels(), label) {
		return fmt.Errorf("isolinux.cfg: no label %q: it has %s", label, strings.Join(c.Labels(), ", "))
	}
	set := false
	for i, line := range c.lines {
		if line.keyword == "default" || line.keyword == "ontimeout" {
			set = true
			if !isProgram(line.value) {
				c.lines[i] = line.withValue(label)
			}
		}
	}
	if !set {
		c.prepend("default " + label)
	}
	c.markDefault(label)
	return nil
}

// isProgram says that a directive starts a program of the loader's: where a label
// could stand, a menu.
func isProgram(value string) bool {
	program, _ := cutBlank(value)
	return strings.HasSuffix(strings.ToLower(program), ".c32")
}

// markDefault moves the menu's mark. Without a mark the menu takes its first
// entry, so one is always set.
func (c *IsolinuxConfig) markDefault(label string) {
	c.lines = slices.DeleteFunc(c.lines, func(line isolinuxLine) bool {
		return line.keyword == "menu default" && line.label != label
	})
	marked := slices.ContainsFunc(c.lines, func(line isolinuxLine) bool { return line.keyword == "menu default" })
	if marked {
		return
	}
	at := slices.IndexFunc(c.lines, func(line isolinuxLine) bool { return line.keyword == "label" && line.value == label })
	ending := c.ending()
	if !strings.HasSuffix(c.lines[at].text, "\n") {
		c.lines[at].text += ending
	}
	mark := isolinuxLine{text: "  menu default" + ending, keyword: "menu default", label: label}
	c.lines = slices.Insert(c.lines, at+1, mark)
}

// SetTimeout sets the time in seconds before the default label starts. ISOLINUX
// takes 0 for "wait for ever", so that 0 here becomes its shortest time, a tenth
// of a second. A menu that leads back to itself on a total timeout is not known.
func (c *IsolinuxConfig) SetTimeout(seconds int) error {
	const longest = 3590 // 35,900 tenths, the limit of ISOLINUX
	if seconds < 0 || seconds > longest {
		return fmt.Errorf("isolinux.cfg: timeout of %d seconds: want 0 to %d", seconds, longest)
	}
	value := strconv.Itoa(max(seconds*10, 1))
	set := false
	for i, line := range c.lines {
		if line.keyword == "timeout" {
			c.lines[i], set = line.withValue(value), true
		}
	}
	if !set {
		c.prepend("timeout " + value)
	}
	return nil
}

// EditArgs changes the kernel arguments of a label, or of all labels if it is
// empty. It returns the number of labels whose arguments are now as wanted; none
// is an error.
func (c *IsolinuxConfig) EditArgs(label string, edit KernelArgs) (int, error) {
	if err := edit.Validate(); err != nil {
		return 0, fmt.Errorf("isolinux.cfg: %w", err)
	}
	count := 0
	for i, line := range c.lines {
		if line.keyword != "append" || line.label == "" || label != "" && line.label != label {
			continue
		}
		count++
		old := plainArguments(line.value)
		if changed := edit.apply(old, unquoted); !slices.Equal(old, changed) {
			c.lines[i] = line.withValue(joinArguments(changed))
		}
	}
	if count == 0 && label != "" {
		return 0, fmt.Errorf("isolinux.cfg: label %q has no append line", label)
	}
	if count == 0 {
		return 0, errors.New("isolinux.cfg: no label has an append line")
	}
	return count, nil
}

// withValue keeps indentation, keyword and end of line.
func (l isolinuxLine) withValue(value string) isolinuxLine {
	body := strings.TrimRight(l.text, " \t\r\n")
	ending := l.text[len(body):]
	head := strings.TrimSuffix(body, l.value)
	if l.value == "" {
		head += " "
	}
	l.text, l.value = head+value+ending, value
	return l
}

func (c *IsolinuxConfig) prepend(text string) {
	line := isolinuxLine{text: text + c.ending()}
	line.keyword, line.value = isolinuxKeyword(text)
	c.lines = slices.Insert(c.lines, 0, line)
}

// ending is the end of line that the file uses.
func (c *IsolinuxConfig) ending() string {
	if len(c.lines) > 0 && strings.HasSuffix(c.lines[0].text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// Bytes prints the configuration.
func (c *IsolinuxConfig) Bytes() []byte {
	var out []byte
	for _, line := range c.lines {
		out = append(out, line.text...)
	}
	return out
}

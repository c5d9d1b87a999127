package iso

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// BootCfg is ESXi's boot.cfg: lines of key=value. What is not changed is printed
// byte for byte as it was read. It has one entry, so that there is no default to
// choose.
type BootCfg struct {
	lines []string // with their ends
}

// ParseBootCfg reads a boot.cfg. It accepts any text.
func ParseBootCfg(src []byte) *BootCfg {
	return &BootCfg{lines: slices.Collect(strings.Lines(string(src)))}
}

// Get returns the value of a key, "" if there is none.
func (c *BootCfg) Get(key string) string {
	if i := c.index(key); i >= 0 {
		_, value, _ := strings.Cut(strings.TrimSpace(c.lines[i]), "=")
		return strings.TrimSpace(value)
	}
	return ""
}

// SetTimeout sets the time in seconds before the installer starts.
func (c *BootCfg) SetTimeout(seconds int) error {
	if seconds < 0 {
		return fmt.Errorf("boot.cfg: timeout of %d seconds: want 0 or more", seconds)
	}
	c.set("timeout", strconv.Itoa(seconds))
	return nil
}

// EditArgs changes kernelopt, the arguments of the kernel.
func (c *BootCfg) EditArgs(edit KernelArgs) error {
	if err := edit.Validate(); err != nil {
		return fmt.Errorf("boot.cfg: %w", err)
	}
	old := plainArguments(c.Get("kernelopt"))
	if changed := edit.apply(old, unquoted); !slices.Equal(old, changed) {
		c.set("kernelopt", joinArguments(changed))
	}
	return nil
}

// index finds a key's line. The last one counts, as it does for the loader.
func (c *BootCfg) index(key string) int {
	for i, line := range slices.Backward(c.lines) {
		if name, _, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == key {
			return i
		}
	}
	return -1
}

func (c *BootCfg) set(key, value string) {
	i := c.index(key)
	if i < 0 {
		if last := len(c.lines) - 1; last >= 0 && !strings.HasSuffix(c.lines[last], "\n") {
			c.lines[last] += c.ending()
		}
		c.lines = append(c.lines, key+"="+value+c.ending())
		return
	}
	body := strings.TrimRight(c.lines[i], "\r\n")
	c.lines[i] = key + "=" + value + c.lines[i][len(body):]
}

// ending is the end of line that the file uses.
func (c *BootCfg) ending() string {
	if len(c.lines) > 0 && strings.HasSuffix(c.lines[0], "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// Bytes prints the configuration.
func (c *BootCfg) Bytes() []byte { return []byte(strings.Join(c.lines, "")) }

package iso

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// KernelArgs is a change to the arguments of a kernel, the same for every boot
// loader. It is applied in the order of its fields; all other arguments stay as
// they are.
type KernelArgs struct {
	// Remove takes out every argument of these keys, such as "rd.live.check" or
	// "console", whether it has a value or not.
	Remove []string
	// Set gives a key one value: "inst.ks=cdrom:/ks.cfg" takes the place of the
	// first argument of its key, further ones go, and it is added if there is
	// none. So is a flag without a value, such as "autoinstall".
	Set []string
	// Add appends arguments whose key may be there more than once, such as
	// "console=ttyS0" or "nameserver=192.0.2.1".
	Add []string
}

// separator divides, on Debian and Ubuntu, the installer's arguments from those
// that the installed system keeps.
const separator = "---"

// Validate refuses what no boot loader can pass on as one argument.
func (a KernelArgs) Validate() error {
	for _, arg := range slices.Concat(a.Remove, a.Set, a.Add) {
		if argKey(arg) == "" {
			return fmt.Errorf("kernel argument %q has no key", arg)
		}
		if strings.ContainsFunc(arg, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar }) {
			return fmt.Errorf("kernel argument %q: blanks and control characters cannot be passed on", arg)
		}
	}
	for _, key := range a.Remove {
		if strings.Contains(key, "=") {
			return fmt.Errorf("kernel argument %q to be removed: want a key without a value", key)
		}
	}
	return nil
}

// argument is one word of a command line: its meaning, and how it is spelled.
type argument struct{ value, text string }

func argKey(arg string) string {
	key, _, _ := strings.Cut(arg, "=")
	return key
}

// apply returns the arguments changed; quote spells a new one.
func (a KernelArgs) apply(args []argument, quote func(string) string) []argument {
	args = slices.DeleteFunc(slices.Clone(args), func(arg argument) bool {
		return slices.Contains(a.Remove, argKey(arg.value))
	})
	for _, value := range a.Set {
		args = setArgument(args, argument{value, quote(value)})
	}
	for _, value := range a.Add {
		args = addArgument(args, argument{value, quote(value)})
	}
	return args
}

func setArgument(args []argument, set argument) []argument {
	same := func(arg argument) bool { return argKey(arg.value) == argKey(set.value) }
	first := slices.IndexFunc(args, same)
	if first < 0 {
		return addArgument(args, set)
	}
	if args[first].value != set.value {
		args[first] = set
	}
	return append(args[:first+1], slices.DeleteFunc(args[first+1:], same)...)
}

// addArgument appends to the installer's own arguments.
func addArgument(args []argument, added argument) []argument {
	isSeparator := func(arg argument) bool { return arg.value == separator || arg.value == "--" }
	if at := slices.IndexFunc(args, isSeparator); at >= 0 {
		return slices.Insert(args, at, added)
	}
	return append(args, added)
}

func joinArguments(args []argument) string {
	texts := make([]string, len(args))
	for i, arg := range args {
		texts[i] = arg.text
	}
	return strings.Join(texts, " ")
}

// plainArguments splits where blanks alone divide words.
func plainArguments(text string) []argument {
	var args []argument
	for word := range strings.FieldsSeq(text) {
		args = append(args, argument{word, word})
	}
	return args
}

func unquoted(s string) string { return s }

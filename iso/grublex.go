package iso

import "strings"

// span is a range of bytes of a configuration.
type span struct{ from, to int }

// grubWord is a word of a GRUB script: what it means, and where it stands.
// Variables are left as they are.
type grubWord struct {
	span

	value string
}

// grubCommand is a command with its words. depth is the number of open blocks
// around it, and opens says that one begins behind it.
type grubCommand struct {
	words []grubWord
	depth int
	opens bool
}

// name is the command's own name, "" for the end of a block.
func (c grubCommand) name() string {
	if len(c.words) == 0 {
		return ""
	}
	return c.words[0].value
}

// grubLexer takes a script apart into commands. It knows quotes, comments and
// blocks, and takes whatever it does not know for a word: it never fails.
type grubLexer struct {
	src      string
	pos      int
	depth    int
	commands []grubCommand
	current  []grubWord
	// unfinished says that the script ends within quotes or behind a backslash.
	unfinished bool
}

func lexGRUB(src string) (commands []grubCommand, unfinished bool) {
	l := &grubLexer{src: src}
	for l.pos < len(l.src) {
		l.step()
	}
	l.end(false)
	return l.commands, l.unfinished
}

func (l *grubLexer) step() {
	switch c := l.src[l.pos]; c {
	case ' ', '\t', '\r', '\f', '\v':
		l.pos++
	case '\n', ';', '|', '&', '<', '>':
		l.pos++
		l.end(false)
	case '{':
		l.pos++
		l.end(true)
		l.depth++
	case '}':
		l.pos++
		l.end(false)
		l.depth = max(l.depth-1, 0)
		l.commands = append(l.commands, grubCommand{depth: l.depth})
	case '#':
		if end := strings.IndexByte(l.src[l.pos:], '\n'); end >= 0 {
			l.pos += end
		} else {
			l.pos = len(l.src)
		}
	default:
		l.word()
	}
}

// end closes the command being read.
func (l *grubLexer) end(opens bool) {
	if len(l.current) > 0 || opens {
		l.commands = append(l.commands, grubCommand{words: l.current, depth: l.depth, opens: opens})
	}
	l.current = nil
}

// word reads to the next blank or sign outside of quotes.
func (l *grubLexer) word() {
	var value strings.Builder
	from := l.pos
	for l.pos < len(l.src) && !strings.ContainsRune(" \t\r\f\v\n;|&<>{}", rune(l.src[l.pos])) {
		switch l.src[l.pos] {
		case '\'':
			value.WriteString(l.until('\'', false))
		case '"':
			value.WriteString(l.until('"', true))
		case '\\':
			value.WriteString(l.escaped())
		case '$':
			value.WriteString(l.variable())
		default:
			value.WriteByte(l.src[l.pos])
			l.pos++
		}
	}
	if text := l.src[from:l.pos]; text != "\\\n" && text != "\\\r\n" {
		l.current = append(l.current, grubWord{span{from, l.pos}, value.String()})
	}
}

// until reads a quoted string. Within double quotes a backslash keeps its
// meaning before $, ", \ and the end of a line.
func (l *grubLexer) until(quote byte, escapes bool) string {
	var value strings.Builder
	for l.pos++; l.pos < len(l.src) && l.src[l.pos] != quote; l.pos++ {
		if escapes && l.src[l.pos] == '\\' && l.pos+1 < len(l.src) && strings.ContainsRune("$\"\\\n", rune(l.src[l.pos+1])) {
			l.pos++
			if l.src[l.pos] == '\n' {
				continue
			}
		}
		value.WriteByte(l.src[l.pos])
	}
	l.unfinished = l.pos >= len(l.src)
	l.pos = min(l.pos+1, len(l.src))
	return value.String()
}

// escaped reads a backslash and what it protects; before the end of a line it
// joins lines.
func (l *grubLexer) escaped() string {
	rest := l.src[l.pos+1:]
	switch {
	case rest == "":
		l.pos++
		l.unfinished = true
		return `\`
	case strings.HasPrefix(rest, "\r\n"):
		l.pos += 3
		return ""
	case rest[0] == '\n':
		l.pos += 2
		return ""
	}
	l.pos += 2
	return rest[:1]
}

// variable reads $name or ${name}, whose braces open no block.
func (l *grubLexer) variable() string {
	from := l.pos
	l.pos++
	if strings.HasPrefix(l.src[l.pos:], "{") {
		if end := strings.IndexAny(l.src[l.pos:], "}\n"); end >= 0 && l.src[l.pos+end] == '}' {
			l.pos += end + 1
		}
	}
	if l.pos == from+1 && strings.HasPrefix(l.src[l.pos:], "{") {
		l.pos++ // never closed: taken as a sign
	}
	return l.src[from:l.pos]
}

// quoteGRUB spells a value so that GRUB passes it on unchanged.
func quoteGRUB(value string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=.,:/@+%[]~^", r)
	}
	if value != "" && strings.TrimFunc(value, plain) == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

package sim

import (
	"slices"
	"strings"
)

var shells = []string{"sh", "bash", "dash", "ash", "busybox"}

// command is a simple command of a shell script.
type command struct {
	joint  string // how it follows the one before: "&&", "||", or "" for in any case
	args   []string
	stdin  string // its here-document
	file   string // where its output goes, if not appended
	nested bool   // inside of an if, a loop, a case or braces
}

// Reserved words and prefixes that may stand before a simple command, and the words
// that open or close a compound one. Compound commands are walked through once, every
// branch of them.
var (
	skippedWords = []string{
		"then", "else", "elif", "do", "!", "{", "if", "while", "until", "exec", "nohup", "time", "sudo", "command",
	}
	openingWords = []string{"if", "while", "until", "for", "case", "{"}
	closingWords = []string{"fi", "done", "esac", "}"}
)

// splitShell splits a script into its simple commands. It knows quotes, comments,
// operators, redirections, here-documents, and variables that the script assigns; a
// command substitution yields nothing. Input that no shell would accept gives some
// commands or none.
func splitShell(text string) []command {
	p := &shellSplitter{text: text, variables: map[string]string{}}
	for p.at < len(p.text) {
		p.next()
	}
	p.endCommand("")
	return p.commands
}

type shellSplitter struct {
	text      string
	at        int
	variables map[string]string
	commands  []command
	depth     int // of compound commands

	current  command
	word     strings.Builder
	inWord   bool
	redirect string // the redirection whose target the next word is
	heredocs []heredoc
}

// heredoc is a here-document whose text begins after the current line.
type heredoc struct {
	delimiter string
	command   int // index of the command that it feeds
}

// next consumes one token or a part of a word.
func (p *shellSplitter) next() {
	switch c := p.text[p.at]; c {
	case '\\':
		p.escaped()
	case '\'':
		p.at++
		p.add(p.until("'"))
	case '"':
		p.doubleQuoted()
	case '$':
		p.add(p.expansion())
	case '`':
		p.at++
		p.until("`")
	case ' ', '\t', '\r':
		p.endWord()
		p.at++
	case '#':
		p.comment()
	case '\n':
		p.at++
		p.endCommand("")
		p.readHeredocs()
	case ';', '&', '|', '(', ')':
		p.operator()
	case '<', '>':
		p.redirection()
	default:
		p.at++
		p.add(p.text[p.at-1 : p.at])
	}
}

func (p *shellSplitter) add(part string) {
	p.inWord = true
	p.word.WriteString(part)
}

// until consumes text up to and including an end mark, or all of it.
func (p *shellSplitter) until(end string) string {
	inside, _, found := strings.Cut(p.text[p.at:], end)
	p.at += len(inside)
	if found {
		p.at += len(end)
	}
	return inside
}

func (p *shellSplitter) escaped() {
	p.at++
	if p.at == len(p.text) {
		return
	}
	if p.text[p.at] != '\n' { // an escaped end of line joins two lines
		p.add(p.text[p.at : p.at+1])
	}
	p.at++
}

func (p *shellSplitter) doubleQuoted() {
	p.at++
	p.add("")
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return
		case c == '$':
			p.add(p.expansion())
		case c == '`':
			p.at++
			p.until("`")
		case c == '\\' && p.at+1 < len(p.text) && strings.IndexByte("\"\\$`\n", p.text[p.at+1]) >= 0:
			p.escaped()
		default:
			p.at++
			p.add(p.text[p.at-1 : p.at])
		}
	}
}

// expansion consumes what begins with a dollar sign and returns its value. Parameters
// that the script did not assign, special ones and substitutions are empty.
func (p *shellSplitter) expansion() string {
	p.at++
	rest := p.text[p.at:]
	switch {
	case strings.HasPrefix(rest, "("):
		p.skipParentheses()
		return ""
	case strings.HasPrefix(rest, "{"):
		p.at++
		name := p.until("}")
		name, fallback, _ := strings.Cut(name, ":-")
		if value := p.variables[name]; value != "" {
			return value
		}
		return fallback
	}
	length := 0
	for length < len(rest) && nameByte(rest[length]) {
		length++
	}
	if length == 0 && rest != "" && strings.IndexByte("?!#@*$-", rest[0]) >= 0 {
		length = 1
	}
	p.at += length
	if length == 0 {
		return "$"
	}
	return p.variables[rest[:length]]
}

func nameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func (p *shellSplitter) skipParentheses() {
	for depth := 0; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.at++
				return
			}
		}
	}
}

// comment skips to the end of the line if the mark begins a word.
func (p *shellSplitter) comment() {
	if p.inWord {
		p.at++
		p.add("#")
		return
	}
	if end := strings.IndexByte(p.text[p.at:], '\n'); end >= 0 {
		p.at += end
		return
	}
	p.at = len(p.text)
}

// operator ends a command. The commands of a pipe, a list and a subshell run one after
// the other, which is enough for a simulated installer.
func (p *shellSplitter) operator() {
	for _, joint := range []string{"&&", "||"} {
		if strings.HasPrefix(p.text[p.at:], joint) {
			p.at += len(joint)
			p.endCommand(joint)
			return
		}
	}
	if strings.HasPrefix(p.text[p.at:], "&>") {
		p.at++
		p.redirection()
		return
	}
	p.at++
	p.endCommand("")
}

func (p *shellSplitter) redirection() {
	if strings.Trim(p.word.String(), "0123456789") == "" {
		p.word.Reset() // the number of a file descriptor
		p.inWord = false
	}
	p.endWord()
	for _, form := range []string{"<<<", "<<-", "<<", "<", ">>", ">&", ">|", ">"} {
		if strings.HasPrefix(p.text[p.at:], form) {
			p.redirect = form
			p.at += len(form)
			return
		}
	}
}

func (p *shellSplitter) endWord() {
	if !p.inWord {
		return
	}
	word := p.word.String()
	p.word.Reset()
	p.inWord = false
	switch p.redirect {
	case "":
		if !p.assigned(word) {
			p.current.args = append(p.current.args, word)
		}
	case "<<", "<<-":
		p.heredocs = append(p.heredocs, heredoc{word, len(p.commands)})
	case "<<<":
		p.current.stdin = word + "\n"
	case ">":
		p.current.file = word
	}
	p.redirect = ""
}

// readHeredocs consumes the here-documents that the line just ended has announced.
func (p *shellSplitter) readHeredocs() {
	for _, announced := range p.heredocs {
		var body strings.Builder
		for p.at < len(p.text) {
			line := p.until("\n")
			if strings.TrimLeft(line, "\t") == announced.delimiter {
				break
			}
			body.WriteString(line + "\n")
		}
		if announced.command < len(p.commands) {
			p.commands[announced.command].stdin = body.String()
		}
	}
	p.heredocs = nil
}

// endCommand keeps the current command, if there is one, and says how the next follows.
func (p *shellSplitter) endCommand(joint string) {
	p.endWord()
	p.redirect = ""
	p.stripWords()
	if len(p.current.args) > 0 {
		p.current.nested = p.depth > 0
		p.commands = append(p.commands, p.current)
	}
	p.current = command{joint: joint}
}

func (p *shellSplitter) stripWords() {
	for len(p.current.args) > 0 {
		first := p.current.args[0]
		switch {
		case slices.Contains(closingWords, first):
			p.depth = max(p.depth-1, 0)
		case slices.Contains(openingWords, first):
			p.depth++
		}
		if !slices.Contains(skippedWords, first) && !slices.Contains(closingWords, first) {
			return
		}
		p.current.args = p.current.args[1:]
	}
}

// assigned takes a word as an assignment, if it is one and stands where one may.
func (p *shellSplitter) assigned(word string) bool {
	for _, before := range p.current.args {
		if before != "export" && !slices.Contains(skippedWords, before) {
			return false
		}
	}
	name, value, found := strings.Cut(word, "=")
	if !found || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r > 127 || !nameByte(byte(r)) }) {
		return false
	}
	p.variables[name] = value
	return true
}

// quoteShell makes a line out of words, such that splitting gives the words again.
func quoteShell(words []string) string {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		quoted = append(quoted, "'"+strings.ReplaceAll(word, "'", `'\''`)+"'")
	}
	return strings.Join(quoted, " ")
}

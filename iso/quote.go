package iso

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

var plainWord = regexp.MustCompile(`^[A-Za-z0-9@%_+=:,./-]+$`)

// shellWord quotes text as one word for a POSIX shell. Kickstart commands are
// split by the same rules.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// yamlValue writes a value as JSON, which every YAML parser reads as the same
// value whatever it contains.
func yamlValue(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("encode as YAML: %w", err)
	}
	return escapeUnprintable(strings.TrimSuffix(out.String(), "\n")), nil
}

// escapeUnprintable escapes the characters that JSON takes as they are, but
// YAML does not (YAML 1.2, 5.1). In JSON they only occur inside strings.
func escapeUnprintable(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r >= 0x7f && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// patience is how long a call may hold the installation up.
type patience struct {
	retries    int
	delay      int // seconds between attempts
	perAttempt int // seconds
}

var (
	// brief is for news that may get lost, in phases in which the network may
	// not be up yet.
	brief = patience{retries: 3, delay: 2, perAttempt: 10}
	// stubborn is for the outcome, which must survive a restart of the receiver.
	stubborn = patience{retries: 30, delay: 5, perAttempt: 15}
)

// call returns a curl command on one line that posts a callback. Its options
// are those of curl 7.61, the oldest among the installers.
func (p patience) call(url string, percent int, message string) (string, error) {
	body, err := callbackBody(percent, message)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("curl -f -s -S --retry %d --retry-connrefused --retry-delay %d --max-time %d"+
		" -X POST -H 'Content-Type: application/json' -d %s %s",
		p.retries, p.delay, p.perAttempt, shellWord(body), shellWord(url)), nil
}

// wget is call for installers that have GNU Wget and no curl.
func (p patience) wget(url string, percent int, message string) (string, error) {
	body, err := callbackBody(percent, message)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("wget -q -O /dev/null --tries=%d --retry-connrefused --waitretry=%d --timeout=%d"+
		" --header='Content-Type: application/json' --post-data=%s %s",
		p.retries, p.delay, p.perAttempt, shellWord(body), shellWord(url)), nil
}

func callbackBody(percent int, message string) (string, error) {
	return yamlValue(struct {
		Value   int    `json:"value"`
		Message string `json:"message"`
	}{percent, message})
}

package iso

import "errors"

// Callbacks are the URLs that an installer posts to, with a body of
// {"value":N,"message":"…"} in which value is a percentage. An empty URL is not
// called.
//
// Installers on isolated networks cannot call at all. Every recipe therefore
// powers the server off when it has succeeded: the second signal.
type Callbacks struct {
	Started  string `json:"started,omitempty"`
	Progress string `json:"progress,omitempty"`
	Done     string `json:"done,omitempty"`
	Failed   string `json:"failed,omitempty"`
	// Booted is posted by the installed system when it first starts, by families
	// whose recipe has [Recipe.CallsAtBoot].
	Booted string `json:"booted,omitempty"`
}

// Validate returns nil or every problem at once, as [Answers.Validate] does.
// The URLs hold tokens, so no message repeats one.
func (c Callbacks) Validate() error {
	var p problems
	p.add("callbacks.started", optional(c.Started, checkURL))
	p.add("callbacks.progress", optional(c.Progress, checkURL))
	p.add("callbacks.done", optional(c.Done, checkURL))
	p.add("callbacks.failed", optional(c.Failed, checkURL))
	p.add("callbacks.booted", optional(c.Booted, checkURL))
	return errors.Join(p...)
}

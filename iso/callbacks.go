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
}

// Validate returns nil or every problem at once, as [Answers.Validate] does.
// The URLs hold tokens, so no message repeats one.
func (c Callbacks) Validate() error {
	var p problems
	p.add("callbacks.started", optional(c.Started, checkCallback))
	p.add("callbacks.progress", optional(c.Progress, checkCallback))
	p.add("callbacks.done", optional(c.Done, checkCallback))
	p.add("callbacks.failed", optional(c.Failed, checkCallback))
	return errors.Join(p...)
}

package api

// The bounds of the events that one token is good for.
const (
	CallbackBurst = callbackBurst
	CallbackEvery = callbackEvery
	MaxLimited    = maxLimited
	MaxMessage    = maxMessage
)

// InstallerEvent reads what an installer posts.
var InstallerEvent = installerEvent

// CallbackLimits bounds them.
type CallbackLimits = callbackLimits

// Allow takes an event.
func (c *callbackLimits) Allow(token [32]byte) bool { return c.allow(token) }

// Len is how many tokens are remembered.
func (c *callbackLimits) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.tokens)
}

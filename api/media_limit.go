package api

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// errTooOften says that a token is used more often than an installer has reason to.
var errTooOften = errors.New("too many installer events")

const (
	// callbackEvery and callbackBurst bound the events of one token: each costs an event in
	// the history of a run.
	callbackEvery = 2 * time.Second
	callbackBurst = 20
	// maxLimited bounds the tokens whose events are counted, known or not.
	maxLimited = 4096
)

// callbackLimits bounds the events that each token is good for. The zero value is ready.
type callbackLimits struct {
	mu     sync.Mutex
	tokens map[[32]byte]*rate.Limiter
}

func (c *callbackLimits) allow(token [32]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	limiter, ok := c.tokens[token]
	if !ok {
		if len(c.tokens) >= maxLimited {
			c.forget()
		}
		if c.tokens == nil {
			c.tokens = make(map[[32]byte]*rate.Limiter)
		}
		limiter = rate.NewLimiter(rate.Every(callbackEvery), callbackBurst)
		c.tokens[token] = limiter
	}
	return limiter.Allow()
}

// forget drops the tokens that have been quiet for long enough to have their whole burst
// again, which changes nothing for them, and all when there are none: who makes up
// thousands of tokens must not use up memory.
func (c *callbackLimits) forget() {
	for token, limiter := range c.tokens {
		if limiter.Tokens() >= callbackBurst {
			delete(c.tokens, token)
		}
	}
	if len(c.tokens) >= maxLimited {
		clear(c.tokens)
	}
}

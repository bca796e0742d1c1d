package account

import (
	"sync"
	"time"
)

const (
	freeTries     = 5
	firstWait     = 2 * time.Second
	longestWait   = 15 * time.Minute
	forgetAfter   = time.Hour
	throttledKeys = 20_000
)

// Throttle slows down who guesses passwords. Keys are what a guesser would have to change: the address and the account's
// name. The first few failures are free, then each doubles the wait. Safe for concurrent use.
type Throttle struct {
	Now   func() time.Time
	mu    sync.Mutex
	tries map[string]tries
}

type tries struct {
	failed       int
	last, before time.Time // the latest failure, and the one before
}

func (t tries) until() time.Time {
	if t.failed < freeTries {
		return time.Time{}
	}
	wait := firstWait << min(t.failed-freeTries, 20)
	return t.last.Add(min(wait, longestWait))
}

// Wait returns how long the keys have to wait before the next try; 0 when they may try.
func (t *Throttle) Wait(keys ...string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var wait time.Duration
	for _, k := range keys {
		wait = max(wait, t.tries[k].until().Sub(t.Now()))
	}
	return wait
}

// Failed counts a failure.
func (t *Throttle) Failed(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.Now()
	if t.tries == nil {
		t.tries = map[string]tries{}
	}
	if len(t.tries)+len(keys) > throttledKeys {
		t.forget(now)
	}
	for _, k := range keys {
		e := t.tries[k]
		if now.Sub(e.last) > forgetAfter {
			e.failed = 0
		}
		t.tries[k] = tries{e.failed + 1, now, e.last}
	}
}

// Forgive takes a failure back: it was counted before it was known that it was none. What failed earlier stays counted.
func (t *Throttle) Forgive(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		if e := t.tries[k]; e.failed > 1 {
			t.tries[k] = tries{e.failed - 1, e.before, e.before}
		} else {
			delete(t.tries, k)
		}
	}
}

// Succeeded forgets the failures of the keys.
func (t *Throttle) Succeeded(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		delete(t.tries, k)
	}
}

// forget makes room: what is old goes, and if that is not enough, what failed least.
func (t *Throttle) forget(now time.Time) {
	for least := 0; len(t.tries) > throttledKeys/2 && least < 64; least++ {
		for k, e := range t.tries {
			if now.Sub(e.last) > forgetAfter || e.failed <= least {
				delete(t.tries, k)
			}
		}
	}
}

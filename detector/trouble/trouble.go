// Package trouble tells an operator what does not get through to a store, a hub or an output. Errors come in, often the same a
// hundred times; few lines go out on standard error.
package trouble

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// every is how often the operator is told of trouble that goes on.
const every = time.Minute

// Teller tells the operator that what is found does not get through, not more often than once in every, and when
// it does again. Safe for concurrent use.
type Teller struct {
	Stderr io.Writer
	Name   string // of the output; "" for the store or the bus

	mu   sync.Mutex
	told time.Time
	open bool
	lost time.Time // when it was last told of what was dropped
}

// Tell takes an error, or nil when something got through after one.
func (t *Teller) Tell(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch now := time.Now(); {
	case err == nil && t.open:
		fmt.Fprintf(t.Stderr, "khien: %swhat is found gets through again\n", t.prefix())
		t.open, t.told = false, time.Time{}
	case err != nil:
		t.open = true
		if now.Sub(t.told) >= every {
			t.told = now
			then := "nothing is lost, it is tried again"
			if t.Name != "" {
				then = "it is tried again"
			}
			fmt.Fprintf(t.Stderr, "khien: %s%v; %s\n", t.prefix(), err, then)
		}
	}
}

func (t *Teller) prefix() string {
	if t.Name == "" {
		return ""
	}
	return t.Name + ": "
}

// Dropped tells that an output was away or too slow for its share of the spool.
func (t *Teller) Dropped(findings, telemetry uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.lost) >= every {
		t.lost = now
		fmt.Fprintf(t.Stderr, "khien: %s%d findings and %d records of telemetry will not be sent: no room (--out-mb); the store has them\n", t.prefix(), findings, telemetry)
	}
}

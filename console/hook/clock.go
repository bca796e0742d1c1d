package hook

import (
	"sync"
	"time"
)

// clockStep is how far the wall clock may be away from the time that has passed before it is no longer believed.
const clockStep = 2 * time.Minute

// clock tells the time without believing in jumps: a wall clock that was set wrong would end all blocks at once, or none
// for a year. While it is away, time goes on by the clock that only counts, and a person decides (a restart believes the
// wall clock again, except that time never goes back behind what has been written down).
type clock struct {
	wall   func() time.Time
	passed func() time.Duration // since some moment, never set

	mu     sync.Mutex
	base   time.Time
	at     time.Duration
	jumped time.Duration // how far the wall clock is away now; 0 when it is right
}

func newClock(wall func() time.Time, passed func() time.Duration, floor time.Time) *clock {
	c := &clock{wall: wall, passed: passed}
	c.base, c.at = wall(), passed()
	if c.base.Before(floor) {
		c.jumped, c.base = c.base.Sub(floor), floor
	}
	return c
}

// now returns the time that counts.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, at := c.wall(), c.passed()
	believed := c.base.Add(at - c.at)
	if off := wall.Sub(believed); off > clockStep || off < -clockStep {
		c.jumped = off
		return believed.UTC().Round(0)
	}
	c.base, c.at, c.jumped = wall, at, 0
	return wall.UTC().Round(0)
}

// away returns how far the wall clock is from the time that counts, 0 when it is believed.
func (c *clock) away() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jumped
}

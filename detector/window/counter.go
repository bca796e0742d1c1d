package window

// Slots is how finely a Counter tells times apart: what is older than its width is forgotten a slot at a time.
const Slots = 12

// MaxDistinct is how many different values a Counter tells apart; so many mean "at least so many".
const MaxDistinct = 64

// Counter counts what happened within the latest Width of packet time, and how many different values it had. The zero
// value with a Width works. Its fields are exported so that it can be kept in a file.
type Counter struct {
	Width  int64            `json:"w"` // nanoseconds
	Slot   int64            `json:"s"` // number of the latest slot
	Counts [Slots]uint32    `json:"c"`
	Values map[uint64]int64 `json:"v,omitempty"` // hash of a value → slot in which it was last seen
}

// Add notes one occurrence with a value and returns the counts with it. A time before the window counts as its beginning.
func (c *Counter) Add(at int64, value uint64) (count, distinct int) {
	slot := at / max(c.Width/Slots, 1)
	if slot > c.Slot {
		for i := c.Slot + 1; i <= slot && i <= c.Slot+Slots; i++ {
			c.Counts[i%Slots] = 0
		}
		c.Slot = slot
		for v, s := range c.Values {
			if s <= slot-Slots {
				delete(c.Values, v)
			}
		}
	}
	slot = max(slot, c.Slot-Slots+1)
	if n := &c.Counts[slot%Slots]; *n < 1<<31 {
		*n++
	}
	if c.Values == nil {
		c.Values = make(map[uint64]int64)
	}
	if _, known := c.Values[value]; known || len(c.Values) < MaxDistinct {
		c.Values[value] = max(c.Values[value], slot)
	}
	for _, n := range c.Counts {
		count += int(n)
	}
	return count, len(c.Values)
}

// Clear forgets everything.
func (c *Counter) Clear() { *c = Counter{Width: c.Width} }

package spool

import (
	"slices"
	"time"
)

// Marks remember when records were put, roughly: a mark a second, and of a long backlog fewer.
const (
	markEvery = time.Second
	marksMax  = 1024
)

// moment says that the record of a number, and those up to the next mark, were put then or within markEvery of it.
type moment struct {
	seq  uint64
	time time.Time
}

// ages are the marks of a lane, oldest first.
type ages []moment

// put notes that a record comes in now.
func (a *ages) put(seq uint64, now time.Time) {
	if n := len(*a); n > 0 && now.Sub((*a)[n-1].time) < markEvery && now.After((*a)[n-1].time) {
		return
	}
	if len(*a) == marksMax {
		kept := (*a)[:0]
		for i := 0; i < marksMax; i += 2 {
			kept = append(kept, (*a)[i])
		}
		*a = kept
	}
	*a = append(*a, moment{seq, now})
}

// oldest returns when the first record that is not acknowledged was put, and forgets those before it.
func (a *ages) oldest(acked uint64) time.Time {
	i, found := slices.BinarySearchFunc(*a, acked, func(m moment, seq uint64) int {
		if m.seq < seq {
			return -1
		}
		if m.seq > seq {
			return 1
		}
		return 0
	})
	if !found {
		i = max(i-1, 0)
	}
	*a = slices.Delete(*a, 0, min(i, len(*a)))
	if len(*a) == 0 {
		return time.Time{}
	}
	return (*a)[0].time
}

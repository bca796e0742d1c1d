package serve

import (
	"net/netip"
	"sync"
	"time"
)

// Limits of a rate.
const (
	rateEach     = 5 // of a network within ratePeriod
	ratePeriod   = time.Hour
	rateNetworks = 10_000 // that are remembered; when so many asked within a period, those not among them wait
)

// rate lets each network ask so often within a period. Safe for concurrent use.
type rate struct {
	mu sync.Mutex
	m  map[netip.Prefix][]time.Time // when it asked within the period, oldest first
}

func newRate() *rate { return &rate{m: map[netip.Prefix][]time.Time{}} }

// take counts a request of a network; more than 0 is how long it has to wait, and then nothing was counted.
func (r *rate) take(n netip.Prefix, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.m[n]; !known && len(r.m) >= rateNetworks {
		for k, times := range r.m {
			if now.Sub(times[len(times)-1]) >= ratePeriod {
				delete(r.m, k)
			}
		}
		if len(r.m) >= rateNetworks {
			return ratePeriod
		}
	}
	times := r.m[n]
	for len(times) > 0 && now.Sub(times[0]) >= ratePeriod {
		times = times[1:]
	}
	if len(times) >= rateEach {
		r.m[n] = times
		return ratePeriod - now.Sub(times[0])
	}
	r.m[n] = append(times, now)
	return 0
}

package api

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	defaultRate = 1200 // requests a minute of one account
	limitWindow = time.Minute
	bucketsMax  = 10_000 // accounts and addresses that are remembered
)

// policy bounds how often one account or address may do something: a bucket of so many requests that fills up again in
// limitWindow.
type policy struct {
	name  string
	quota int
}

// policies are the limits. A page that opens sends about ten requests, the fastest hand at the keyboard five a second.
type policies struct {
	address policy            // of an address, before it is known who asks: some people may sit behind one
	account policy            // of an account, whatever it asks for
	dear    map[string]policy // by pattern of the route: what reads much, or leaves the console
}

// ratePolicies makes the policies for a rate: requests a minute of one account.
func ratePolicies(rate int) policies {
	share := func(name string, part int) policy { return policy{name, max(1, rate/part)} }
	packets, export, hunt, guess := share("packets", 20), share("export", 60), share("hunt", 4), share("address-login", 20)
	return policies{address: policy{"address", 5 * rate}, account: policy{"account", rate}, dear: map[string]policy{
		"POST /api/v1/login":                       guess,
		"POST /api/v1/login/key":                   guess,
		"POST /api/v1/login/passkey":               guess,
		"GET /api/v1/findings/{id}/packets":        packets,
		"GET /api/v1/findings/{id}/packets.pcapng": packets,
		"GET /api/v1/findings/{id}/file.zip":       packets,
		"GET /api/v1/cases/{id}/preview.pdf":       packets,
		"POST /api/v1/reports":                     packets,
		"GET /api/v1/findings.csv":                 export,
		"GET /api/v1/counts":                       hunt,
		"GET /api/v1/bundles":                      hunt,
		"GET /api/v1/entity":                       hunt,
		"GET /api/v1/findings":                     hunt,
		"POST /api/v1/triage/query/preview":        hunt,
		"POST /api/v1/triage/query":                hunt,
		"POST /api/v1/tunes/preview":               hunt,
	}}
}

// bucket holds what is left of a quota.
type bucket struct {
	left float64
	at   time.Time
}

// limiter counts requests in buckets. Safe for concurrent use.
type limiter struct {
	policies
	now func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket // by policy and whose it is
}

func newLimiter(rate int, now func() time.Time) *limiter {
	if rate <= 0 {
		rate = defaultRate
	}
	return &limiter{policies: ratePolicies(rate), now: now, buckets: map[string]*bucket{}}
}

// take counts a request. The fields of draft-ietf-httpapi-ratelimit-headers tell of each policy that applied; behind the
// limit it returns a problem.
func (l *limiter) take(w http.ResponseWriter, p policy, whose string) error {
	left, full, wait := l.count(p, whose)
	h := w.Header()
	h.Add("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", p.name, p.quota, int(limitWindow.Seconds())))
	h.Add("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", p.name, left, seconds(full)))
	if wait > 0 {
		return &problem{Status: http.StatusTooManyRequests, Code: "rate", Title: "Too many requests", Detail: p.name, RetryAfter: seconds(wait)}
	}
	return nil
}

// count takes one request out of a bucket: what is left, when the bucket is full again, and how long to wait when it was empty.
func (l *limiter) count(p policy, whose string) (left int, full, wait time.Duration) {
	perRequest := limitWindow / time.Duration(p.quota)
	l.mu.Lock()
	defer l.mu.Unlock()
	now, key := l.now(), p.name+" "+whose
	b := l.buckets[key]
	if b == nil {
		l.forget(now)
		b = &bucket{left: float64(p.quota), at: now}
		l.buckets[key] = b
	}
	b.left = min(float64(p.quota), b.left+max(0, now.Sub(b.at).Seconds())*float64(p.quota)/limitWindow.Seconds())
	b.at = now
	if b.left < 1 {
		wait = max(time.Duration((1-b.left)*float64(perRequest)), 1)
	} else {
		b.left--
	}
	return int(b.left), time.Duration((float64(p.quota) - b.left) * float64(perRequest)), wait
}

// forget makes room for one more: buckets that are full again go, and when all are in use, the one that waited longest.
func (l *limiter) forget(now time.Time) {
	if len(l.buckets) < bucketsMax {
		return
	}
	oldest, at := "", now
	for key, b := range l.buckets {
		if now.Sub(b.at) >= limitWindow {
			delete(l.buckets, key)
		} else if !b.at.After(at) {
			oldest, at = key, b.at
		}
	}
	if len(l.buckets) >= bucketsMax {
		delete(l.buckets, oldest)
	}
}

// network is whose bucket an address shares: an IPv6 host has a /64 of its own.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	return netip.PrefixFrom(a.WithZone(""), 64).Masked().String()
}

// seconds rounds up, so that who waits for them does not come too early.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

package serve

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/console/hook"
	"khien/console/hook/render"
)

// stream is what a bouncer has been given in its last two fetches. It is told what changed since the fetch before the last:
// an answer that was lost on the way is made good by the next one, and what comes twice changes nothing.
type stream struct {
	begun        bool
	before, last hook.View
	told         map[string]told
}

// told is when a bouncer was last told of an entry, and for how long.
type told struct {
	at   time.Time
	left time.Duration
}

// streamAnswer is what CrowdSec's local API answers.
type streamAnswer struct {
	New     []render.CrowdSecDecision `json:"new"`
	Deleted []render.CrowdSecDecision `json:"deleted"`
}

// gone is the duration of what has ended: bouncers know by the sign that nothing is left.
const gone = -time.Second

func (l *Lists) decisionStream(w http.ResponseWriter, r *http.Request, c *client) {
	q := r.URL.Query()
	keep := filter(q.Get("scopes"), q.Get("origins"))
	v := l.book.View(c.Select)
	c.mu.Lock()
	s := &c.stream
	out := streamAnswer{New: []render.CrowdSecDecision{}, Deleted: []render.CrowdSecDecision{}}
	add := func(e *hook.Entry) {
		d := render.CrowdSec(e, v.Left(e))
		if keep(d) {
			out.New = append(out.New, d)
		}
		s.told[e.ID] = told{v.Time, v.Left(e)}
	}
	remove := func(e *hook.Entry) {
		if d := render.CrowdSec(e, gone); keep(d) && !slices.ContainsFunc(out.Deleted, func(x render.CrowdSecDecision) bool { return x.UUID == d.UUID }) {
			out.Deleted = append(out.Deleted, d)
		}
		delete(s.told, e.ID)
	}
	if startup := q.Get("startup") == "true"; startup || !s.begun {
		*s = stream{begun: true, told: map[string]told{}}
		for e := range v.All() {
			add(e)
		}
		if !startup { // we have been restarted: the bouncer may hold what has been revoked since
			for _, e := range l.book.Gone(c.Select) {
				remove(e)
			}
		}
		s.before = v
	} else {
		added, removed := hook.Difference(s.before, v)
		addedLast, removedLast := hook.Difference(s.last, v)
		for _, e := range slices.Concat(removed, removedLast) {
			remove(e)
		}
		fresh := map[string]bool{}
		for _, e := range slices.Concat(added, addedLast) {
			if !fresh[e.ID] {
				add(e)
			}
			fresh[e.ID] = true
		}
		for e := range v.All() { // told again before half of what it was told has passed
			if t := s.told[e.ID]; !fresh[e.ID] && t.left > time.Minute && v.Time.Sub(t.at) > t.left*2/5 {
				add(e)
			}
		}
		s.before = s.last
	}
	s.last = v
	c.mu.Unlock()
	l.gave(c, v)
	answer(w, http.StatusOK, out)
}

// filter keeps the decisions of some scopes and origins, all when a list is empty.
func filter(scopes, origins string) func(render.CrowdSecDecision) bool {
	has := func(list, s string) bool {
		return list == "" || slices.ContainsFunc(strings.Split(list, ","), func(x string) bool { return strings.EqualFold(x, s) })
	}
	return func(d render.CrowdSecDecision) bool { return has(scopes, d.Scope) && has(origins, d.Origin) }
}

// decisions answers bouncers that ask about one address at a time. "null" is what CrowdSec answers when there is none.
func (l *Lists) decisions(w http.ResponseWriter, r *http.Request, c *client) {
	q := r.URL.Query()
	keep := filter(q.Get("scope")+q.Get("scopes"), q.Get("origins"))
	value, kind := q.Get("value"), q.Get("type")
	var within netip.Prefix
	for _, name := range []string{"ip", "range"} {
		s := q.Get(name)
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if a, aErr := netip.ParseAddr(s); aErr == nil {
			p, err = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
		}
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"message": "invalid " + name})
			return
		}
		within = p.Masked()
	}
	v := l.book.View(c.Select)
	var out []render.CrowdSecDecision
	for e := range v.All() {
		d := render.CrowdSec(e, v.Left(e))
		if !keep(d) || value != "" && value != d.Value || kind != "" && kind != d.Type || within.IsValid() && !holds(e, within) {
			continue
		}
		out = append(out, d)
	}
	l.gave(c, v)
	answer(w, http.StatusOK, out)
}

// holds says that an entry's addresses hold those of a prefix.
func holds(e *hook.Entry, p netip.Prefix) bool {
	switch e.Kind {
	case hook.IP:
		a, err := netip.ParseAddr(e.Value)
		return err == nil && p.IsSingleIP() && a == p.Addr()
	case hook.CIDR:
		q, err := netip.ParsePrefix(e.Value)
		return err == nil && q.Bits() <= p.Bits() && q.Contains(p.Addr())
	}
	return false
}

const usageMax = 1 << 20

// usage takes what bouncers tell of themselves: how many decisions they enforce is compared with what they were given.
func (l *Lists) usage(w http.ResponseWriter, r *http.Request, c *client) {
	var in struct {
		Components []struct {
			Metrics []struct {
				Items []struct {
					Name  string  `json:"name"`
					Value float64 `json:"value"`
				} `json:"items"`
			} `json:"metrics"`
		} `json:"remediation_components"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, usageMax)).Decode(&in); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"message": "invalid metrics"})
		return
	}
	enforced, known := 0, false
	for _, x := range in.Components {
		for _, m := range x.Metrics {
			for _, i := range m.Items {
				if i.Name == "active_decisions" && i.Value >= 0 && i.Value < 1e9 {
					enforced, known = enforced+int(i.Value), true
				}
			}
		}
	}
	now := l.book.Now()
	l.consumers.Update(c.Name, func(s *hook.ConsumerStatus) {
		s.Seen = now
		if known {
			s.ReadBack, s.Enforced, s.Missing, s.Extra = now, enforced, max(s.Given-enforced, 0), max(enforced-s.Given, 0)
		}
	})
	answer(w, http.StatusCreated, nil)
}

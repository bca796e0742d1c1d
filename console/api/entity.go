package api

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

const (
	entityPages = 5 // of 1,000 findings that are read for one page, the newest
	entityTop   = 12
	entityRows  = 20
)

// entity is what the findings tell of one address or name.
type entity struct {
	Kind       string      `json:"kind"` // ip, host
	Value      string      `json:"value"`
	First      *time.Time  `json:"first"` // nil when nothing is known
	Last       *time.Time  `json:"last"`
	Findings   int         `json:"findings"`
	Partial    bool        `json:"partial"` // there are more: first and the counts speak of the newest only
	Severities [4]int      `json:"severities"`
	Rules      []nameCount `json:"rules"`
	Peers      []nameCount `json:"peers"` // addresses at the other end
	Hosts      []nameCount `json:"hosts"` // names
	Brands     []nameCount `json:"brands"`
	Files      []nameCount `json:"files"` // SHA-256
	JA4        []nameCount `json:"ja4"`
	Groups     []groupView `json:"groups"` // worst first
}

// getEntity answers "who is this?" for an address or a name.
func (a *API) getEntity(w http.ResponseWriter, r *http.Request, who account.Account) error {
	v := r.URL.Query()
	e := &entity{Kind: v.Get("kind"), Value: v.Get("value"), Groups: []groupView{}}
	var q store.Query
	switch e.Kind {
	case "ip":
		addr, err := netip.ParseAddr(e.Value)
		if err != nil {
			return badRequest("value", "value is not an address")
		}
		e.Value = addr.String()
		q.IP = []string{e.Value}
	case "host":
		e.Value = strings.ToLower(strings.TrimSuffix(e.Value, "."))
		if e.Value == "" || len(e.Value) > 255 {
			return badRequest("value", "value is not a name")
		}
		q.Host = []string{e.Value}
	default:
		return badRequest("kind", "kind is ip or host")
	}
	if err := a.log(r, who.Name, "entity.view", e.Kind+" "+e.Value, ""); err != nil {
		return err
	}
	groups, err := a.cfg.Store.Groups(r.Context(), store.Query{IP: q.IP, Host: q.Host, Limit: entityRows})
	if err != nil {
		return storeProblem(err)
	}
	for i := range groups.Groups {
		e.Groups = append(e.Groups, viewGroup(&groups.Groups[i]))
	}
	t := newTally()
	q.Descending, q.Limit = true, 1000
	for n := 0; ; n++ {
		p, err := a.cfg.Store.Find(r.Context(), q)
		if err != nil {
			return storeProblem(err)
		}
		for i := range p.Findings {
			e.add(&p.Findings[i], t)
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
		if n+1 == entityPages {
			e.Partial = true
			break
		}
	}
	e.Rules, e.Peers, e.Hosts, e.Brands, e.Files, e.JA4 = t.top("rule"), t.top("peer"), t.top("host"), t.top("brand"), t.top("file"), t.top("ja4")
	return answer(w, e)
}

func (e *entity) add(f *detector.Finding, t tally) {
	e.Findings++
	e.Severities[min(max(f.Severity, detector.Low), detector.Critical)-1]++
	first, last := f.First, f.Last
	if first.IsZero() {
		first = f.Time
	}
	if last.IsZero() {
		last = f.Time
	}
	if e.First == nil || first.Before(*e.First) {
		e.First = &first
	}
	if e.Last == nil || last.After(*e.Last) {
		e.Last = &last
	}
	t.count("rule", cmp.Or(f.Rule.Name, f.Rule.ID))
	for _, ip := range []netip.Addr{f.SrcIP, f.DstIP} {
		if ip.IsValid() && ip.String() != e.Value {
			t.count("peer", ip.String())
		}
	}
	for _, h := range slices.Compact(slices.Sorted(slices.Values(append([]string{f.Domain}, f.RelatedHosts...)))) {
		if h != e.Value {
			t.count("host", h)
		}
	}
	if f.Fraud != nil {
		t.count("brand", f.Fraud.Brand)
	}
	t.count("file", f.SHA256)
	t.count("ja4", f.JA4)
}

// tally counts values by kind.
type tally map[string]map[string]int

func newTally() tally { return tally{} }

// count counts a value, unless it is empty or one of too many.
func (t tally) count(kind, value string) {
	m := t[kind]
	if m == nil {
		m = map[string]int{}
		t[kind] = m
	}
	if _, known := m[value]; value != "" && (known || len(m) < 10_000) {
		m[value]++
	}
}

func (t tally) top(kind string) []nameCount {
	list := ranked(t[kind])
	return list[:min(len(list), entityTop)]
}

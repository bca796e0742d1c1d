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

// entity is what the findings tell of one address, name, file or client.
type entity struct {
	Kind       string      `json:"kind"` // ip, host, sha256, ja4, cert
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
	Names      []nameCount `json:"names"` // of files
	JA4        []nameCount `json:"ja4"`
	Certs      []nameCount `json:"certs"` // fingerprints; of a name also those that the telemetry has
	Sensors    []nameCount `json:"sensors"`
	Machines   []machine   `json:"machines"` // that had the address, the newest first
	Groups     []groupView `json:"groups"`   // worst first
	// Certificate is there for a certificate alone.
	Certificate *certificateView `json:"certificate,omitempty"`
}

// entityQuery puts the value into its one form and returns what asks for it.
func (e *entity) entityQuery() (store.Query, error) {
	wrong := badRequest("value", "value is not one of this kind")
	switch e.Kind {
	case "ip":
		addr, err := netip.ParseAddr(e.Value)
		if err != nil {
			return store.Query{}, wrong
		}
		e.Value = addr.String()
		return store.Query{IP: []string{e.Value}}, nil
	case "host":
		e.Value = strings.ToLower(strings.TrimSuffix(e.Value, "."))
		if e.Value == "" || len(e.Value) > 255 {
			return store.Query{}, wrong
		}
		return store.Query{Host: []string{e.Value}}, nil
	case "sha256":
		e.Value = strings.ToLower(e.Value)
		if len(e.Value) != 64 || strings.Trim(e.Value, "0123456789abcdef") != "" {
			return store.Query{}, wrong
		}
		return store.Query{SHA256: []string{e.Value}}, nil
	case "ja4":
		if e.Value == "" || len(e.Value) > 255 {
			return store.Query{}, wrong
		}
		return store.Query{JA4: []string{e.Value}}, nil
	case "cert":
		if e.Value = detector.Fingerprint(e.Value); e.Value == "" {
			return store.Query{}, wrong
		}
		e.Certificate = &certificateView{Hosts: []nameCount{}, Servers: []nameCount{}}
		return store.Query{Cert: []string{e.Value}}, nil
	}
	return store.Query{}, badRequest("kind", "kind is ip, host, sha256, ja4 or cert")
}

// getEntity answers "who or what is this?".
func (a *API) getEntity(w http.ResponseWriter, r *http.Request, who account.Account) error {
	v := r.URL.Query()
	e := &entity{Kind: v.Get("kind"), Value: v.Get("value"), Groups: []groupView{}, Machines: []machine{}}
	q, err := e.entityQuery()
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "entity.view", e.Kind+" "+e.Value, ""); err != nil {
		return err
	}
	q.Limit = entityRows
	groups, err := a.cfg.Store.Groups(r.Context(), q)
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
	switch e.Kind {
	case "cert":
		err = a.certificate(r.Context(), e)
	case "host":
		err = a.certificatesOf(r.Context(), e, t)
	case "ip":
		e.Machines, err = a.machines(r, who, netip.MustParseAddr(e.Value).Unmap(), time.Time{}) // entityQuery has read it
	}
	if err != nil {
		return err
	}
	e.Rules, e.Peers, e.Hosts, e.Brands = t.top("rule"), t.top("peer"), t.top("host"), t.top("brand")
	e.Files, e.Names, e.JA4, e.Certs, e.Sensors = t.top("file"), t.top("name"), t.top("ja4"), t.top("cert"), t.top("sensor")
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
	e.seen(first, last)
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
	if f.SHA256 != e.Value {
		t.count("file", f.SHA256)
	}
	t.count("name", f.FileName)
	if f.JA4 != e.Value {
		t.count("ja4", f.JA4)
	}
	switch e.Kind {
	case "cert":
		if e.Certificate.silent() {
			e.Certificate.says(f.Certificate)
		}
	case "host": // the telemetry has them
	default:
		t.count("cert", f.Certificate.Fingerprint)
	}
	t.count("sensor", f.Sensor)
}

// seen widens the time of the entity.
func (e *entity) seen(first, last time.Time) {
	if e.First == nil || first.Before(*e.First) {
		e.First = &first
	}
	if e.Last == nil || last.After(*e.Last) {
		e.Last = &last
	}
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

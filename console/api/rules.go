package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"khien/console/account"
	"khien/console/rulebook"
	"khien/console/tune"
	"khien/detector/signature"
)

const (
	rulePage    = 100 // rules of an answer
	rulePageMax = 500
)

// ruleRoutes are the rows of the rules' pages: everybody looks, analysts try, leads change what is in force.
func (a *API) ruleRoutes() []route {
	return []route{
		{"GET /api/v1/rules", account.Viewer, a.listRules},
		{"GET /api/v1/rules/sets", account.Viewer, a.ruleSets},
		{"GET /api/v1/rules/{id}", account.Viewer, a.getRule},
		{"POST /api/v1/rules/{id}/off", account.Lead, a.switchRule(true)},
		{"POST /api/v1/rules/{id}/on", account.Lead, a.switchRule(false)},
		{"POST /api/v1/rules/measure", account.Lead, a.measureRules},
		{"POST /api/v1/rules/check", account.Analyst, a.checkRules},
		{"POST /api/v1/rules/try", account.Analyst, a.tryRules},
		{"POST /api/v1/rules/try/capture", account.Analyst, a.tryCapture},
		{"GET /api/v1/rules/own", account.Viewer, a.ownRules},
		{"PUT /api/v1/rules/own", account.Lead, a.saveOwn},
		{"GET /api/v1/rules/own/{version}", account.Viewer, a.ownVersion},
	}
}

// rulesProblem turns what the rulebook says into a problem.
func rulesProblem(err error) error {
	p := &problem{Detail: err.Error()}
	switch {
	case errors.Is(err, rulebook.ErrNoSensor):
		p.Status, p.Code, p.Title = http.StatusNotFound, "rules_off", "No sensor runs in this process"
	case errors.Is(err, rulebook.ErrNone):
		p.Status, p.Code, p.Title = http.StatusNotFound, "not_found", "There is no such rule or version"
	case errors.Is(err, rulebook.ErrChanged):
		p.Status, p.Code, p.Title = http.StatusConflict, "conflict", "Somebody else was faster"
	case errors.Is(err, rulebook.ErrBusy):
		p.Status, p.Code, p.Title, p.RetryAfter = http.StatusTooManyRequests, "rules_busy", "Another trial or measure runs", 10
	case errors.Is(err, rulebook.ErrCapture):
		p.Status, p.Code, p.Title = http.StatusBadRequest, "bad_capture", "This is no capture that can be read"
	case errors.Is(err, rulebook.ErrNoPacket):
		p.Status, p.Code, p.Title = http.StatusNotFound, "packets_time", "No packets were kept in that time"
	case errors.Is(err, rulebook.ErrInvalid):
		_, detail, _ := strings.Cut(err.Error(), "not valid: ")
		return badRequest("rules", detail)
	default:
		return storeProblem(err)
	}
	return p
}

// ruleView is a rule in the list.
type ruleView struct {
	ID       string     `json:"id"` // gid:sid
	GID      uint32     `json:"gid"`
	SID      uint32     `json:"sid"`
	Rev      uint32     `json:"rev"`
	Msg      string     `json:"msg"`
	Action   string     `json:"action"`
	Category string     `json:"category"`
	Priority int        `json:"priority"`
	File     string     `json:"file"`
	Line     int        `json:"line"`
	State    string     `json:"state"` // on, off, tuned
	Hits24h  int        `json:"hits_24h"`
	Hits7d   int        `json:"hits_7d"`
	Last     *time.Time `json:"last"`           // match of the last 7 days
	Cost     *float64   `json:"cost,omitempty"` // share of what looking at all rules cost, 0 to 1; nil when it was not looked at or not measured
	True     int        `json:"true_positives"` // groups that people closed
	False    int        `json:"false_positives"`
}

// States of a rule.
const (
	ruleOn    = "on"
	ruleOff   = "off"
	ruleTuned = "tuned"
)

// listRules lists rules: q words, state, set (a file's name), sort and cursor.
func (a *API) listRules(w http.ResponseWriter, r *http.Request, who account.Account) error {
	v := r.URL.Query()
	limit, offset := rulePage, 0
	for name, n := range map[string]*int{"limit": &limit, "cursor": &offset} {
		if s := v.Get(name); s != "" {
			i, err := strconv.Atoi(s)
			if err != nil || i < 0 || name == "limit" && (i < 1 || i > rulePageMax) {
				return badRequest(name, fmt.Sprintf("%s %q: limit is a number from 1 to %d, cursor is next of the page before", name, s, rulePageMax))
			}
			*n = i
		}
	}
	state, set, sort := v.Get("state"), v.Get("set"), cmp.Or(v.Get("sort"), "hits")
	if state != "" && !slices.Contains([]string{ruleOn, ruleOff, ruleTuned}, state) {
		return badRequest("state", "state is on, off or tuned")
	}
	order, ok := ruleOrders[sort]
	if !ok {
		return badRequest("sort", "sort is hits, cost, precision, last or file")
	}
	rules, err := a.cfg.Rules.Rules()
	if err != nil {
		return rulesProblem(err)
	}
	hits, tunes, err := a.known(r, who)
	if err != nil {
		return storeProblem(err)
	}
	find, cost := rulebook.NewFinder(v.Get("q")), a.cfg.Rules.Cost()
	list := []ruleView{}
	for i := range rules {
		x := &rules[i]
		if set != "" && x.File != set || state == ruleOff && !x.Off || state == ruleOn && x.Off || state == ruleTuned && len(tunes[sidOf(x)]) == 0 || !find.Match(x) {
			continue
		}
		list = append(list, a.viewRule(x, hits, len(tunes[sidOf(x)]) > 0, &cost))
	}
	if order != nil {
		slices.SortStableFunc(list, func(a, b ruleView) int { return order(&a, &b) })
	}
	out := struct {
		Rules   []ruleView `json:"rules"`
		Total   int        `json:"total"`
		Next    string     `json:"next"`
		Partial bool       `json:"partial"` // there are more groups than are counted: hits are lower bounds
	}{Total: len(list), Partial: hits.partial}
	out.Rules = list[min(offset, len(list)):min(offset+limit, len(list))]
	if offset+limit < len(list) {
		out.Next = strconv.Itoa(offset + limit)
	}
	return answer(w, out)
}

// sidOf is how findings and tunes name a rule.
func sidOf(x *rulebook.Rule) string { return strconv.FormatUint(uint64(x.SID), 10) }

// ruleOrders are what the list can be sorted by; nil is the order of the files.
var ruleOrders = map[string]func(a, b *ruleView) int{
	"file": nil,
	"hits": func(a, b *ruleView) int {
		return cmp.Or(cmp.Compare(b.Hits24h, a.Hits24h), cmp.Compare(b.Hits7d, a.Hits7d))
	},
	"cost": func(a, b *ruleView) int { return cmp.Compare(valueOf(b.Cost), valueOf(a.Cost)) },
	"last": func(a, b *ruleView) int { return valueOf(b.Last).Compare(valueOf(a.Last)) },
	// The most false first: what to tune.
	"precision": func(a, b *ruleView) int {
		return cmp.Or(cmp.Compare(a.precision(), b.precision()), cmp.Compare(b.False, a.False))
	},
}

func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// precision is the share of true ones; those that nobody judged come last.
func (v *ruleView) precision() float64 {
	if v.True+v.False == 0 {
		return 2
	}
	return float64(v.True) / float64(v.True+v.False)
}

func (a *API) viewRule(x *rulebook.Rule, hits *ruleHits, tuned bool, cost *rulebook.Measure) ruleView {
	v := ruleView{ID: fmt.Sprintf("%d:%d", x.GID, x.SID), GID: x.GID, SID: x.SID, Rev: x.Rev, Msg: x.Msg, Action: x.Action, Category: x.Category, Priority: x.Priority,
		File: x.File, Line: x.Line, State: ruleOn}
	switch {
	case x.Off:
		v.State = ruleOff
	case tuned:
		v.State = ruleTuned
	}
	if h := hits.byRule[sidOf(x)]; h != nil {
		v.Hits24h, v.Hits7d, v.True, v.False = h.day, h.week, h.verdicts["true_positive"], h.verdicts["false_positive"]
		if !h.last.IsZero() {
			v.Last = &h.last
		}
	}
	if c, ok := cost.Cost(x.ID()); ok && cost.Rules > 0 {
		share := float64(c.Time) / float64(cost.Rules)
		v.Cost = &share
	}
	return v
}

// known is what the store tells of all rules: their hits, and what is tuned of them.
func (a *API) known(r *http.Request, who account.Account) (*ruleHits, map[string][]tune.Tune, error) {
	hits, err := a.countRuleHits(r.Context(), who)
	if err != nil {
		return nil, nil, err
	}
	tunes, err := a.tunesByRule(r)
	return hits, tunes, err
}

// tunesByRule are the tunes that have not ended, by the rule that they speak of.
func (a *API) tunesByRule(r *http.Request) (map[string][]tune.Tune, error) {
	list, err := a.tunes.List(r.Context())
	if err != nil {
		return nil, err
	}
	out := map[string][]tune.Tune{}
	for _, t := range list {
		if t.Expires.After(a.cfg.Now()) {
			out[t.Rule] = append(out[t.Rule], t)
		}
	}
	return out, nil
}

// ruleSets tells which files are loaded, what is wrong with them, and how costs were measured.
func (a *API) ruleSets(w http.ResponseWriter, r *http.Request, who account.Account) error {
	loaded, last, err := a.cfg.Rules.State()
	if err != nil {
		return rulesProblem(err)
	}
	st := loaded.Set.Stats()
	return answer(w, map[string]any{"files": list0(loaded.Files), "faults": list0(loaded.Faults), "since": loaded.Since, "version": loaded.Version, "last": last, "rules": loaded.Set.Len(),
		"off": len(loaded.Set.Off()), "skipped": st.Skipped, "without_pattern": st.WithoutPattern, "overruns": overruns(loaded.Set), "cost": a.cfg.Rules.Cost(),
		"packets": a.cfg.Rules.Kept()})
}

// overruns are the rules that were given up on, because looking at them took too long.
func overruns(set *signature.Set) []map[string]any {
	out := []map[string]any{}
	for _, o := range set.Overruns() {
		out = append(out, map[string]any{"id": fmt.Sprintf("%d:%d", o.GID, o.SID), "msg": o.Msg, "count": o.Count})
	}
	return out
}

// list0 is a list for JSON, empty instead of null.
func list0[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// ruleID reads gid:sid, or a sid of group 1.
func ruleID(s string) (signature.ID, error) {
	gid, sid, ok := strings.Cut(s, ":")
	if !ok {
		gid, sid = "1", s
	}
	g, err1 := strconv.ParseUint(gid, 10, 32)
	n, err2 := strconv.ParseUint(sid, 10, 32)
	if err1 != nil || err2 != nil {
		return signature.ID{}, badRequest("id", "id is gid:sid, two numbers")
	}
	return signature.ID{GID: uint32(g), SID: uint32(n)}, nil
}

// getRule tells everything about one rule.
func (a *API) getRule(w http.ResponseWriter, r *http.Request, who account.Account) error {
	id, err := ruleID(r.PathValue("id"))
	if err != nil {
		return err
	}
	x, err := a.cfg.Rules.Rule(id)
	if err != nil {
		return rulesProblem(err)
	}
	hits, tunes, err := a.known(r, who)
	if err != nil {
		return storeProblem(err)
	}
	off, err := a.cfg.Rules.Off()
	if err != nil {
		return rulesProblem(err)
	}
	cost := a.cfg.Rules.Cost()
	out := struct {
		ruleView
		Text       string              `json:"text"`
		References []string            `json:"references"`
		Metadata   map[string][]string `json:"metadata"`
		Explained  *explained          `json:"explained"` // nil for a rule that is off
		Off        *rulebook.Switch    `json:"off"`
		Tunes      []tune.Tune         `json:"tunes"`
		Verdicts   map[string]int      `json:"verdicts"` // groups by what people decided
		LastAny    *time.Time          `json:"last_any"` // match, however long ago
		LatestID   string              `json:"latest_id"`
		Looks      uint64              `json:"looks"` // in the latest measure
		Micros     float64             `json:"microseconds"`
		Partial    bool                `json:"partial"`
	}{ruleView: a.viewRule(x, hits, len(tunes[sidOf(x)]) > 0, &cost), Text: x.Text, References: list0(x.References), Metadata: x.Metadata(),
		Tunes: list0(tunes[sidOf(x)]), Verdicts: map[string]int{}, Partial: hits.partial}
	if h := hits.byRule[sidOf(x)]; h != nil {
		out.Verdicts = h.verdicts
	}
	if !x.Off {
		loaded, _, err := a.cfg.Rules.State()
		if err != nil {
			return rulesProblem(err)
		}
		if e, ok := loaded.Set.Explain(x.SID); ok {
			out.Explained = &explained{e.When, list0(e.LooksAt), list0(e.Slow), x.FastPattern, x.FastBuffer}
		}
	}
	for i := range off {
		if off[i].GID == x.GID && off[i].SID == x.SID {
			out.Off = &off[i]
		}
	}
	if c, ok := cost.Cost(id); ok {
		out.Looks, out.Micros = c.Checks, float64(c.Time)/float64(time.Microsecond)
	}
	if out.LastAny, out.LatestID, err = a.lastMatch(r.Context(), sidOf(x)); err != nil {
		return storeProblem(err)
	}
	return answer(w, out)
}

// explained is how a rule is inspected, as khien rules explain says it.
type explained struct {
	When        string   `json:"when"`
	LooksAt     []string `json:"looks_at"`
	Slow        []string `json:"slow"`
	FastPattern string   `json:"fast_pattern"`
	FastBuffer  string   `json:"fast_buffer"`
}

// switchRule turns a rule off or on, for all that this process captures.
func (a *API) switchRule(off bool) func(http.ResponseWriter, *http.Request, account.Account) error {
	action := map[bool]string{true: "rule.off", false: "rule.on"}[off]
	return func(w http.ResponseWriter, r *http.Request, who account.Account) error {
		var in struct {
			Reason string `json:"reason"`
		}
		if err := read(w, r, &in); err != nil {
			return err
		}
		id, err := ruleID(r.PathValue("id"))
		if err != nil {
			return err
		}
		if err := a.log(r, who.Name, action, fmt.Sprintf("%d:%d", id.GID, id.SID), in.Reason); err != nil {
			return err
		}
		out, err := a.cfg.Rules.Switch(id, off, who.Name, in.Reason)
		if err != nil {
			return rulesProblem(err)
		}
		return answer(w, shown(out))
	}
}

// shown is an outcome without the folders of the machine.
func shown(o rulebook.Outcome) rulebook.Outcome {
	o.Faults = slices.Clone(list0(o.Faults))
	for i := range o.Faults {
		o.Faults[i].File = filepath.Base(o.Faults[i].File)
	}
	return o
}

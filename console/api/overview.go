package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

const (
	overviewAge   = 10 * time.Second
	overviewPages = 5 // of 1,000 groups
	storiesMax    = 8
)

// localTime is the time of Vietnam, which has no summer time: what "today" means on the pages.
var localTime = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// overview is the first page's numbers. They count findings of today, from midnight in Vietnam.
type overview struct {
	From       time.Time      `json:"from"`
	To         time.Time      `json:"to"`
	Severities [4]severitySum `json:"severities"` // low to critical
	Waiting    int            `json:"waiting"`    // groups that nobody has decided about, of all days, high or critical
	Hours      hours          `json:"hours"`
	Backlog    backlog        `json:"backlog"`
	Victims    victims        `json:"victims"`
	Brands     []nameCount    `json:"brands"`
	Stages     []nameCount    `json:"stages"`
	Stories    []groupView    `json:"stories"` // the worst groups of today
	Units      *unitLoads     `json:"units"`   // nil where there are no units
	Responses  responses      `json:"responses"`
	Partial    bool           `json:"partial"` // more groups than are counted: the numbers are lower bounds
	Empty      bool           `json:"empty"`
	Sensors    any            `json:"sensors,omitempty"`
}

// hours are how many findings lie in each hour of the day.
type hours struct {
	Today     []int `json:"today"`
	Yesterday []int `json:"yesterday"`
}

type severitySum struct {
	Severity  int   `json:"severity"`
	Count     int   `json:"count"`
	Yesterday int   `json:"yesterday"` // at the same time of day
	Spark     []int `json:"spark"`
}

type nameCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// forgetOverview is called when somebody has decided about groups. What is being counted may not know of it: it is answered
// and not kept.
func (a *API) forgetOverview() {
	a.mu.Lock()
	a.overview, a.waiting = nil, nil
	a.decisions++
	a.mu.Unlock()
}

func (a *API) getOverview(w http.ResponseWriter, r *http.Request, who account.Account) error {
	a.mu.Lock()
	cached, decisions := a.overview[scopeKey(who)], a.decisions
	a.mu.Unlock()
	now := a.cfg.Now()
	if !cached.fresh(now, overviewAge) {
		v, err := a.count(r.Context(), now)
		if err != nil {
			return storeProblem(err)
		}
		cached = aged[*overview]{now, v}
		a.mu.Lock()
		if a.decisions == decisions { // the head of a page and the overview below it tell the same number
			a.overview = remember(a.overview, scopeKey(who), cached)
			a.waiting = remember(a.waiting, scopeKey(who), aged[int]{now, v.Waiting})
		}
		a.mu.Unlock()
	}
	out := *cached.value
	var err error
	if out.Responses, err = a.responses(r.Context(), who, now); err != nil {
		return storeProblem(err)
	}
	if a.cfg.Stats != nil && len(who.Units) == 0 {
		out.Sensors = a.cfg.Stats()
	}
	return answer(w, out)
}

// responses are the latest response times.
func (a *API) responses(ctx context.Context, who account.Account, now time.Time) (responses, error) {
	a.mu.Lock()
	cached := a.response[scopeKey(who)]
	a.mu.Unlock()
	if cached.fresh(now, responseAge) {
		return cached.value, nil
	}
	v, err := a.responseTimes(ctx, now)
	if err != nil {
		return v, err
	}
	a.mu.Lock()
	a.response = remember(a.response, scopeKey(who), aged[responses]{now, v})
	a.mu.Unlock()
	return v, nil
}

func (a *API) count(ctx context.Context, now time.Time) (*overview, error) {
	local := now.In(localTime)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, localTime)
	// The range is the whole day so far; its end is open for packets that are a moment ahead of this clock.
	v := &overview{From: midnight.UTC(), To: now.UTC(), Brands: []nameCount{}, Stages: []nameCount{}, Stories: []groupView{}}
	brands, stages := map[string]int{}, map[string]int{}
	for i := range v.Severities {
		v.Severities[i] = severitySum{Severity: i + 1, Spark: make([]int, 12)}
	}
	partial, err := a.eachGroup(ctx, store.Query{From: midnight}, func(g *store.Group) {
		s := &v.Severities[min(max(g.Severity, detector.Low), detector.Critical)-1]
		s.Count += g.Count
		for i, n := range g.Spark {
			if i < len(s.Spark) {
				s.Spark[i] += n
			}
		}
		if g.Brand != "" {
			brands[g.Brand] += g.Count
		}
		if g.Stage != "" {
			stages[g.Stage] += g.Count
		}
		if len(v.Stories) < storiesMax && g.Status != store.StatusClosed {
			v.Stories = append(v.Stories, viewGroup(g))
		}
	})
	if err != nil {
		return nil, err
	}
	v.Partial = partial
	day := -24 * time.Hour
	if _, err := a.eachGroup(ctx, store.Query{From: midnight.Add(day), To: now.Add(day)}, func(g *store.Group) {
		v.Severities[min(max(g.Severity, detector.Low), detector.Critical)-1].Yesterday += g.Count
	}); err != nil {
		return nil, err
	}
	for list, from := range map[*[]int]time.Time{&v.Hours.Today: midnight, &v.Hours.Yesterday: midnight.Add(day)} {
		if *list, err = a.byHour(ctx, from); err != nil {
			return nil, err
		}
	}
	if v.Waiting, err = a.countWaiting(ctx); err != nil {
		return nil, err
	}
	if v.Backlog, err = a.countBacklog(ctx, now); err != nil {
		return nil, err
	}
	if v.Victims, err = a.countVictims(ctx, now); err != nil {
		return nil, err
	}
	if v.Units, err = a.countUnits(ctx, midnight, now); err != nil {
		return nil, err
	}
	any, err := a.cfg.Store.Find(ctx, store.Query{Limit: 1})
	if err != nil {
		return nil, err
	}
	v.Empty = len(any.Findings) == 0
	v.Brands, v.Stages = ranked(brands), ranked(stages)
	return v, nil
}

// byHour counts the findings of each hour of a day, which has 24 of them in Vietnam.
func (a *API) byHour(ctx context.Context, midnight time.Time) ([]int, error) {
	c, err := a.cfg.Store.Count(ctx, store.Query{From: midnight, To: midnight.Add(24 * time.Hour)}, 24)
	if err == nil && c.Total == 0 {
		c.Parts = make([]int, 24)
	}
	return c.Parts, err
}

// eachGroup visits the groups of a query, as many as are counted; partial says that there are more.
func (a *API) eachGroup(ctx context.Context, q store.Query, visit func(*store.Group)) (partial bool, err error) {
	q.Limit = 1000
	for range overviewPages {
		p, err := a.cfg.Store.Groups(ctx, q)
		if err != nil {
			return false, err
		}
		for i := range p.Groups {
			visit(&p.Groups[i])
		}
		if q.Cursor = p.Next; p.Next == "" {
			return false, nil
		}
	}
	return true, nil
}

// ranked returns the counts, largest first, at most twelve.
func ranked(counts map[string]int) []nameCount {
	out := []nameCount{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, nameCount{name, counts[name]})
	}
	slices.SortStableFunc(out, func(a, b nameCount) int { return cmp.Compare(b.Count, a.Count) })
	return out[:min(len(out), 12)]
}

func (a *API) health(w http.ResponseWriter, r *http.Request, who account.Account) error {
	out := map[string]any{"version": a.cfg.Version, "uptime_seconds": int(a.cfg.Now().Sub(a.start).Seconds()), "store": "ok",
		"audit": a.cfg.Audit.Head()}
	if _, err := a.cfg.Store.Find(r.Context(), store.Query{Limit: 1}); err != nil {
		out["store"] = err.Error()
	}
	if len(who.Units) > 0 {
		return answer(w, out) // what follows tells of all units
	}
	a.mu.Lock()
	if a.tuneError != nil {
		out["tunes"] = a.tuneError.Error()
	}
	a.mu.Unlock()
	if a.cfg.Stats != nil {
		out["sensors"] = a.cfg.Stats()
	}
	if a.cfg.Outputs != nil {
		out["outputs"] = a.cfg.Outputs()
	}
	return answer(w, out)
}

package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"khien/console/account"
	"khien/console/cases"
	"khien/console/hook"
	"khien/console/hook/gate"
	"khien/detector"
	"khien/detector/store"
)

// Limits of a sheet.
const (
	sheetRows   = 200 // of each of its lists
	sheetGroups = 12  // groups that are named
	lookedAt    = 300 // groups whose decisions are read
	ahead       = 12 * time.Hour
)

// sheet is what the shift that comes has to know. Lists hold the most urgent first; the number beside a list counts all.
type sheet struct {
	From     time.Time    `json:"from"`
	To       time.Time    `json:"to"`
	Cases    []shiftCase  `json:"cases"`
	Tasks    []shiftTask  `json:"tasks"` // due until twelve hours after the shift, or late
	Watch    []shiftWatch `json:"watch"`
	Aging    aging        `json:"aging"`
	Gaps     []gap        `json:"gaps"`
	Blocked  []shiftBlock `json:"blocked"`  // in the shift
	Expiring []shiftBlock `json:"expiring"` // within twelve hours after it
	Blocking bool         `json:"blocking"` // it is part of this process
	Of       sheetTotals  `json:"of"`
}

type sheetTotals struct {
	Cases    int `json:"cases"`
	Tasks    int `json:"tasks"`
	Watch    int `json:"watch"`
	Gaps     int `json:"gaps"`
	Blocked  int `json:"blocked"`
	Expiring int `json:"expiring"`
}

type shiftCase struct {
	ID     string    `json:"id"`
	Title  string    `json:"title"`
	Unit   string    `json:"unit,omitempty"`
	Owner  string    `json:"owner,omitempty"`
	Opened time.Time `json:"opened"`
	Tasks  int       `json:"tasks"` // not done
	Next   *line     `json:"next,omitempty"`
}

type shiftTask struct {
	Case string `json:"case"`
	cases.Task
	Late bool `json:"late,omitempty"`
}

type shiftWatch struct {
	Case  string `json:"case"`
	Kind  string `json:"kind"`
	Value string `json:"value"`
	cases.Watch
}

// aging tells how long groups wait: those that nobody has decided about since their first finding, those that were
// escalated since then.
type aging struct {
	New        waiting      `json:"new"`
	Escalated  waiting      `json:"escalated"`
	Unassigned int          `json:"unassigned"` // of the Looked that wait longest
	Looked     int          `json:"looked"`
	Oldest     []waitingRow `json:"oldest"`
	Partial    bool         `json:"partial"` // more groups than are counted: the numbers are lower bounds
}

// waitBands are the upper ends of the bands of waiting; the last band has none.
var waitBands = []time.Duration{time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour}

type waiting struct {
	Total int   `json:"total"`
	Bands []int `json:"bands"` // less than 1 hour, 4, 8, 24 hours, longer
}

type waitingRow struct {
	Group    string        `json:"group"`
	Finding  string        `json:"finding"`
	Summary  detector.Text `json:"summary"`
	Severity int           `json:"severity"`
	Status   string        `json:"status"`
	Since    time.Time     `json:"since"`
	Assignee string        `json:"assignee,omitempty"`
}

// gap is a time in which a sensor lost traffic.
type gap struct {
	Sensor  string        `json:"sensor"`
	From    time.Time     `json:"from"`
	To      time.Time     `json:"to"`
	Summary detector.Text `json:"summary"`
	Finding string        `json:"finding"`
}

type shiftBlock struct {
	ID      string        `json:"id"`
	Kind    hook.Kind     `json:"kind"`
	Value   string        `json:"value"`
	State   hook.State    `json:"state"`
	At      time.Time     `json:"at"`
	Expires time.Time     `json:"expires"`
	Reason  detector.Text `json:"reason"`
}

// sheet puts the sheet of a shift together as things stand now.
func (a *API) sheet(r *http.Request, who account.Account, from, to time.Time) (*sheet, error) {
	ctx := r.Context()
	s := &sheet{From: from, To: to}
	open, err := a.cfg.Reports.Cases.List(ctx, cases.Open)
	if err != nil {
		return nil, err
	}
	due, err := a.deadlines(r.Context(), "", open)
	if err != nil {
		return nil, err
	}
	s.cases(open, due)
	if s.Aging, err = a.aging(ctx, to); err != nil {
		return nil, err
	}
	if s.Gaps, err = a.gaps(ctx, from, to); err != nil {
		return nil, err
	}
	if err := a.blocks(ctx, who, s); err != nil {
		return nil, err
	}
	s.Of = sheetTotals{len(s.Cases), len(s.Tasks), len(s.Watch), len(s.Gaps), len(s.Blocked), len(s.Expiring)}
	s.Cases, s.Tasks, s.Watch = first(s.Cases), first(s.Tasks), first(s.Watch)
	s.Gaps, s.Blocked, s.Expiring = first(s.Gaps), first(s.Blocked), first(s.Expiring)
	return s, nil
}

// first returns as much of a list as a sheet holds; never nil.
func first[T any](list []T) []T {
	return append([]T{}, list[:min(len(list), sheetRows)]...)
}

// cases fills in what comes from open cases: the case that is due first comes first.
func (s *sheet) cases(open []cases.Case, due []line) {
	next := map[string]*line{}
	for i := range due {
		if k := &due[i]; k.Case != "" && next[k.Case] == nil {
			next[k.Case] = k
		}
	}
	for _, c := range open {
		x := shiftCase{ID: c.ID, Title: c.Title, Unit: c.Unit, Owner: c.Owner, Opened: c.Opened, Next: next[c.ID]}
		for _, t := range c.Tasks {
			if !t.Done.IsZero() {
				continue
			}
			x.Tasks++
			if !t.Due.IsZero() && t.Due.Before(s.To.Add(ahead)) {
				s.Tasks = append(s.Tasks, shiftTask{c.ID, t, t.Due.Before(s.To)})
			}
		}
		for _, e := range c.Entities {
			if e.Watch != nil && e.Watch.Until.After(s.To) {
				s.Watch = append(s.Watch, shiftWatch{c.ID, e.Kind, e.Value, *e.Watch})
			}
		}
		s.Cases = append(s.Cases, x)
	}
	slices.SortStableFunc(s.Cases, func(x, y shiftCase) int {
		switch {
		case x.Next == nil && y.Next == nil:
			return x.Opened.Compare(y.Opened)
		case x.Next == nil:
			return 1
		case y.Next == nil:
			return -1
		}
		return x.Next.Due.Compare(y.Next.Due)
	})
	slices.SortStableFunc(s.Tasks, func(x, y shiftTask) int { return x.Due.Compare(y.Due) })
	slices.SortStableFunc(s.Watch, func(x, y shiftWatch) int { return x.Until.Compare(y.Until) })
}

// aging looks at groups of medium severity and up that are new or escalated.
func (a *API) aging(ctx context.Context, now time.Time) (aging, error) {
	out := aging{New: waiting{Bands: make([]int, len(waitBands)+1)}, Escalated: waiting{Bands: make([]int, len(waitBands)+1)}}
	rows := []waitingRow{}
	var err error
	out.Partial, err = a.eachGroup(ctx, store.Query{Status: []string{store.StatusNew, store.StatusEscalated}, MinSeverity: detector.Medium}, func(g *store.Group) {
		rows = append(rows, waitingRow{Group: g.Key, Finding: g.LatestID, Summary: named(g), Severity: int(g.Severity), Status: g.Status, Since: g.First.UTC()})
	})
	if err != nil {
		return out, err
	}
	oldest(rows)
	out.Looked = min(len(rows), lookedAt)
	for i := range rows[:out.Looked] {
		t, err := a.cfg.Store.Triage(ctx, rows[i].Group)
		if err != nil {
			return out, err
		}
		if rows[i].Assignee = t.Assignee; t.Assignee == "" {
			out.Unassigned++
		}
		for _, h := range t.History {
			if rows[i].Status == store.StatusEscalated && h.What == "status:"+store.StatusEscalated {
				rows[i].Since = h.Time.UTC() // the latest counts
			}
		}
	}
	for _, x := range rows {
		w := &out.New
		if x.Status == store.StatusEscalated {
			w = &out.Escalated
		}
		w.Total++
		band, _ := slices.BinarySearch(waitBands, now.Sub(x.Since)+1)
		w.Bands[band]++
	}
	oldest(rows)
	out.Oldest = append([]waitingRow{}, rows[:min(len(rows), sheetGroups)]...)
	return out, nil
}

// oldest puts what was escalated before what is new, and what waits longest first.
func oldest(rows []waitingRow) {
	rank := func(x waitingRow) int {
		if x.Status == store.StatusEscalated {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(rows, func(x, y waitingRow) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), x.Since.Compare(y.Since), strings.Compare(x.Group, y.Group))
	})
}

// named is what a group says in words, or the name of its rule.
func named(g *store.Group) detector.Text {
	name := cmp.Or(g.RuleName, g.Rule)
	return detector.Text{VI: cmp.Or(g.Summary.VI, name), EN: cmp.Or(g.Summary.EN, name)}
}

// gaps returns what sensors told of loss in a shift. What is told after its end stands in the next one's.
func (a *API) gaps(ctx context.Context, from, to time.Time) ([]gap, error) {
	list, _, err := a.losses(ctx, from, to, "", store.PageMax)
	if err != nil {
		return nil, err
	}
	var out []gap
	for _, l := range list {
		if l.To.Before(to) {
			out = append(out, gap{Sensor: cmp.Or(l.Sensor, l.Interface), From: l.From, To: l.To, Summary: l.Text, Finding: l.ID})
		}
	}
	return out, nil
}

// blocks fills in what was blocked in the shift and what ends soon after it.
func (a *API) blocks(ctx context.Context, who account.Account, s *sheet) error {
	if s.Blocking = a.cfg.Blocking != nil; !s.Blocking {
		return nil
	}
	out, err := a.cfg.Blocking.Do(ctx, gate.Request{Op: "list", Scopes: who.Units, State: []hook.State{hook.Approved, hook.Active, hook.Expired, hook.Revoked}, Limit: store.PageMax})
	if err != nil {
		return blockingProblem(err)
	}
	for _, d := range out.Page.Decisions {
		at := d.Activated
		if at.IsZero() {
			at = d.Created
		}
		b := shiftBlock{d.ID, d.Kind, d.Value, d.State, at.UTC(), d.Expires.UTC(), d.Reason}
		if !at.Before(s.From) && at.Before(s.To) {
			s.Blocked = append(s.Blocked, b)
		}
		if d.State.Open() && !d.Expires.IsZero() && !d.Expires.Before(s.To) && d.Expires.Before(s.To.Add(ahead)) {
			s.Expiring = append(s.Expiring, b)
		}
	}
	slices.SortStableFunc(s.Expiring, func(x, y shiftBlock) int { return x.Expires.Compare(y.Expires) })
	return nil
}

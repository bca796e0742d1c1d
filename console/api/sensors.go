package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"time"

	"khien/console/account"
	"khien/detector"
	"khien/detector/spool"
	"khien/detector/store"
	"khien/sensor/pipeline"
)

const (
	sensorKind = "sensor"         // of the documents that cores write
	sensorsMax = 2000             // sensors in one answer
	lossesMax  = 200              // stretches of loss in one answer
	lossRange  = 24 * time.Hour   // of the sensors' page
	lossNow    = 15 * time.Minute // a loss that ended later still is one of now
	stretchMax = 10 * time.Minute // longest stretch that one finding tells of
	silentMax  = 35 * time.Second // without a word; sensors speak each ten seconds
	skewMax    = 2 * time.Second  // between the clocks of a sensor and its core
	lagMax     = time.Minute      // age of what waits to be sent
	quietMax   = 5 * time.Minute  // without a packet on an interface
	deafMax    = 30 * time.Minute // without one, after which nobody can believe in a quiet hour
	sidesMost  = 0.5              // of the TCP flows of an interface may show one direction alone
)

// SensorStatus is what a sensor tells of itself, in this process or in the document of a core.
type SensorStatus struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Started time.Time       `json:"started,omitzero"`
	Sent    time.Time       `json:"sent,omitzero"` // by the sensor's clock
	Seen    time.Time       `json:"seen,omitzero"` // by the core's clock
	SkewMS  int64           `json:"skew_ms"`
	Spool   spool.Stats     `json:"spool"`
	Lag     *SensorLag      `json:"lag,omitempty"`
	Sensors json.RawMessage `json:"sensors,omitempty"` // counts of its captures by name, and of what it keeps
	Rules   *SensorRules    `json:"rules,omitempty"`
	Health  *SensorHealth   `json:"health,omitempty"`
}

// SensorRules are the rules that a sensor works with.
type SensorRules struct {
	Running  *RulesVersion `json:"running,omitempty"` // in force; nil when none was ever distributed to it
	Wanted   *RulesVersion `json:"wanted,omitempty"`  // that it is to have
	Error    string        `json:"error,omitempty"`   // why it does not have it
	Tried    time.Time     `json:"tried,omitzero"`
	Loaded   int           `json:"loaded"`
	Rejected int           `json:"rejected"`
}

// RulesVersion names rules that were distributed.
type RulesVersion struct {
	Number int       `json:"number"`
	Hash   string    `json:"hash"`
	Made   time.Time `json:"made,omitzero"`
	Since  time.Time `json:"since,omitzero"`
}

// SensorLag is what waits to be sent.
type SensorLag struct {
	Records       uint64 `json:"records"`
	Bytes         int64  `json:"bytes"`
	OldestSeconds int64  `json:"oldest_seconds"`
}

// SensorHealth is how a sensor is in its core's words.
type SensorHealth struct {
	State string `json:"state"` // ok, warning, critical
	Notes []struct {
		Code  string `json:"code"`
		State string `json:"state"`
		detector.Text
	} `json:"notes"`
}

// capture is one interface, listener or file that a sensor reads.
type captureView struct {
	Name    string        `json:"name"`
	Packets uint64        `json:"packets"`
	Bytes   uint64        `json:"bytes"`
	Flows   uint64        `json:"flows"`
	Dropped uint64        `json:"dropped"`
	Bugs    uint64        `json:"parser_bugs"`
	Lost    pipeline.Loss `json:"lost"`                      // by stage, since the start
	Quiet   int64         `json:"quiet_seconds,omitempty"`   // since the last packet of an interface
	Sided   float64       `json:"one_sided_share,omitempty"` // of its TCP flows of late, which show one direction alone
	// Of the log of another sensor, which has no packets.
	Lines      uint64 `json:"lines,omitempty"`
	Records    uint64 `json:"records,omitempty"`
	Unreadable uint64 `json:"unreadable,omitempty"` // lines
}

// sensorNote is something about a sensor that a person should know. The pages have words for each code and what to do.
type sensorNote struct {
	Code   string         `json:"code"` // silent, disk, loss, no_packets, one_sided, rules_refused, rules_old, clock_skew, lag, spool_dropped, bug
	State  string         `json:"state"`
	N      int64          `json:"n,omitempty"`      // seconds, milliseconds or how many, by code
	Detail string         `json:"detail,omitempty"` // an error as it was said
	Text   *detector.Text `json:"text,omitempty"`   // in the core's words
}

// States of a sensor and of what is wrong with it.
const (
	stateWarning  = "warning"
	stateCritical = "critical"
)

type sensorView struct {
	SensorStatus
	Own      bool               `json:"own"` // of this process
	Captures []captureView      `json:"captures"`
	Kept     map[string]float64 `json:"kept,omitempty"` // counts of packets and files on disk, by name
	Losses   []lossView         `json:"losses"`         // of the last day, newest first
	Issues   []sensorNote       `json:"issues"`         // the most urgent first; none means well
}

// lossView is a stretch of time in which a sensor lost something.
type lossView struct {
	ID        string            `json:"id"`
	Sensor    string            `json:"sensor"`
	Interface string            `json:"interface"`
	From      time.Time         `json:"from"`
	To        time.Time         `json:"to"`
	Severity  int               `json:"severity"`
	Share     float64           `json:"share"` // of the worst stage, 0 to 1
	Text      detector.Text     `json:"text"`
	Stages    []detector.Reason `json:"stages"`
}

// sensorRoutes are the rows of the sensors' page.
func (a *API) sensorRoutes() []route {
	return []route{
		{"GET /api/v1/sensors", account.Viewer, a.getSensors},
		{"GET /api/v1/losses", account.Viewer, a.getLosses},
	}
}

// getSensors tells how all sensors are.
func (a *API) getSensors(w http.ResponseWriter, r *http.Request, who account.Account) error {
	now := a.cfg.Now()
	list, more, err := a.sensorStates(r.Context())
	if err != nil {
		return storeProblem(err)
	}
	losses, _, err := a.losses(r.Context(), now.Add(-lossRange), now, "", lossesMax)
	if err != nil {
		return storeProblem(err)
	}
	out := []sensorView{}
	if a.cfg.Sensor != nil {
		s := a.cfg.Sensor()
		s.Seen = now
		out = append(out, view(s, true, losses, now))
	}
	for _, s := range list {
		out = append(out, view(s, false, losses, now))
	}
	return answer(w, map[string]any{"sensors": out, "now": now.UTC(), "more": more})
}

// sensorStates reads what cores have written down of their sensors. One that cannot be read says so in place of its counts.
func (a *API) sensorStates(ctx context.Context) (list []SensorStatus, more bool, err error) {
	q := store.DocumentQuery{Kind: sensorKind, Limit: store.PageMax}
	for len(list) < sensorsMax {
		p, err := a.cfg.Store.Documents(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for i := range p.Documents {
			d := &p.Documents[i]
			s := SensorStatus{Seen: d.Updated}
			if err := json.Unmarshal(d.Body, &s); err != nil {
				s = SensorStatus{Seen: d.Updated, Rules: &SensorRules{Error: err.Error()}}
			}
			s.Name = d.ID
			list = append(list, s)
		}
		if q.Cursor = p.Next; p.Next == "" {
			return list, false, nil
		}
	}
	return list, true, nil
}

// view is what the page shows of a sensor.
func view(s SensorStatus, own bool, all []lossView, now time.Time) sensorView {
	v := sensorView{SensorStatus: s, Own: own, Captures: []captureView{}, Losses: []lossView{}, Issues: []sensorNote{}}
	v.Captures, v.Kept = captures(s.Sensors)
	v.Sensors = nil
	names := map[string]bool{}
	for i := range v.Captures {
		names[v.Captures[i].Name] = true
	}
	for _, l := range all {
		// Earlier versions named the interface as the sensor.
		if l.Sensor == s.Name || names[l.Sensor] && l.Sensor == l.Interface {
			v.Losses = append(v.Losses, l)
		}
	}
	v.Issues = append(v.Issues, v.issues(now)...)
	return v
}

// issues are what is wrong with a sensor. Of a silent one the rest is old and not told.
func (v *sensorView) issues(now time.Time) (out []sensorNote) {
	if silent := now.Sub(v.Seen); !v.Own && silent > silentMax {
		return []sensorNote{{Code: "silent", State: stateCritical, N: int64(silent / time.Second)}}
	}
	told := map[string]bool{}
	if v.Health != nil {
		for i := range v.Health.Notes {
			n := &v.Health.Notes[i]
			told[n.Code] = true
			out = append(out, sensorNote{Code: n.Code, State: n.State, Text: &n.Text})
		}
	}
	add := func(wrong bool, i sensorNote) {
		if wrong && !told[i.Code] {
			out = append(out, i)
		}
	}
	add(v.Spool.Trouble != "", sensorNote{Code: "disk", State: stateCritical, Detail: v.Spool.Trouble})
	add(len(v.Losses) > 0 && now.Sub(v.Losses[0].To) < lossNow, sensorNote{Code: "loss", State: stateCritical})
	if r := v.Rules; r != nil {
		add(r.Error != "", sensorNote{Code: "rules_refused", State: stateCritical, Detail: r.Error})
		add(r.Error == "" && r.Wanted != nil && (r.Running == nil || r.Running.Number != r.Wanted.Number), sensorNote{Code: "rules_old", State: stateWarning})
	}
	add(max(v.SkewMS, -v.SkewMS) > skewMax.Milliseconds(), sensorNote{Code: "clock_skew", State: stateWarning, N: v.SkewMS})
	if l := v.Lag; l != nil {
		add(l.OldestSeconds > int64(lagMax/time.Second), sensorNote{Code: "lag", State: stateWarning, N: int64(l.Records)})
	}
	dropped := v.Spool.Findings.Dropped + v.Spool.Telemetry.Dropped
	add(dropped > 0, sensorNote{Code: "spool_dropped", State: stateWarning, N: int64(dropped)})
	for _, c := range v.Captures {
		if c.Bugs > 0 {
			out = append(out, sensorNote{Code: "bug", State: stateWarning, N: int64(c.Bugs), Detail: c.Name})
		}
		if quiet := time.Duration(c.Quiet) * time.Second; quiet >= quietMax {
			n := sensorNote{Code: "no_packets", State: stateWarning, N: c.Quiet, Detail: c.Name}
			if quiet >= deafMax {
				n.State = stateCritical
			}
			out = append(out, n)
		}
		if c.Sided >= sidesMost {
			out = append(out, sensorNote{Code: "one_sided", State: stateCritical, N: int64(math.Round(100 * c.Sided)), Detail: c.Name})
		}
	}
	slices.SortStableFunc(out, func(a, b sensorNote) int { return cmp.Compare(a.State, b.State) }) // critical before warning
	return out
}

// captures takes the counts of a sensor apart: those of what it reads are objects, those of what it keeps are numbers.
func captures(raw json.RawMessage) (list []captureView, kept map[string]float64) {
	list = []captureView{}
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return list, nil
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := captureView{Name: name}
		var n float64
		switch {
		case json.Unmarshal(all[name], &n) == nil:
			if kept == nil {
				kept = map[string]float64{}
			}
			kept[name] = n
		case json.Unmarshal(all[name], &c) == nil:
			list = append(list, c)
		}
	}
	return list, kept
}

// getLosses tells in which stretches of a time range packets were lost, the newest first.
func (a *API) getLosses(w http.ResponseWriter, r *http.Request, who account.Account) error {
	q, err := a.readQuery(r)
	if err != nil {
		return err
	}
	if q.To.IsZero() {
		q.To = a.cfg.Now()
	}
	list, more, err := a.losses(r.Context(), q.From, q.To, r.URL.Query().Get("sensor"), lossesMax)
	if err != nil {
		return storeProblem(err)
	}
	return answer(w, map[string]any{"losses": list, "more": more})
}

// losses are the findings of loss whose stretch meets a range, of one sensor or of all.
func (a *API) losses(ctx context.Context, from, to time.Time, sensor string, most int) (list []lossView, more bool, err error) {
	q := store.Query{Source: []string{string(detector.FromHealth)}, From: from, To: to.Add(stretchMax), Descending: true, Limit: most}
	if sensor != "" {
		q.Sensor = []string{sensor}
	}
	p, err := a.cfg.Store.Find(ctx, q)
	if err != nil {
		return nil, false, fmt.Errorf("api: losses: %w", err)
	}
	list = []lossView{}
	for i := range p.Findings {
		f := &p.Findings[i]
		if f.First.After(to) {
			continue
		}
		l := lossView{f.ID, f.Sensor, cmp.Or(f.Interface, f.Sensor, f.Rule.ID), cmp.Or(f.First, f.Time), f.Time, int(f.Severity), f.Score, f.Summary, f.Reasons}
		if l.Stages == nil {
			l.Stages = []detector.Reason{}
		}
		list = append(list, l)
	}
	return list, p.Next != "", nil
}

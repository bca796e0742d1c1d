// Package issue composes reports: a Desk keeps incidents in a store and issued documents in a folder, builds an incident from
// a case, fills forms, draws documents, writes the evidence pack and every machine format, and issues all of it at once or
// nothing. What was issued never changes: files are named by their content, and their list is one document of the store that
// is written last.
package issue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/clock"
	"khien/console/report/evidence"
	"khien/console/report/legal"
	"khien/console/report/prefill"
	"khien/console/wrong"
	"khien/detector"
	"khien/detector/store"
)

// Kinds of the documents that a Desk keeps.
const (
	incidentKind = "incident"
	issuedKind   = "issued"
	numberKind   = "number"
	stampKind    = "timestamp"
	packKind     = "legalpack"
	profileKind  = "profile"
	decisionKind = "decision" // of the blocking decisions, which others write
)

// Desk makes reports. Safe for concurrent use when its Store is.
type Desk struct {
	Store store.Store
	Cases *cases.Book
	Dir   string // of keys and issued files
	Tool  string // name and version of the program
	Now   func() time.Time
	// Packets is the folder of what khien run keeps, "" for none.
	Packets string
	// FrozenMax is how many bytes the frozen copies of all cases may have; 0 means evidence.FrozenMax.
	FrozenMax int64
}

// Errors that callers branch on.
var (
	ErrMissing     = errors.New("issue: required fields are empty")
	ErrUnconfirmed = errors.New("issue: a person has to confirm the severity first")
	ErrConflict    = errors.New("issue: the incident was changed by somebody else")
)

// Pack returns a legal pack: the one that an administrator edited, or the one that ships.
func (d *Desk) Pack(ctx context.Context, id string) (*legal.Pack, error) {
	doc, err := d.Store.Document(ctx, packKind, id)
	if errors.Is(err, store.ErrNotFound) {
		return legal.Load(id)
	}
	if err != nil {
		return nil, fmt.Errorf("issue: pack %s: %w", id, err)
	}
	var text string
	if err := json.Unmarshal(doc.Body, &text); err != nil {
		return nil, fmt.Errorf("issue: pack %s: %w", id, err)
	}
	return legal.Edited(id, []byte(text))
}

// PackText returns the text of a pack and its version, 0 for one that nobody edited.
func (d *Desk) PackText(ctx context.Context, id string) (string, int64, error) {
	doc, err := d.Store.Document(ctx, packKind, id)
	if errors.Is(err, store.ErrNotFound) {
		text, err := legal.Source(id)
		return string(text), 0, err
	}
	if err != nil {
		return "", 0, fmt.Errorf("issue: pack %s: %w", id, err)
	}
	var text string
	if err := json.Unmarshal(doc.Body, &text); err != nil {
		return "", 0, fmt.Errorf("issue: pack %s: %w", id, err)
	}
	return text, doc.Version, nil
}

// EditPack keeps another text of a pack, when it is right.
func (d *Desk) EditPack(ctx context.Context, id, text string, version int64) (int64, error) {
	if _, err := legal.Edited(id, []byte(text)); err != nil {
		return 0, err
	}
	body, err := json.Marshal(text)
	if err != nil {
		return 0, fmt.Errorf("issue: %w", err)
	}
	doc, err := d.Store.PutDocument(ctx, store.Document{Kind: packKind, ID: id, Version: version, Updated: d.Now(), Body: body})
	if err != nil {
		return 0, conflict(err)
	}
	return doc.Version, nil
}

func conflict(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return ErrConflict
	}
	return fmt.Errorf("issue: %w", err)
}

// Profile returns what the unit wrote about itself: profile.yaml in the Desk's folder.
func (d *Desk) Profile() (*report.Profile, error) {
	name := filepath.Join(d.Dir, "profile.yaml")
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("issue: %w", err)
	}
	return report.ParseProfile(name, text)
}

// Incident returns the incident of a case, with what findings say now: facts that a person set stay as they are.
func (d *Desk) Incident(ctx context.Context, id, packID string, pr *report.Profile) (*report.Incident, error) {
	c, err := d.Cases.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := d.Pack(ctx, packID)
	if err != nil {
		return nil, err
	}
	findings, err := d.Findings(ctx, c) // what those said that are gone is in the stored incident
	if err != nil {
		return nil, err
	}
	measures, err := d.measures(ctx, id)
	if err != nil {
		return nil, err
	}
	in, err := prefill.Build(prefill.Input{Case: c, Findings: findings, Measures: measures, Profile: pr, Pack: p, Now: d.Now()})
	if err != nil {
		return nil, err
	}
	old, err := d.stored(ctx, id)
	if err != nil || old == nil {
		return in, err
	}
	return in, keep(in, old, findings)
}

// keep takes over what people did with the stored incident.
func keep(in, old *report.Incident, findings []detector.Finding) error {
	in.Version, in.Confirmed, in.Sent, in.History = old.Version, old.Confirmed, old.Sent, old.History
	for key, f := range old.Facts {
		_, known := in.Facts[key]
		if f.From.Kind == report.FromPerson || !known && len(findings) == 0 {
			in.Facts[key] = f
		}
	}
	if len(findings) == 0 && len(old.Indicators) > 0 {
		in.Indicators, in.Steps, in.Techniques, in.Brands, in.FraudKinds = old.Indicators, old.Steps, old.Techniques, old.Brands, old.FraudKinds
	}
	if f := in.Facts["incident.detected"]; f.From.Kind == report.FromPerson {
		at, err := time.Parse(time.RFC3339, in.Text("incident.detected"))
		if err != nil {
			return fmt.Errorf("issue: incident.detected: %w", err)
		}
		in.Detected = at.UTC()
	}
	if !old.Resolved.IsZero() && in.Resolved.IsZero() {
		in.Resolved = old.Resolved
	}
	return nil
}

func (d *Desk) stored(ctx context.Context, id string) (*report.Incident, error) {
	doc, err := d.Store.Document(ctx, incidentKind, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("issue: incident %s: %w", id, err)
	}
	in := &report.Incident{}
	if err := json.Unmarshal(doc.Body, in); err != nil {
		return nil, fmt.Errorf("issue: incident %s: %w", id, err)
	}
	in.Version = doc.Version
	return in, nil
}

// Put keeps an incident; its Version has to be the stored one.
func (d *Desk) Put(ctx context.Context, in *report.Incident) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	doc, err := d.Store.PutDocument(ctx, store.Document{Kind: incidentKind, ID: in.Case, Version: in.Version, Updated: d.Now(), Body: body,
		Tags: []string{"case:" + in.Case}})
	if err != nil {
		return conflict(err)
	}
	in.Version = doc.Version
	return nil
}

// Edit puts what a person typed into an incident that is to be Put. Another time of detection moves every clock, and another
// severity has to be confirmed again; the change stands in the history with the old value.
func Edit(in *report.Incident, user string, at time.Time, key string, f report.Fact) error {
	f.From = report.Origin{Kind: report.FromPerson, By: user, At: at.UTC()}
	var moved time.Time
	if key == "incident.detected" {
		if len(f.Values) != 1 {
			return &wrong.Input{Err: report.ErrFact, Name: "fact.time", Why: key + ": a time is needed"}
		}
		var err error
		if moved, err = time.Parse(time.RFC3339, f.Values[0]); err != nil {
			return &wrong.Input{Err: report.ErrFact, Name: "fact.time", Value: f.Values[0], Why: fmt.Sprintf("%s: %.60q is not a time like 2026-11-27T09:30:00+07:00", key, f.Values[0])}
		}
		if moved.After(at) {
			return &wrong.Input{Err: report.ErrFact, Name: "fact.future", Why: fmt.Sprintf("%s: %s is in the future", key, f.Values[0])}
		}
	}
	was := in.Text(key)
	if err := in.Set(key, f); err != nil {
		return err
	}
	if key == "incident.severity" && in.Text(key) != was {
		delete(in.Confirmed, "severity") // it was said of another severity
	}
	if !moved.IsZero() {
		in.Detected = moved.UTC()
	}
	return nil
}

// Confirm notes a person's word on a severity ("severity") or a citation ("citation:ID").
func Confirm(in *report.Incident, p *legal.Pack, user string, at time.Time, what, reason string) error {
	if id, ok := cut(what, "citation:"); what != "severity" && (!ok || p.Citation(id) == nil) {
		return fmt.Errorf("%w: %.60q: severity, or citation: and the id of a citation of %s", report.ErrFact, what, p.ID)
	}
	text, why := report.CleanText(reason)
	if why != "" {
		return &wrong.Input{Err: report.ErrFact, Name: "fact.text", Why: "reason: " + why}
	}
	if in.Confirmed == nil {
		in.Confirmed = map[string]report.Confirmation{}
	}
	in.Confirmed[what] = report.Confirmation{By: user, At: at.UTC(), Reason: text}
	in.History = append(in.History, report.Change{At: at.UTC(), By: user, What: "confirm " + what, New: in.Text("incident." + what)})
	return nil
}

func cut(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return "", false
}

// MarkSent notes that a duty was done. Being late needs a reason.
func MarkSent(in *report.Incident, p *legal.Pack, duty string, s report.Sent) error {
	du := p.Duty(duty)
	if du == nil || du.Start == "calendar" {
		return fmt.Errorf("%w: pack %s has no duty %.40q of an incident", report.ErrFact, p.ID, duty)
	}
	start := in.Detected
	if du.Start == "resolved" {
		start = in.Resolved
	}
	if due := du.Due.At(start, &p.Calendar); s.At.After(due) && !du.Due.Immediately && s.Late == "" {
		why := fmt.Sprintf("%s was due %s: say why it is late", duty, due.In(report.Zone).Format("02/01/2006 15:04"))
		return &wrong.Input{Err: report.ErrFact, Name: "fact.late", Why: why}
	}
	if in.Sent == nil {
		in.Sent = map[string]report.Sent{}
	}
	in.Sent[duty] = s
	in.History = append(in.History, report.Change{At: s.At, By: s.By, What: "sent " + duty, New: s.Via})
	return nil
}

// Traits returns what duties ask for beside the severity.
func Traits(in *report.Incident, pr *report.Profile) []string {
	out := slices.Clone(pr.Traits)
	if !in.Facts["data.kinds"].Empty() {
		out = append(out, "personal_data")
	}
	return out
}

// Clocks returns the deadlines of an incident.
func (d *Desk) Clocks(in *report.Incident, p *legal.Pack, pr *report.Profile) []clock.Clock {
	return p.Clocks(in, Traits(in, pr), d.Now())
}

// measures reads the blocking decisions of a case.
func (d *Desk) measures(ctx context.Context, id string) ([]prefill.Measure, error) {
	p, err := d.Store.Documents(ctx, store.DocumentQuery{Kind: decisionKind, Tags: []string{"case:" + id}, Limit: store.PageMax})
	if err != nil {
		return nil, fmt.Errorf("issue: decisions of %s: %w", id, err)
	}
	var out []prefill.Measure
	for _, doc := range p.Documents {
		var v struct {
			Kind    string    `json:"kind"`
			Value   string    `json:"value"`
			Action  string    `json:"action"`
			State   string    `json:"state"`
			Created time.Time `json:"created_at"`
		}
		if err := json.Unmarshal(doc.Body, &v); err != nil || v.Value == "" {
			continue // not a decision about something to block
		}
		out = append(out, prefill.Measure{ID: doc.ID, Time: v.Created, What: fmt.Sprintf("%s %s %s", v.Action, v.Kind, report.Defang(v.Value)), State: v.State})
	}
	return out, nil
}

// objects is where issued files lie.
func (d *Desk) objects() evidence.Objects {
	return evidence.Objects{Dir: filepath.Join(d.Dir, "objects")}
}

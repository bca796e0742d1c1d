package tune

import (
	"context"
	"fmt"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// What a tune does with the findings that it covers.
const (
	Hide      = ""          // their groups are closed
	Threshold = "threshold" // their groups are closed until there are Count findings within Hours
	Severity  = "severity"  // they are stored with another severity, and say so
)

const (
	countMax = 1000 // what a store gives in one answer
	hoursMax = 7 * 24
)

// validateKind says which field of the kind is wrong, and why.
func (t *Tune) validateKind() (field, why string) {
	switch {
	case t.Kind != Threshold && (t.Count != 0 || t.Hours != 0), t.Kind != Severity && t.Severity != 0:
		return "kind", "count and hours belong to threshold, severity to severity"
	case t.Kind == Threshold && (t.Count < 2 || t.Count > countMax):
		return "count", fmt.Sprintf("from 2 to %d", countMax)
	case t.Kind == Threshold && (t.Hours < 1 || t.Hours > hoursMax):
		return "hours", fmt.Sprintf("from 1 to %d", hoursMax)
	case t.Kind == Severity && (t.Severity < detector.Low || t.Severity > detector.Critical):
		return "severity", "from 1 to 4"
	case t.Kind != Hide && t.Kind != Threshold && t.Kind != Severity:
		return "kind", "empty, threshold or severity"
	}
	return "", ""
}

func changes(t *Tune) bool { return t.Kind == Severity }

// Reached reports whether times, in their order, hold Count findings within Hours.
func (t *Tune) Reached(times []time.Time) bool {
	for i := t.Count - 1; i < len(times); i++ {
		if times[i].Sub(times[i-t.Count+1]) <= time.Duration(t.Hours)*time.Hour {
			return true
		}
	}
	return false
}

// reached asks the store whether a group has come to the threshold with a finding.
func (b *Book) reached(ctx context.Context, t *Tune, group string, f *detector.Finding) (bool, error) {
	p, err := b.store.Find(ctx, store.Query{Group: []string{group}, From: f.Time.Add(-time.Duration(t.Hours) * time.Hour), Limit: t.Count})
	if err != nil {
		return false, err
	}
	n := 0
	for i := range p.Findings {
		n += max(1, p.Findings[i].Count)
	}
	return n >= t.Count, nil
}

var severityWords = map[detector.Severity]detector.Text{
	detector.Low: {VI: "Thấp", EN: "Low"}, detector.Medium: {VI: "Trung bình", EN: "Medium"}, detector.High: {VI: "Cao", EN: "High"}, detector.Critical: {VI: "Nghiêm trọng", EN: "Critical"},
}

// Change gives findings that are about to be stored the severity that people have decided. A finding that it changes has a
// reason more, which says from what and why; one that it has changed stays as it is.
func (b *Book) Change(ctx context.Context, findings []detector.Finding) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if err := b.refresh(ctx, now); err != nil {
		return err
	}
	for i := range findings {
		f := &findings[i]
		e := b.covering(f, now, changes)
		if e == nil || e.Severity == f.Severity {
			continue
		}
		was, is := severityWords[f.Severity], severityWords[e.Severity]
		f.Reasons = append(f.Reasons[:len(f.Reasons):len(f.Reasons)], detector.Reason{Text: detector.Text{
			VI: fmt.Sprintf("mức độ do %s đổi từ %s thành %s: %s", e.Owner, was.VI, is.VI, e.Reason),
			EN: fmt.Sprintf("%s changed the severity from %s to %s: %s", e.Owner, was.EN, is.EN, e.Reason)}})
		f.Severity = e.Severity
	}
	return nil
}

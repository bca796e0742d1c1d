package signature

import (
	"cmp"
	"strconv"

	"khien/detector"
	"khien/sensor"
)

// Alerts makes findings of what the rules of other sensors have matched. It is not safe for concurrent use.
type Alerts struct{ sink detector.Sink }

// NewAlerts returns the handler of one worker.
func NewAlerts(sink detector.Sink) *Alerts { return &Alerts{sink: sink} }

// Wants implements sensor.Handler.
func (a *Alerts) Wants() sensor.Kind { return sensor.KindAlert }

// Handle implements sensor.Handler.
func (a *Alerts) Handle(e *sensor.Event) {
	x := e.Alert
	if e.Kind != sensor.KindAlert || x == nil {
		return
	}
	f := &detector.Finding{
		Source:     detector.FromSignature,
		Severity:   severity(x.Priority, x.Metadata),
		Summary:    summary(cmp.Or(x.Message, x.Name), x.Metadata),
		Techniques: techniques(x.Metadata),
		Interface:  x.Interface,
		Rule: detector.Rule{ID: x.ID, GID: x.GID, Rev: x.Rev, Priority: x.Priority, Name: x.Name, Category: x.Category, Ruleset: x.Engine,
			Text: x.Text, Reference: x.References, Metadata: x.Metadata, Action: cmp.Or(x.Action, "allowed")},
	}
	by := x.Engine
	if x.Host != "" {
		by += " (" + x.Host + ")"
	}
	rule := x.ID
	if x.Rev > 0 {
		rule += ", rev " + strconv.Itoa(x.Rev)
	}
	f.Reasons = []detector.Reason{{Weight: 1, Text: detector.Text{VI: by + " báo quy tắc " + rule + " khớp", EN: by + " reports a match of rule " + rule}}}
	f.Score = float64(f.Severity) / 4
	f.Observe(e)
	f.Identify(f.Direction, x.Engine, x.Host, x.Message, f.Domain, f.URL)
	a.sink.Found(f, e)
}

// Package prefill makes an incident of a case: findings, the unit's profile and the law's kinds come in; facts with their
// origins, indicators and the story go out. Victims are counted and never named: their addresses are taken out of every text.
package prefill

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/legal"
	"khien/detector"
)

// Measure is something that was done about the incident: a blocking decision.
type Measure struct {
	ID    string
	Time  time.Time
	What  string // in Vietnamese
	State string
}

// Input is what an incident is made of.
type Input struct {
	Case     cases.Case
	Findings []detector.Finding
	Measures []Measure
	Profile  *report.Profile
	Pack     *legal.Pack
	Now      time.Time
}

// builder holds what is worked on.
type builder struct {
	Input
	in      *report.Incident
	victims map[netip.Addr]int // numbered in the order of their first finding
	defang  *strings.Replacer
	err     error
}

// Build returns the incident of a case.
func Build(i Input) (*report.Incident, error) {
	b := &builder{Input: i, victims: map[netip.Addr]int{},
		in: &report.Incident{Case: i.Case.ID, Pack: i.Pack.ID, Title: report.VisibleText(i.Case.Title), Facts: map[string]report.Fact{}}}
	b.Findings = slices.Clone(i.Findings)
	slices.SortStableFunc(b.Findings, func(x, y detector.Finding) int {
		return cmp.Or(x.Time.Compare(y.Time), strings.Compare(x.ID, y.ID))
	})
	if err := b.in.FromProfile(i.Profile); err != nil {
		return nil, err
	}
	b.findVictims()
	b.indicators()
	b.defang = defanger(b.in)
	b.story()
	b.facts()
	b.law()
	if b.err != nil {
		return nil, fmt.Errorf("prefill: %s: %w", i.Case.ID, b.err)
	}
	return b.in, nil
}

// set puts a fact unless the value is empty; the first error stays.
func (b *builder) set(key string, from report.Origin, values ...string) {
	if b.err == nil && strings.Join(values, "") != "" {
		b.err = b.in.Set(key, report.Fact{Values: values, From: from})
	}
}

func (b *builder) rows(key string, from report.Origin, rows [][]string) {
	if b.err == nil && len(rows) > 0 {
		b.err = b.in.Set(key, report.Fact{Rows: rows[:min(len(rows), report.FactRows)], From: from})
	}
}

func (b *builder) findVictims() {
	for i := range b.Findings {
		f := &b.Findings[i]
		for _, a := range []netip.Addr{f.SrcIP, f.DstIP} {
			// A resolver is asked by victims; it is none itself.
			if a.IsValid() && b.Profile.Inside(a) && !(a == f.DstIP && f.DstPort == 53) && b.victims[a] == 0 {
				b.victims[a] = len(b.victims) + 1
			}
		}
	}
}

// defanger makes the hostile names of an incident unclickable, the longest first.
func defanger(in *report.Incident) *strings.Replacer {
	hostile := in.Hostile("")
	slices.SortStableFunc(hostile, func(x, y report.Indicator) int { return len(y.Value) - len(x.Value) })
	var pairs []string
	for _, i := range hostile {
		if i.Kind != report.SHA256 {
			pairs = append(pairs, i.Value, report.Defang(i.Value))
		}
	}
	return strings.NewReplacer(pairs...)
}

// hide takes the addresses of the unit's networks out of a text, and makes hostile names unclickable.
func (b *builder) hide(text, word string) string {
	text = report.VisibleText(text)
	text = b.defang.Replace(text)
	var out strings.Builder
	isPart := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == '.' || c == ':'
	}
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && isPart(text[j]) {
			j++
		}
		if j == i {
			out.WriteByte(text[i])
			i++
			continue
		}
		token := text[i:j]
		trimmed := strings.TrimRight(token, ".:")
		if a, err := netip.ParseAddr(trimmed); err == nil && b.Profile.Inside(a) {
			if n := b.victims[a]; n > 0 {
				fmt.Fprintf(&out, "%s %d", word, n)
			} else {
				out.WriteString(word)
			}
			out.WriteString(token[len(trimmed):])
		} else {
			out.WriteString(token)
		}
		i = j
	}
	return out.String()
}

const (
	deviceVI = "thiết bị"
	deviceEN = "device"
)

// story takes the steps of the longest story, or the findings themselves where there is none.
func (b *builder) story() {
	var best *detector.Finding
	seen := map[string]bool{}
	for i := range b.Findings {
		f := &b.Findings[i]
		if best == nil && len(f.Steps) > 0 || best != nil && len(f.Steps) > len(best.Steps) {
			best = f
		}
		for _, t := range f.Techniques {
			if t.ID != "" && !seen[t.ID] {
				seen[t.ID] = true
				b.in.Techniques = append(b.in.Techniques, report.Technique{ID: t.ID, Name: t.Name})
			}
		}
		if f.Fraud != nil {
			b.in.Brands = add(b.in.Brands, f.Fraud.Brand)
			b.in.FraudKinds = add(b.in.FraudKinds, f.Fraud.Kind)
		}
	}
	if best != nil {
		for _, s := range best.Steps {
			b.in.Steps = append(b.in.Steps, report.Step{Time: s.Time, Stage: s.Stage, Visibility: s.Visibility,
				VI: b.hide(s.What.VI, deviceVI), EN: b.hide(s.What.EN, deviceEN)})
		}
	} else {
		for i := range min(len(b.Findings), report.StepsMax) {
			f := &b.Findings[i]
			b.in.Steps = append(b.in.Steps, report.Step{Time: f.Time, Stage: string(f.Source), Visibility: "seen",
				VI: b.hide(cmp.Or(f.Summary.VI, f.Rule.Name), deviceVI), EN: b.hide(cmp.Or(f.Summary.EN, f.Rule.Name), deviceEN)})
		}
	}
	b.in.Steps = b.in.Steps[:min(len(b.in.Steps), report.StepsMax)]
	rows := [][]string{}
	for _, s := range b.in.Steps {
		rows = append(rows, []string{Stamp(s.Time), s.VI, visibility[s.Visibility]})
	}
	b.rows("incident.timeline", b.fromFirst(best), rows)
}

var visibility = map[string]string{"seen": "quan sát được", "inferred": "suy ra", "reported": "được báo"}

func (b *builder) fromFirst(f *detector.Finding) report.Origin {
	if f == nil && len(b.Findings) > 0 {
		f = &b.Findings[0]
	}
	if f == nil {
		return report.Origin{Kind: report.FromCase, Ref: b.Case.ID}
	}
	return report.Origin{Kind: report.FromFinding, Ref: f.ID}
}

func add(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// Stamp returns a time as tables show it.
func Stamp(t time.Time) string { return t.In(report.Zone).Format("02/01/2006 15:04:05") }

// facts sets what can be read from the case and its findings.
func (b *builder) facts() {
	ofCase := report.Origin{Kind: report.FromCase, Ref: b.Case.ID}
	computed := report.Origin{Kind: report.FromProgram}
	b.set("incident.title", ofCase, report.VisibleText(b.Case.Title))
	b.set("report.time", report.Origin{Kind: report.FromProgram, Ref: "clock"}, b.Now.In(report.Zone).Format(time.RFC3339))
	state := "open"
	if b.Case.Status == cases.Closed {
		state = "handled"
		b.in.Resolved = b.Case.Closed
	}
	b.set("incident.state", ofCase, state)
	b.in.Detected = b.Case.Opened
	from := ofCase
	if len(b.Findings) > 0 {
		b.set("incident.detected_by", computed, "ids")
		first := b.Findings[0]
		b.set("incident.occurred", report.Origin{Kind: report.FromFinding, Ref: first.ID}, first.Time.In(report.Zone).Format(time.RFC3339))
		for i := range b.Findings {
			if f := &b.Findings[i]; f.Severity >= detector.High {
				b.in.Detected, from = f.Time, report.Origin{Kind: report.FromFinding, Ref: f.ID}
				break
			}
		}
	}
	b.in.Detected = b.in.Detected.Truncate(time.Second).UTC()
	b.set("incident.detected", from, b.in.Detected.In(report.Zone).Format(time.RFC3339))
	if n := len(b.victims); n > 0 {
		b.set("incident.victims", computed, fmt.Sprintf("%d thiết bị trong mạng của đơn vị", n))
		b.set("incident.scope", computed, fmt.Sprintf("Đã ghi nhận %d thiết bị trong mạng của đơn vị có liên lạc với hạ tầng của đối tượng; danh sách lưu tại đơn vị.", n))
	}
	b.set("incident.summary", computed, b.summary(wordsVI), b.summary(wordsEN))
	b.indicatorFacts(computed)
	if len(b.Measures) > 0 {
		lines, ref := []string{}, b.Measures[0].ID
		for _, m := range b.Measures {
			lines = append(lines, fmt.Sprintf("- %s: %s (%s)", Stamp(m.Time), report.VisibleText(m.What), report.VisibleText(m.State)))
		}
		b.set("incident.measures", report.Origin{Kind: report.FromDecision, Ref: ref}, clip(strings.Join(lines, "\n")))
	}
}

// clip cuts a text that would be refused as too long.
func clip(s string) string {
	if len(s) <= report.FactBytes {
		return s
	}
	return strings.ToValidUTF8(s[:report.FactBytes-8], "") + " …"
}

func (b *builder) span() (first, last time.Time) {
	for i := range b.Findings {
		f := &b.Findings[i]
		if first.IsZero() || f.Time.Before(first) {
			first = f.Time
		}
		for _, t := range []time.Time{f.Time, f.Last} {
			if t.After(last) {
				last = t
			}
		}
	}
	return first, last
}

// words are what a summary is written with, in one language.
type words struct {
	begin, brands, devices, course string
	step                           func(report.Step) string
}

var (
	wordsVI = words{"Từ %s đến %s (giờ Việt Nam), hệ thống giám sát ghi nhận %d phát hiện", " về hành vi mạo danh ", "; %d thiết bị trong mạng bị ảnh hưởng",
		" Diễn biến: ", func(s report.Step) string { return s.VI }}
	wordsEN = words{"From %s to %s (UTC+7) the monitoring system recorded %d findings", " of impersonation of ", "; devices affected: %d",
		" Course of events: ", func(s report.Step) string { return s.EN }}
)

// summary tells in a few sentences what happened.
func (b *builder) summary(w words) string {
	if len(b.Findings) == 0 {
		return ""
	}
	first, last := b.span()
	s := fmt.Sprintf(w.begin, Stamp(first), Stamp(last), len(b.Findings))
	if len(b.in.Brands) > 0 {
		s += w.brands + report.VisibleText(strings.Join(b.in.Brands, ", "))
	}
	if n := len(b.victims); n > 0 {
		s += fmt.Sprintf(w.devices, n)
	}
	s += "."
	var steps []string
	for _, st := range b.in.Steps {
		steps = append(steps, strings.TrimSuffix(w.step(st), "."))
	}
	if len(steps) > 0 {
		s += w.course + strings.Join(steps, "; ") + "."
	}
	return clip(s)
}

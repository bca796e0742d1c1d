// Package statistics counts incidents of a period for the half-yearly and yearly reports: the official table by kind, counts
// by unit, brand and severity, and how long it took to report and to close. Cases, incidents and records of what was issued
// come in; numbers go out.
package statistics

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/legal"
)

// Entry is one incident with its case.
type Entry struct {
	Case     cases.Case
	Incident *report.Incident
	Reported time.Time // of the first report that was issued; zero when none was
}

// Count is a name with a number.
type Count struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// Summary is what a period had.
type Summary struct {
	From, To   time.Time
	Total      int
	Open       int
	ByKind     []Count // in the pack's order, zeros too
	BySeverity []Count
	ByBrand    []Count // most first
	ByUnit     []Count
	ToReport   time.Duration // mean from detection to the first report
	ToClose    time.Duration // mean from detection to the end
	Table      [][]string    // the official table: kinds and a last row with the sums
}

// Summarize counts the incidents that were detected in a period; To is not part of it.
func Summarize(p *legal.Pack, entries []Entry, from, to time.Time) *Summary {
	s := &Summary{From: from, To: to}
	kinds, severities, brands, units := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	own, supported := map[string]int{}, map[string]int{}
	var report, end time.Duration
	reported, closed := 0, 0
	for _, e := range entries {
		at := e.Incident.Detected
		if at.Before(from) || !at.Before(to) {
			continue
		}
		s.Total++
		kind := e.Incident.Text("incident.kind")
		kinds[kind]++
		if e.Incident.Text("incident.support") == "" {
			own[kind]++
		} else {
			supported[kind]++
		}
		severities[e.Incident.Text("incident.severity")]++
		units[cmp.Or(e.Case.Unit, "–")]++
		for _, b := range e.Incident.Brands {
			brands[b]++
		}
		if !e.Reported.IsZero() {
			report, reported = report+e.Reported.Sub(at), reported+1
		}
		if e.Case.Status == cases.Closed {
			end, closed = end+e.Case.Closed.Sub(at), closed+1
		} else {
			s.Open++
		}
	}
	if reported > 0 {
		s.ToReport = report / time.Duration(reported)
	}
	if closed > 0 {
		s.ToClose = end / time.Duration(closed)
	}
	sum := [3]int{}
	for _, k := range p.Kinds {
		s.ByKind = append(s.ByKind, Count{k.VI, kinds[k.ID]})
		s.Table = append(s.Table, row(k.VI, kinds[k.ID], own[k.ID], supported[k.ID]))
		sum[0], sum[1], sum[2] = sum[0]+kinds[k.ID], sum[1]+own[k.ID], sum[2]+supported[k.ID]
	}
	s.Table = append(s.Table, row("Tổng số", sum[0], sum[1], sum[2]))
	for _, v := range p.Severities {
		s.BySeverity = append(s.BySeverity, Count{v.VI, severities[v.ID]})
	}
	s.ByBrand, s.ByUnit = ranked(brands), ranked(units)
	return s
}

// row is a row of the official table. What the program cannot know – help from abroad, requests, damage – stays open.
func row(name string, all, own, supported int) []string {
	return []string{name, fmt.Sprint(all), fmt.Sprint(own), fmt.Sprint(supported), "", "", ""}
}

func ranked(counts map[string]int) []Count {
	var out []Count
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, Count{name, counts[name]})
	}
	slices.SortStableFunc(out, func(a, b Count) int { return cmp.Compare(b.N, a.N) })
	return out
}

// Facts puts the numbers into an incident, for the forms.
func (s *Summary) Facts(in *report.Incident) error {
	from := report.Origin{Kind: report.FromProgram, Ref: "statistics"}
	last := s.To.Add(-time.Second)
	for key, f := range map[string]report.Fact{
		"stats.table": {Rows: s.Table},
		"period.from": {Values: []string{s.From.In(report.Zone).Format("01/2006")}},
		"period.to":   {Values: []string{last.In(report.Zone).Format("01/2006")}},
	} {
		f.From = from
		if err := in.Set(key, f); err != nil {
			return err
		}
	}
	return nil
}

// Chart draws counts as bars, as an SVG picture. Names are text in it and nothing else.
func Chart(title string, counts []Count) []byte {
	const height, left, width = 22, 330, 300
	most := 1
	for _, c := range counts {
		most = max(most, c.N)
	}
	var b strings.Builder
	total := height*len(counts) + 40
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", left+width+60, total)
	fmt.Fprintf(&b, `<text x="8" y="20" font-size="14" font-weight="bold">%s</text>`+"\n", escape.Replace(title))
	for i, c := range counts {
		y := 34 + i*height
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%d" height="14" fill="#1c5d99"/><text x="%d" y="%d">%d</text>`+"\n",
			left-8, y+12, escape.Replace(cut(c.Name)), left, y, c.N*width/most, left+c.N*width/most+6, y+12, c.N)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func cut(s string) string {
	if r := []rune(s); len(r) > 50 {
		return string(r[:49]) + "…"
	}
	return s
}

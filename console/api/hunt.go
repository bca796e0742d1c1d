package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"khien/console/account"
	"khien/console/report/exchange"
	"khien/detector"
	"khien/detector/store"
)

const (
	exportMax    = 10_000 // rows of a table that leaves the console
	defaultParts = 60
)

// counts tells how the findings of a query lie in time and which values they hold.
func (a *API) counts(w http.ResponseWriter, r *http.Request, who account.Account) error {
	q, err := a.readQuery(r)
	if err != nil {
		return err
	}
	parts := defaultParts
	if s := r.URL.Query().Get("parts"); s != "" {
		if parts, err = strconv.Atoi(s); err != nil || parts < 1 || parts > store.PartsMax {
			return badRequest("parts", fmt.Sprintf("parts is not a number from 1 to %d", store.PartsMax))
		}
	}
	if err := a.auditSearch(r, who); err != nil {
		return err
	}
	if q.To.IsZero() && !q.From.IsZero() {
		q.To = a.cfg.Now()
	}
	c, err := a.cfg.Store.Count(r.Context(), q, parts)
	if err != nil {
		return storeProblem(err)
	}
	out := struct {
		Total   int                    `json:"total"`
		From    time.Time              `json:"from"`
		To      time.Time              `json:"to"`
		Parts   []int                  `json:"parts"`
		Counted int                    `json:"counted"` // of the newest findings, whose values are told
		Top     map[string][]nameCount `json:"top"`
	}{c.Total, c.From, c.To, c.Parts, c.Counted, map[string][]nameCount{}}
	if out.Parts == nil {
		out.Parts = []int{}
	}
	for field, list := range c.Top {
		for _, v := range list {
			out.Top[field] = append(out.Top[field], nameCount{v.Value, v.Count})
		}
	}
	return answer(w, out)
}

// column is one of an export: its heading and what stands in it.
type column struct {
	name string
	of   func(f *detector.Finding) string
}

// columns are an export's. Addresses of pages are not among them: they carry what people typed.
func columns(lang string) []column {
	return []column{
		{"time", func(f *detector.Finding) string { return f.Time.UTC().Format(time.RFC3339Nano) }},
		{"severity", func(f *detector.Finding) string { return strconv.Itoa(int(f.Severity)) }},
		{"summary", func(f *detector.Finding) string {
			if lang == "en" {
				return f.Summary.EN
			}
			return f.Summary.VI
		}},
		{"detector", func(f *detector.Finding) string { return string(f.Source) }},
		{"rule", func(f *detector.Finding) string { return f.Rule.ID }},
		{"rule_name", func(f *detector.Finding) string { return f.Rule.Name }},
		{"source", func(f *detector.Finding) string { return endpoint(f.SrcIP, f.SrcPort) }},
		{"destination", func(f *detector.Finding) string { return endpoint(f.DstIP, f.DstPort) }},
		{"host", func(f *detector.Finding) string { return f.Domain }},
		{"brand", func(f *detector.Finding) string {
			if f.Fraud == nil {
				return ""
			}
			return f.Fraud.Brand
		}},
		{"file", func(f *detector.Finding) string { return f.FileName }},
		{"sha256", func(f *detector.Finding) string { return f.SHA256 }},
		{"ja4", func(f *detector.Finding) string { return f.JA4 }},
		{"certificate", func(f *detector.Finding) string { return f.Certificate.Fingerprint }},
		{"campaign", func(f *detector.Finding) string { return f.CampaignID }},
		{"chain", func(f *detector.Finding) string { return f.ChainID }},
		{"sensor", func(f *detector.Finding) string { return f.Sensor }},
		{"count", func(f *detector.Finding) string { return strconv.Itoa(f.Count) }},
		{"id", func(f *detector.Finding) string { return f.ID }},
	}
}

// export gives the findings of a query as a table, newest first.
func (a *API) export(w http.ResponseWriter, r *http.Request, who account.Account) error {
	q, err := a.readQuery(r)
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "finding.export", r.URL.Query().Get("q"), r.URL.Query().Get("range")); err != nil {
		return err
	}
	q.Descending, q.Limit, q.Cursor = true, 1000, ""
	list := columns(r.URL.Query().Get("lang"))
	out := bytes.NewBufferString("\ufeff") // tells spreadsheets that it is UTF-8
	c := csv.NewWriter(out)
	row := make([]string, len(list))
	for i, col := range list {
		row[i] = col.name
	}
	c.Write(row) // to memory
	rows, name := 0, "khien-findings"
	for rows < exportMax {
		p, err := a.cfg.Store.Find(r.Context(), q)
		if err != nil {
			return storeProblem(err)
		}
		for j := range p.Findings {
			for i, col := range list {
				row[i] = exchange.Cell(col.of(&p.Findings[j]))
			}
			c.Write(row)
		}
		rows += len(p.Findings)
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	if q.Cursor != "" {
		name += "-part"
	}
	c.Flush()
	attachment(w, "text/csv; charset=utf-8", name+".csv")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	out.WriteTo(w) // a browser that leaves sees a file that is too short
	return nil
}

// bundleView is a store.Bundle as the pages read it.
type bundleView struct {
	Value    string        `json:"value"`
	Severity int           `json:"severity"`
	Score    float64       `json:"score"`
	Findings int           `json:"findings"`
	Groups   int           `json:"groups"`
	First    time.Time     `json:"first"`
	Last     time.Time     `json:"last"`
	Summary  detector.Text `json:"summary"` // of the newest finding
	RuleName string        `json:"rule_name"`
	Domain   string        `json:"domain"`
	SrcIP    string        `json:"src_ip"`
	LatestID string        `json:"latest_id"`
}

// bundles is the inbox by story, campaign, brand, sensor or unit.
func (a *API) bundles(w http.ResponseWriter, r *http.Request, who account.Account) error {
	q, err := a.readQuery(r)
	if err != nil {
		return err
	}
	by := r.URL.Query().Get("by")
	if !slices.Contains(store.BundleFields(), by) {
		return badRequest("by", "by is chain, campaign, brand, sensor or unit")
	}
	if err := a.auditSearch(r, who); err != nil {
		return err
	}
	l, err := a.cfg.Store.Bundles(r.Context(), q, by)
	if err != nil {
		return storeProblem(err)
	}
	list := make([]bundleView, 0, len(l.Bundles))
	for _, b := range l.Bundles {
		f := &b.Latest
		list = append(list, bundleView{b.Value, int(b.Severity), b.Score, b.Findings, b.Groups, b.First, b.Last, f.Summary, f.Rule.Name, f.Domain,
			endpoint(f.SrcIP, 0), f.ID})
	}
	return answer(w, map[string]any{"bundles": list, "more": l.More})
}

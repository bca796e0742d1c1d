// Package xarf writes abuse reports in XARF v4: one for each page and each application that the incident shows, since an
// abuse desk works on one target at a time. Victims are not in them.
package xarf

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/exchange"
)

const version = "4.2.0"

// Contact is who reports or sends.
type Contact struct {
	Org     string `json:"org"`
	Contact string `json:"contact"`
	Domain  string `json:"domain"`
}

// Evidence is a piece of evidence inside a report.
type Evidence struct {
	ContentType string `json:"content_type"`
	Description string `json:"description"`
	Payload     string `json:"payload"` // base64
	Hash        string `json:"hash"`
}

// Report is one report.
type Report struct {
	Version        string     `json:"xarf_version"`
	ID             string     `json:"report_id"`
	Timestamp      string     `json:"timestamp"`
	Reporter       Contact    `json:"reporter"`
	Sender         Contact    `json:"sender"`
	Source         string     `json:"source_identifier"`
	SourcePort     uint16     `json:"source_port,omitempty"`
	Category       string     `json:"category"`
	Type           string     `json:"type"`
	URL            string     `json:"url"`
	Domain         string     `json:"domain,omitempty"`
	Brand          string     `json:"target_brand,omitempty"`
	LureType       string     `json:"lure_type,omitempty"`
	Verified       string     `json:"verified_at,omitempty"`
	Method         string     `json:"verification_method,omitempty"`
	EvidenceSource string     `json:"evidence_source"`
	Evidence       []Evidence `json:"evidence"`
	Tags           []string   `json:"tags"`
	Confidence     float64    `json:"confidence"`
	Description    string     `json:"description"`
}

// New returns the reports of an incident, in the order of their targets.
func New(in *report.Incident, o exchange.Options) []Report {
	who := Contact{o.Org, o.Contact, o.Domain}
	var out []Report
	done := map[string]bool{}
	put := func(i report.Indicator, target string) {
		host := exchange.Host(target)
		if host == "" || len(out) >= reportsMax {
			return
		}
		kind := "phishing"
		if i.Use == "malware" || strings.HasSuffix(strings.ToLower(target), ".apk") {
			kind = "malware"
		}
		r := Report{Version: version, ID: exchange.UUID(exchange.Namespace, "xarf "+in.Case+" "+target), Timestamp: i.Last.UTC().Format(time.RFC3339),
			Reporter: who, Sender: who, Source: host, Category: "content", Type: kind, URL: target, EvidenceSource: "automated_scan",
			Tags: []string{"tlp:" + o.TLP, "case:" + strings.ToLower(in.Case)}, Confidence: 0.95, Description: in.PublicTitle(), Evidence: []Evidence{proof(in, i)}}
		if slices.ContainsFunc(in.Hostile(report.Domain), func(d report.Indicator) bool { return d.Value == host }) {
			r.Domain = host
		}
		if kind == "phishing" && len(in.Brands) > 0 {
			r.Brand = in.Brands[0]
		}
		done[host] = true
		out = append(out, r)
	}
	for _, i := range in.Hostile(report.URL) {
		put(i, i.Value)
	}
	for _, i := range in.Hostile(report.Domain) {
		if !done[i.Value] { // only its name was seen: in DNS or TLS
			put(i, "https://"+i.Value+"/")
		}
	}
	return out
}

// reportsMax is how many reports one incident gives.
const reportsMax = 500

// proof is what the report's reader can check: times, the story and the indicator, as text.
func proof(in *report.Incident, i report.Indicator) Evidence {
	text := fmt.Sprintf("%s\n%s %s\nfirst seen %s\nlast seen %s\n\n%s\n", in.PublicTitle(), i.Kind, i.Value, i.First.UTC().Format(time.RFC3339),
		i.Last.UTC().Format(time.RFC3339), in.PublicEN("incident.summary"))
	sum := sha256.Sum256([]byte(text))
	return Evidence{ContentType: "text/plain", Description: "What a network sensor saw, without the victim", Payload: base64.StdEncoding.EncodeToString([]byte(text)),
		Hash: "sha256:" + hex.EncodeToString(sum[:])}
}

// JSON returns a report.
func JSON(r Report) ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("xarf: %w", err)
	}
	return append(b, '\n'), nil
}

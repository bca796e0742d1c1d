// Package misp writes an incident as an event of MISP's core format, and events as a feed folder that MISP reads. Ids are
// name-based, so that a second export updates the first. Victims are not in it.
package misp

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/exchange"
)

// Attribute is an attribute of an event or object.
type Attribute struct {
	UUID      string `json:"uuid"`
	Relation  string `json:"object_relation,omitempty"`
	Type      string `json:"type"`
	Category  string `json:"category"`
	Value     string `json:"value"`
	IDS       bool   `json:"to_ids"`
	Timestamp string `json:"timestamp"`
	First     string `json:"first_seen,omitempty"`
	Last      string `json:"last_seen,omitempty"`
	Comment   string `json:"comment,omitempty"`
}

// Object is an object of a template.
type Object struct {
	UUID       string      `json:"uuid"`
	Name       string      `json:"name"`
	Meta       string      `json:"meta-category"`
	Template   string      `json:"template_uuid"`
	Version    string      `json:"template_version"`
	Timestamp  string      `json:"timestamp"`
	Attributes []Attribute `json:"Attribute"`
}

// Org is an organisation.
type Org struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

// Tag is a label.
type Tag struct {
	Name   string `json:"name"`
	Colour string `json:"colour,omitempty"`
}

// Event is an event.
type Event struct {
	UUID         string      `json:"uuid"`
	Info         string      `json:"info"`
	Date         string      `json:"date"`
	Threat       string      `json:"threat_level_id"`
	Analysis     string      `json:"analysis"`
	Distribution string      `json:"distribution"`
	Timestamp    string      `json:"timestamp"`
	Published    bool        `json:"published"`
	Orgc         Org         `json:"Orgc"`
	Tags         []Tag       `json:"Tag"`
	Attributes   []Attribute `json:"Attribute"`
	Objects      []Object    `json:"Object"`
}

// template is an object template with its id and version.
type template struct{ name, meta, id, version string }

var (
	phishing = template{"phishing", "network", "2dad6f9d-d425-4217-8fda-0b0a2d815307", "7"}
	file     = template{"file", "file", "688c46fb-5edb-40a3-8273-1af7923e2215", "25"}
	incident = template{"incident", "misc", "38597424-f9bb-4865-9b4b-819172df0334", "1"}
)

// distributions by TLP label: your organisation, this community, all.
var distributions = map[string]string{"red": "0", "amber+strict": "0", "amber": "1", "green": "2", "clear": "3"}

type writer struct {
	in  *report.Incident
	o   exchange.Options
	now string
}

func (w *writer) id(key string) string {
	return exchange.UUID(exchange.Namespace, "misp "+w.in.Case+" "+key)
}

func (w *writer) attribute(key, relation, kind, category, value string, ids bool) Attribute {
	return Attribute{UUID: w.id(key), Relation: relation, Type: kind, Category: category, Value: value, IDS: ids, Timestamp: w.now}
}

func (w *writer) object(t template, key string, attributes ...Attribute) Object {
	return Object{UUID: w.id("object " + key), Name: t.name, Meta: t.meta, Template: t.id, Version: t.version, Timestamp: w.now, Attributes: attributes}
}

// New returns the event of an incident. rsit is the tag of its official kind.
func New(in *report.Incident, o exchange.Options, rsit string) *Event {
	w := &writer{in: in, o: o, now: strconv.FormatInt(o.Now.Unix(), 10)}
	e := &Event{UUID: w.id("event"), Info: in.PublicTitle(), Date: in.Detected.In(report.Zone).Format(time.DateOnly), Threat: "2", Analysis: "1",
		Distribution: distributions[o.TLP], Timestamp: w.now, Orgc: Org{o.Org, exchange.UUID(exchange.Namespace, "identity "+o.Domain)},
		Tags: []Tag{{Name: "tlp:" + o.TLP}}, Attributes: []Attribute{}, Objects: []Object{}}
	if !in.Resolved.IsZero() {
		e.Analysis = "2"
	}
	if rsit != "" {
		e.Tags = append(e.Tags, Tag{Name: rsit})
	}
	for _, t := range in.Techniques {
		e.Attributes = append(e.Attributes, w.attribute("technique "+t.ID, "", "text", "External analysis", strings.TrimSpace("ATT&CK "+t.ID+" "+t.Name), false))
	}
	if s := in.PublicEN("incident.summary"); s != "" {
		e.Attributes = append(e.Attributes, w.attribute("summary", "", "comment", "Other", s, false))
	}
	e.Objects = append(e.Objects, w.object(incident, "incident", w.attribute("incident name", "name", "text", "Other", in.PublicTitle(), false)))
	w.indicators(e)
	return e
}

func (w *writer) indicators(e *Event) {
	seen := func(a Attribute, i report.Indicator) Attribute {
		a.First, a.Last = i.First.UTC().Format("2006-01-02T15:04:05.000000+00:00"), i.Last.UTC().Format("2006-01-02T15:04:05.000000+00:00")
		return a
	}
	inObject := map[string]bool{}
	for _, i := range w.in.Hostile(report.URL) {
		host := exchange.Host(i.Value)
		attributes := []Attribute{seen(w.attribute("url "+i.Value, "url", "url", "Network activity", i.Value, true), i)}
		if host != "" && !strings.Contains(host, ":") {
			kind, relation := "hostname", "hostname"
			if slices.ContainsFunc(w.in.Hostile(report.IP), func(a report.Indicator) bool { return a.Value == host }) {
				kind, relation = "ip-dst", "ip"
			}
			attributes = append(attributes, w.attribute("url host "+i.Value, relation, kind, "Network activity", host, true))
		}
		if len(w.in.Brands) > 0 {
			attributes = append(attributes, w.attribute("target "+i.Value, "target", "text", "Other", w.in.Brands[0], false))
		}
		inObject[host] = true
		e.Objects = append(e.Objects, w.object(phishing, "url "+i.Value, attributes...))
	}
	for _, i := range w.in.Hostile(report.SHA256) {
		attributes := []Attribute{seen(w.attribute("sha256 "+i.Value, "sha256", "sha256", "Payload delivery", i.Value, true), i)}
		if i.Name != "" {
			attributes = append(attributes, w.attribute("name "+i.Value, "filename", "filename", "Payload delivery", i.Name, false))
		}
		e.Objects = append(e.Objects, w.object(file, "file "+i.Value, attributes...))
	}
	for _, i := range w.in.Hostile("") {
		switch {
		case i.Kind == report.Domain && !inObject[i.Value]:
			e.Attributes = append(e.Attributes, seen(w.attribute("domain "+i.Value, "", "domain", "Network activity", i.Value, true), i))
		case i.Kind == report.IP:
			e.Attributes = append(e.Attributes, seen(w.attribute("ip "+i.Value, "", "ip-dst", "Network activity", i.Value, true), i))
		}
	}
}

// JSON returns an event as MISP imports it.
func JSON(e *Event) ([]byte, error) {
	b, err := json.MarshalIndent(map[string]any{"Event": e}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("misp: %w", err)
	}
	return append(b, '\n'), nil
}

// Feed returns the files of a feed by their names: a manifest, the hashes of all values, and an event each.
func Feed(events []*Event) (map[string][]byte, error) {
	out := map[string][]byte{}
	manifest := map[string]any{}
	var hashes bytes.Buffer
	for _, e := range events {
		b, err := JSON(e)
		if err != nil {
			return nil, err
		}
		out[e.UUID+".json"] = b
		manifest[e.UUID] = map[string]any{"Orgc": e.Orgc, "Tag": e.Tags, "info": e.Info, "date": e.Date, "analysis": e.Analysis,
			"threat_level_id": e.Threat, "timestamp": e.Timestamp}
		all := slices.Clone(e.Attributes)
		for _, o := range e.Objects {
			all = append(all, o.Attributes...)
		}
		for _, a := range all {
			sum := md5.Sum([]byte(a.Value)) // what feeds are looked up by
			fmt.Fprintf(&hashes, "%s,%s\n", hex.EncodeToString(sum[:]), e.UUID)
		}
	}
	b, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("misp: %w", err)
	}
	out["manifest.json"], out["hashes.csv"] = append(b, '\n'), hashes.Bytes()
	return out, nil
}

// Package stix writes an incident as a STIX 2.1 bundle. The facts of the incident and its infrastructure stand in report and
// note as well, since importers leave those objects out. Ids are name-based: the same incident has the same objects in every
// export. Victims are not in it.
package stix

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/exchange"
)

const (
	spec = "2.1"
	// scoNamespace is that of ids of observables (STIX 2.1, 2.9).
	scoNamespace = "00abedb4-aa42-466c-9c01-fed23315a9b7"
	incidentCore = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
	tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
)

// tlpIDs are the marking definitions of TLP 2.0 that OASIS fixed.
var tlpIDs = map[string]string{
	"clear":        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"green":        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"amber":        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"red":          "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// Object is a STIX object.
type Object map[string]any

type bundler struct {
	in      *report.Incident
	o       exchange.Options
	creator string
	marking string
	created string
	objects []Object
}

// Objects returns the incident's objects, each with its id, in an order that is always the same.
func Objects(in *report.Incident, o exchange.Options) ([]Object, error) {
	marking, ok := tlpIDs[o.TLP]
	if !ok {
		return nil, fmt.Errorf("stix: tlp %q", o.TLP)
	}
	b := &bundler{in: in, o: o, marking: marking, created: stamp(in.Detected)}
	b.objects = append(b.objects, Object{"type": "marking-definition", "spec_version": spec, "id": marking, "created": "2022-10-01T00:00:00.000Z",
		"name": "TLP:" + strings.ToUpper(o.TLP), "extensions": Object{tlpExtension: Object{"extension_type": "property-extension", "tlp_2_0": strings.ToLower(o.TLP)}}})
	b.creator = "identity--" + exchange.ID("identity "+o.Domain)
	b.objects = append(b.objects, Object{"type": "identity", "spec_version": spec, "id": b.creator, "created": "2026-01-01T00:00:00.000Z",
		"modified": "2026-01-01T00:00:00.000Z", "name": o.Org, "identity_class": "organization", "contact_information": o.Contact,
		"object_marking_refs": []string{marking}})
	if err := b.build(); err != nil {
		return nil, err
	}
	return b.objects, nil
}

// Bundle returns the incident as a bundle.
func Bundle(in *report.Incident, o exchange.Options) ([]byte, error) {
	objects, err := Objects(in, o)
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(Object{"type": "bundle", "id": "bundle--" + exchange.ID("bundle "+in.Case+" "+stamp(o.Now)),
		"objects": objects}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("stix: %w", err)
	}
	return append(b, '\n'), nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// add puts in a domain or relationship object and returns its id; key tells objects of a type apart in the case.
func (b *bundler) add(kind, key string, o Object) string {
	id := kind + "--" + exchange.ID(kind+" "+b.in.Case+" "+key)
	o["type"], o["spec_version"], o["id"], o["created"], o["modified"] = kind, spec, id, b.created, stamp(b.o.Now)
	o["created_by_ref"], o["object_marking_refs"] = b.creator, []string{b.marking}
	b.objects = append(b.objects, o)
	return id
}

func (b *bundler) relate(from, kind, to string) string {
	return b.add("relationship", from+" "+kind+" "+to, Object{"relationship_type": kind, "source_ref": from, "target_ref": to})
}

// observable puts in an observable; contributing are the properties that its id is made of.
func (b *bundler) observable(kind string, contributing, more Object) (string, error) {
	name, err := evidence.Canonical(contributing)
	if err != nil {
		return "", err
	}
	o := Object{"type": kind, "spec_version": spec, "id": kind + "--" + exchange.UUID(scoNamespace, string(name)), "object_marking_refs": []string{b.marking}}
	for _, from := range []Object{contributing, more} {
		for k, v := range from {
			o[k] = v
		}
	}
	b.objects = append(b.objects, o)
	return o["id"].(string), nil
}

// quote writes a string of a pattern (STIX 2.1, 9.2).
func quote(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }

// sco returns the observable of an indicator and the pattern that finds it.
func (b *bundler) sco(i report.Indicator) (id, pattern string, err error) {
	switch i.Kind {
	case report.Domain:
		id, err = b.observable("domain-name", Object{"value": i.Value}, nil)
		return id, "[domain-name:value = " + quote(i.Value) + "]", err
	case report.URL:
		id, err = b.observable("url", Object{"value": i.Value}, nil)
		return id, "[url:value = " + quote(i.Value) + "]", err
	case report.IP:
		a, err := netip.ParseAddr(i.Value)
		if err != nil {
			return "", "", fmt.Errorf("stix: %w", err)
		}
		kind := "ipv6-addr"
		if a.Is4() {
			kind = "ipv4-addr"
		}
		id, err = b.observable(kind, Object{"value": i.Value}, nil)
		return id, "[" + kind + ":value = " + quote(i.Value) + "]", err
	case report.SHA256:
		more := Object{}
		if i.Name != "" {
			more["name"] = i.Name
		}
		id, err = b.observable("file", Object{"hashes": Object{"SHA-256": i.Value}}, more)
		return id, "[file:hashes.'SHA-256' = " + quote(i.Value) + "]", err
	}
	return "", "", fmt.Errorf("stix: an indicator of kind %q", i.Kind)
}

func (b *bundler) build() error {
	in := b.in
	status, determination := "open", "suspected"
	if !in.Resolved.IsZero() {
		status = "closed"
	}
	if _, ok := in.Confirmed["severity"]; ok {
		determination = "confirmed"
	}
	incident := b.add("incident", "", Object{"name": in.PublicTitle(), "description": b.in.PublicEN("incident.summary"), "labels": []string{in.Case},
		"extensions": Object{incidentCore: Object{"extension_type": "property-extension", "determination": determination,
			"investigation_status": status, "incident_types": []string{types[in.Text("incident.kind")]}, "detection_methods": []string{"automated-tool"}}}})
	refs := []string{incident}
	var infrastructure, malware string
	patterns := map[string]string{}
	for _, t := range in.Techniques {
		name := t.Name
		if name == "" {
			name = t.ID
		}
		patterns[t.ID] = b.add("attack-pattern", t.ID, Object{"name": name, "external_references": []Object{{"source_name": "mitre-attack", "external_id": t.ID}}})
		refs = append(refs, patterns[t.ID], b.relate(incident, "related-to", patterns[t.ID]))
	}
	hostile := in.Hostile("")
	if slices.ContainsFunc(hostile, func(i report.Indicator) bool { return i.Kind != report.SHA256 }) {
		infrastructure = b.add("infrastructure", "", Object{"name": "Infrastructure of " + in.Case, "infrastructure_types": []string{"phishing"},
			"description": "Names and addresses of the incident " + in.Case})
		refs = append(refs, infrastructure, b.relate(incident, "related-to", infrastructure))
	}
	if slices.ContainsFunc(hostile, func(i report.Indicator) bool {
		return i.Kind == report.SHA256 && strings.HasSuffix(strings.ToLower(i.Name), ".apk")
	}) {
		malware = b.add("malware", "", Object{"name": "Application of " + in.Case, "is_family": false, "malware_types": []string{"trojan"},
			"description": "Application that imitates an organisation"})
		refs = append(refs, malware, b.relate(incident, "related-to", malware))
	}
	for _, i := range hostile {
		more, err := b.indicator(i, infrastructure, malware)
		if err != nil {
			return err
		}
		refs = append(refs, more...)
	}
	note := b.add("note", "", Object{"abstract": "Facts of " + in.Case, "content": b.facts(), "object_refs": []string{incident}})
	b.add("report", "", Object{"name": in.PublicTitle(), "description": b.facts(), "report_types": []string{"observed-data"},
		"published": stamp(b.o.Now), "object_refs": append(refs, note)})
	return nil
}

// indicator puts in what belongs to one indicator and returns the ids.
func (b *bundler) indicator(i report.Indicator, infrastructure, malware string) ([]string, error) {
	sco, pattern, err := b.sco(i)
	if err != nil {
		return nil, err
	}
	key := i.Kind + " " + i.Value
	observed := b.add("observed-data", key, Object{"first_observed": stamp(i.First), "last_observed": stamp(i.Last),
		"number_observed": max(len(i.Findings), 1), "object_refs": []string{sco}})
	indicator := b.add("indicator", key, Object{"name": i.Kind + " " + report.Defang(i.Value), "description": "Seen in " + b.in.Case,
		"indicator_types": []string{"malicious-activity"}, "pattern": pattern, "pattern_type": "stix", "pattern_version": spec,
		"valid_from": stamp(i.First), "valid_until": stamp(b.o.Until()), "confidence": 85})
	sighting := b.add("sighting", key, Object{"sighting_of_ref": indicator, "observed_data_refs": []string{observed},
		"where_sighted_refs": []string{b.creator}, "count": max(len(i.Findings), 1), "first_seen": stamp(i.First), "last_seen": stamp(i.Last)})
	out := []string{sco, observed, indicator, sighting}
	if i.Kind != report.SHA256 {
		out = append(out, b.relate(indicator, "indicates", infrastructure), b.relate(infrastructure, "consists-of", sco))
	} else if malware != "" {
		out = append(out, b.relate(indicator, "indicates", malware))
	}
	return append(out, b.relate(indicator, "based-on", observed)), nil
}

// types are the incident types of the extension by the official kinds.
var types = map[string]string{"dos": "denial-of-service", "phishing": "phishing", "malware": "malicious-code", "intrusion": "unauthorized-access",
	"deface": "defacement", "ransom": "ransomware", "sabotage": "destruction", "espionage": "exfiltration", "multi": "phishing", "other": "other", "": "other"}

// facts writes the incident as text, for importers that leave objects out.
func (b *bundler) facts() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n\n%s\n", b.in.PublicVI("incident.summary"), b.in.PublicEN("incident.summary"))
	for _, st := range b.in.Steps {
		fmt.Fprintf(&s, "- %s %s (%s): %s\n", stamp(st.Time), st.Stage, st.Visibility, st.EN)
	}
	for _, i := range b.in.Hostile("") {
		fmt.Fprintf(&s, "- %s %s\n", i.Kind, report.Defang(i.Value))
	}
	if m := b.in.PublicVI("incident.measures"); m != "" {
		fmt.Fprintf(&s, "%s\n", m)
	}
	return s.String()
}

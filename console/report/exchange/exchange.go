// Package exchange holds what all machine formats share – who sends, under which TLP label, which indicators may leave – and
// the small formats themselves: defanged CSV, OpenC2 deny actions, ARF (RFC 5965) and mail to an abuse contact. An incident
// comes in, bytes go out. Victims, accounts and telephone numbers are in none of them.
package exchange

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"khien/console/report"
)

// Options is what a format needs beside the incident.
type Options struct {
	Org     string // name of the sender
	Domain  string // of the sender
	Contact string // mail address of the sender
	TLP     string // clear, green, amber, amber+strict, red
	Now     time.Time
	TTL     time.Duration // how long indicators are good; 0 means 30 days
}

// invalid is the domain of a sender that has not said its own (RFC 2606, 2): nothing can be sent from there.
const invalid = "khien.invalid"

// defaultTTL is how long indicators are good.
const defaultTTL = 30 * 24 * time.Hour

// From makes the options of a unit.
func From(p *report.Profile, now time.Time) Options {
	return Options{Org: cmp.Or(p.NameEN, p.Agency, "Khiên"), Domain: cmp.Or(p.Domain, invalid),
		Contact: cmp.Or(p.Contact, "soc@"+cmp.Or(p.Domain, invalid)), TLP: p.TLP, Now: now.UTC(), TTL: defaultTTL}
}

// Sendable reports whether the sender can be answered.
func (o Options) Sendable() bool { return !strings.HasSuffix(o.Domain, ".invalid") }

// Until returns when indicators end.
func (o Options) Until() time.Time { return o.Now.Add(cmp.Or(o.TTL, defaultTTL)) }

// UUID returns the name-based UUID of a name (RFC 9562, 5.5): the same thing has the same id in every export.
func UUID(namespace, name string) string {
	ns, err := hex.DecodeString(strings.ReplaceAll(namespace, "-", ""))
	if err != nil || len(ns) != 16 {
		panic("BUG: not a namespace: " + namespace)
	}
	h := sha1.Sum(append(ns, name...))
	return written([16]byte(h[:16]), 5)
}

// ID returns an id for a name in the form of a random UUID, which some formats ask for; it is a hash all the same, so that
// the same thing has the same id in every export.
func ID(name string) string {
	h := sha256.Sum256([]byte(Namespace + " " + name))
	return written([16]byte(h[:16]), 4)
}

func written(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// Namespace is that of the ids that the program gives.
const Namespace = "5a1e8f0c-7d3b-5b6e-9c41-6b6869656e00"

// Cell keeps a spreadsheet from reading a text of a peer as a formula (CWE-1236): what begins like one is put behind an
// apostrophe. Full-width forms count too, since spreadsheets take them for the same.
func Cell(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// CSV returns the hostile indicators, defanged, one a line, with a line of comment for the TLP label.
func CSV(in *report.Incident, o Options) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# TLP:%s %s\n", strings.ToUpper(o.TLP), in.Case)
	w := csv.NewWriter(&b)
	rows := [][]string{{"kind", "value", "name", "port", "first_seen", "last_seen"}}
	for _, i := range in.Hostile("") {
		port := ""
		if i.Port > 0 {
			port = fmt.Sprint(i.Port)
		}
		value := i.Value
		if i.Kind != report.SHA256 {
			value = report.Defang(value)
		}
		rows = append(rows, []string{i.Kind, Cell(value), Cell(i.Name), port, i.First.UTC().Format(time.RFC3339), i.Last.UTC().Format(time.RFC3339)})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("exchange: csv: %w", err)
	}
	return b.Bytes(), nil
}

// Command is an OpenC2 command (language specification 1.0, 3.3.1).
type Command struct {
	Action   string         `json:"action"`
	Target   map[string]any `json:"target"`
	Args     map[string]any `json:"args"`
	Actuator map[string]any `json:"actuator"`
	ID       string         `json:"command_id"`
}

// OpenC2 returns a deny command for each hostile name and address. Nothing sends them by itself.
func OpenC2(in *report.Incident, o Options) ([]byte, error) {
	out := []Command{}
	for _, i := range in.Hostile("") {
		target := map[string]any{}
		switch i.Kind {
		case report.Domain:
			target["domain_name"] = i.Value
		case report.IP:
			a, err := netip.ParseAddr(i.Value)
			if err != nil {
				continue
			}
			target[map[bool]string{true: "ipv4_net", false: "ipv6_net"}[a.Is4()]] = netip.PrefixFrom(a, a.BitLen()).String()
		default:
			continue
		}
		out = append(out, Command{Action: "deny", Target: target, Actuator: map[string]any{"slpf": map[string]any{}},
			Args: map[string]any{"duration": o.Until().Sub(o.Now).Milliseconds(), "response_requested": "complete"},
			ID:   UUID(Namespace, "openc2 "+in.Case+" "+i.Kind+" "+i.Value)})
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("exchange: openc2: %w", err)
	}
	return append(b, '\n'), nil
}

// Host returns the host of a URL, "" when there is none.
func Host(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

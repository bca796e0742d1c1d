package fraud

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/detector"
)

// Limits of reports.
const (
	maxReports      = 200_000
	maxReportText   = 4096
	maxReportValues = 16
	maxVisitors     = 100
)

// Report is what somebody has reported: a citizen, or a bank's hotline. Values are what can be looked for.
type Report struct {
	ID      string    `json:"id"` // hash of kind, values and text
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`             // url, phone, account, sms, apk
	By      string    `json:"by,omitempty"`     // who took it in, as they call themselves
	Text    string    `json:"text,omitempty"`   // of a message, with citizen and card numbers masked
	Values  []string  `json:"values,omitempty"` // "domain vneid-gov.example", "phone 0912345678", "account 1234", "sha256 …"
	Comment string    `json:"comment,omitempty"`
}

// NewReport reads what was reported. kind may be empty: it then follows from the text. The error is for the person who
// typed it.
func NewReport(kind, text, by string, at time.Time) (Report, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxReportText {
		return Report{}, fmt.Errorf("fraud: a report has 1 to %d bytes, this has %d", maxReportText, len(text))
	}
	if kind == "" {
		kind = guessKind(text)
	}
	r := Report{Time: at.UTC(), Kind: kind, By: by}
	switch kind {
	case "url":
		h := hostOf(text)
		if h == "" {
			return Report{}, fmt.Errorf("fraud: %q is neither a URL nor a name", clip(text))
		}
		r.Values = []string{"domain " + h}
	case "phone":
		p := phoneOf(text)
		if p == "" {
			return Report{}, fmt.Errorf("fraud: %q is no phone number: 8 to 15 digits are expected", clip(text))
		}
		r.Values = []string{"phone " + p}
	case "account":
		a := strings.NewReplacer(" ", "", "-", "", ".", "").Replace(text)
		if n := digits([]byte(a)); n < 6 || n != len(a) || n > 20 {
			return Report{}, fmt.Errorf("fraud: %q is no account number: 6 to 20 digits are expected", clip(text))
		}
		r.Values = []string{"account " + a}
	case "apk":
		s := strings.ToLower(text)
		if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
			return Report{}, fmt.Errorf("fraud: an application is reported by the 64 hexadecimal digits of its SHA-256")
		}
		r.Values = []string{"sha256 " + s}
	case "sms":
		r.Text = maskPeople(text)
		r.Values = indicators(text)
	default:
		return Report{}, fmt.Errorf("fraud: no kind of report %q: url, phone, account, sms, apk", kind)
	}
	sum := sha256.Sum256([]byte(kind + "\x00" + strings.Join(r.Values, "\x00") + "\x00" + r.Text))
	r.ID = hex.EncodeToString(sum[:16])
	return r, nil
}

func guessKind(text string) string {
	switch {
	case len(text) == 64 && strings.Trim(strings.ToLower(text), "0123456789abcdef") == "":
		return "apk"
	case !strings.ContainsAny(text, " \n\t") && hostOf(text) != "":
		return "url"
	case phoneOf(text) != "":
		return "phone"
	}
	return "sms"
}

// hostOf returns the host of a URL or of a text that is a name, "" for none.
func hostOf(text string) string {
	if h := actionHost([]byte(text)); h != nil {
		text = string(h)
	} else if i := strings.IndexAny(text, "/?#"); i >= 0 {
		text = text[:i]
	}
	text, _, _ = strings.Cut(text, ":")
	n, problem := feedName(text)
	if problem != "" || isAddress([]byte(n)) || registrable(n) == "" {
		return ""
	}
	if reg, suffix, _ := split([]byte(n)); suffix <= 0 || reg >= suffix {
		return ""
	}
	return n
}

// phoneOf returns the digits of a phone number, national where it is of Vietnam.
func phoneOf(text string) string {
	p := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(text)
	p = strings.TrimPrefix(p, "+")
	if n := digits([]byte(p)); n != len(p) || n < 8 || n > 15 {
		return ""
	}
	if rest, ok := strings.CutPrefix(p, "84"); ok && len(p) >= 11 {
		p = "0" + rest
	}
	return p
}

// indicators finds names and phone numbers in a message.
func indicators(text string) (out []string) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`,;"'()<>`, r) }) {
		word = strings.TrimRight(word, ".!?:")
		if len(out) >= maxReportValues {
			break
		}
		if h := hostOf(word); h != "" && (strings.Contains(word, "/") || suffixKnown(h)) {
			out = appendHost(out, "domain "+h)
		} else if p := phoneOf(word); p != "" && len(p) >= 9 && secretByValue([]byte(p))&(secretCitizen|secretCard) == 0 {
			out = appendHost(out, "phone "+p)
		}
	}
	return out
}

// suffixKnown keeps "v.v" and "12.5kg" from being names.
func suffixKnown(h string) bool {
	i := strings.LastIndexByte(h, '.')
	return len(h)-i > 2 && strings.Trim(h[i+1:], "abcdefghijklmnopqrstuvwxyz") == "" && i > 1
}

// maskPeople masks citizen and card numbers in a message.
func maskPeople(text string) string {
	b := []byte(text)
	for i := 0; i < len(b); {
		if b[i] < '0' || b[i] > '9' {
			i++
			continue
		}
		end := i
		for end < len(b) && (b[end] >= '0' && b[end] <= '9' || end+1 < len(b) && (b[end] == ' ' || b[end] == '-') && b[end+1] >= '0' && b[end+1] <= '9') {
			end++
		}
		if secretByValue(b[i:end])&(secretCitizen|secretCard) != 0 {
			for j := i; j < end; j++ {
				if b[j] >= '0' && b[j] <= '9' {
					b[j] = '*'
				}
			}
		}
		i = end
	}
	return string(detector.MaskSecrets(b))
}

// AppendReport appends a report as a line of JSON.
func AppendReport(dst []byte, r Report) ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return dst, fmt.Errorf("fraud: report: %w", err)
	}
	return append(append(dst, b...), '\n'), nil
}

// ReadReports reads lines that AppendReport wrote. The error names the first line that is none; what was read before it is
// returned too.
func ReadReports(data []byte, name string) ([]Report, error) {
	var out []Report
	scan := bufio.NewScanner(bytes.NewReader(data))
	scan.Buffer(make([]byte, 0, 4096), 64<<10)
	line := 0
	for scan.Scan() {
		line++
		if len(bytes.TrimSpace(scan.Bytes())) == 0 {
			continue
		}
		var r Report
		if err := json.Unmarshal(scan.Bytes(), &r); err != nil || r.ID == "" || len(r.Values) > maxReportValues {
			return out, fmt.Errorf("%s:%d: not a report: %w", name, line, errors.Join(err))
		}
		out = append(out, r)
	}
	if err := scan.Err(); err != nil {
		return out, fmt.Errorf("%s:%d: %w", name, line+1, err)
	}
	return out, nil
}

// Visitor is a client that met what was reported.
type Visitor struct {
	Client  netip.Addr `json:"client"`
	Name    string     `json:"name"`
	Server  netip.Addr `json:"server,omitzero"`
	Capture string     `json:"capture,omitempty"`
}

// Sighting is what the sensors saw of a reported value.
type Sighting struct {
	Value    string    `json:"value"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Clients  int       `json:"clients"` // at most window.MaxPeers are told apart
	Level    string    `json:"verdict,omitempty"`
	Campaign string    `json:"campaign,omitempty"`
	Visitors []Visitor `json:"visitors,omitempty"`
}

// Report takes reports into the memory: from now on whoever meets what they name is found, and what was seen of it before
// is returned. Reports that are known already change nothing.
func (m *Memory) Report(rs ...Report) []Sighting {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Sighting
	for _, r := range rs {
		for _, v := range r.Values {
			kind, value, _ := strings.Cut(v, " ")
			if old, known := m.reports[reportKey(kind, value)]; (!known || r.Time.Before(old.Time)) && len(m.reports) < maxReports {
				m.reports[reportKey(kind, value)] = r
			}
			if kind == "domain" {
				out = append(out, m.sighting(value))
			}
		}
	}
	m.rewatch()
	return out
}

func reportKey(kind, value string) string { return kind + " " + value }

// Sighting tells what the sensors saw of a name.
func (m *Memory) Sighting(name string) Sighting {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sighting(name)
}

func (m *Memory) sighting(name string) Sighting {
	s := Sighting{Value: name}
	if seen, ok := m.firsts.Lookup(nameKey(name)); ok {
		s.First, s.Last, s.Clients = time.Unix(seen.First, 0).UTC(), time.Unix(seen.Last, 0).UTC(), seen.Peers
	}
	if x, ok := m.names.Get(name); ok {
		s.Level = x.Level.String()
		for i := range x.Addrs {
			if c, ok := m.campaigns.traits.Get("addr " + x.Addrs[i].Addr.String()); ok {
				s.Campaign = c.root().ID
			}
		}
	}
	m.contacts.All(func(k contactKey, n string) {
		if n == name && len(s.Visitors) < maxVisitors {
			s.Visitors = append(s.Visitors, Visitor{k.client, n, k.server, k.capture})
		}
	})
	slices.SortFunc(s.Visitors, func(a, b Visitor) int {
		if c := a.Client.Compare(b.Client); c != 0 {
			return c
		}
		return a.Server.Compare(b.Server)
	})
	return s
}

// watch is what workers look for beside their own judgement: names that were reported or stand on a list that blocks. It
// is read-only.
type watch struct {
	reported map[string]Report // by domain
	hashes   map[string]Report // by SHA-256
	listed   *Feeds
}

// SetFeeds makes the findings use other lists from now on.
func (m *Memory) SetFeeds(f *Feeds) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listed = f
	m.rewatch()
}

func (m *Memory) rewatch() {
	w := &watch{reported: make(map[string]Report), hashes: make(map[string]Report), listed: m.listed}
	for k, r := range m.reports {
		if n, ok := strings.CutPrefix(k, "domain "); ok {
			w.reported[n] = r
		} else if h, ok := strings.CutPrefix(k, "sha256 "); ok {
			w.hashes[h] = r
		}
	}
	m.watch.Store(w)
}

package output

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Spec is an output as its user writes it: file:PATH, syslog+tls://HOST:PORT or kafka://HOST:PORT,…/TOPIC, and behind a
// question mark options, NAME=VALUE joined by &. In a path and in values %XX stands for a byte.
type Spec struct {
	Kind      string   // a key of kinds
	Hosts     []string // HOST:PORT
	Path      string   // of the file; the topic
	Format    string   // eve or ecs
	Telemetry bool
	Facility  int // of syslog
	TLS       TLSFiles
	SASL      string // plain, scram-sha-256, scram-sha-512; "" for none
	User      string
	Password  string // name of the file that holds it
}

// The forms in which findings go out.
const (
	EVE = "eve"
	ECS = "ecs"
)

// kind says what an output of a kind needs.
type kind struct {
	hosts   int // most; 0 when it has a path only
	path    string
	options []string
}

var (
	tlsOptions  = []string{"ca", "cert", "key"}
	saslOptions = []string{"password-file", "sasl", "user"}
)

// kinds are the outputs. All have the options format and telemetry.
var kinds = map[string]kind{
	"file":       {path: "a file"},
	"kafka":      {hosts: 32, path: "a topic", options: saslOptions},
	"kafka+tls":  {hosts: 32, path: "a topic", options: slices.Concat(tlsOptions, saslOptions)},
	"syslog+tcp": {hosts: 1, options: []string{"facility"}},
	"syslog+tls": {hosts: 1, options: slices.Concat([]string{"facility"}, tlsOptions)},
	"syslog+udp": {hosts: 1, options: []string{"facility"}},
}

// option sets what its value says.
type option struct {
	values []string // when only these are taken
	set    func(*Spec, string)
}

var options = map[string]option{
	"ca":            {set: func(s *Spec, v string) { s.TLS.CA = v }},
	"cert":          {set: func(s *Spec, v string) { s.TLS.Cert = v }},
	"facility":      {values: facilities, set: func(s *Spec, v string) { s.Facility = slices.Index(facilities, v) }},
	"format":        {values: []string{ECS, EVE}, set: func(s *Spec, v string) { s.Format = v }},
	"key":           {set: func(s *Spec, v string) { s.TLS.Key = v }},
	"password-file": {set: func(s *Spec, v string) { s.Password = v }},
	"sasl":          {values: []string{"plain", "scram-sha-256", "scram-sha-512"}, set: func(s *Spec, v string) { s.SASL = v }},
	"telemetry":     {values: []string{"off", "on"}, set: func(s *Spec, v string) { s.Telemetry = v == "on" }},
	"user":          {set: func(s *Spec, v string) { s.User = v }},
}

// facilities are those of RFC 5424, 6.2.1, in the order of their numbers, with the names of syslog.conf.
var facilities = []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

const (
	specMax       = 4096
	facilityLocal = 16
	topicMax      = 249
)

// SpecError is a mistake in a spec.
type SpecError struct {
	Spec   string
	Column int // in bytes, from 1
	What   string
}

func (e *SpecError) Error() string {
	return fmt.Sprintf("column %d: %s\n    %s\n    %s^", e.Column, e.What, e.Spec, strings.Repeat(" ", e.Column-1))
}

// Parse reads a spec. An error is a *SpecError.
func Parse(text string) (Spec, error) {
	s := Spec{Format: ECS, Facility: facilityLocal}
	fail := func(at int, format string, args ...any) (Spec, error) {
		return Spec{}, &SpecError{text, at + 1, fmt.Sprintf(format, args...)}
	}
	if len(text) > specMax {
		return Spec{}, &SpecError{text[:60] + "…", 1, fmt.Sprintf("more than %d bytes", specMax)}
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return fail(i, "a space or control character: write %%%02X", text[i])
	}
	name, rest, colon := strings.Cut(text, ":")
	k, ok := kinds[name]
	if !ok || !colon {
		return fail(0, "an output begins with one of %s:", strings.Join(slices.Sorted(maps.Keys(kinds)), ":, "))
	}
	s.Kind = name
	at := len(name) + 1
	body, query, hasQuery := strings.Cut(rest, "?")
	place, placeAt := body, at
	if k.hosts > 0 {
		var slashes bool
		if place, slashes = strings.CutPrefix(body, "//"); !slashes {
			return fail(at, "want // and HOST:PORT behind %s:", name)
		}
		placeAt += 2
		authority, path, slash := strings.Cut(place, "/")
		for host := range strings.SplitSeq(authority, ",") {
			if why := wrongHost(host); why != "" {
				return fail(placeAt, "%s", why)
			}
			s.Hosts = append(s.Hosts, host)
			placeAt += len(host) + 1
		}
		if len(s.Hosts) > k.hosts {
			return fail(at+2, "%d addresses, at most %d", len(s.Hosts), k.hosts)
		}
		if slash && k.path == "" {
			return fail(placeAt-1, "%s has no path", name)
		}
		place = path
	}
	if k.path != "" {
		path, err := url.PathUnescape(place)
		if err != nil {
			return fail(placeAt, "%v", err)
		}
		if path == "" {
			return fail(placeAt, "%s is missing", k.path)
		}
		if k.hosts > 0 && !isTopic(path) {
			return fail(placeAt, "a topic has at most %d letters, digits, dots, dashes and underscores", topicMax)
		}
		s.Path = path
	}
	if at += len(body) + 1; hasQuery {
		if err := s.options(text, k, at, query); err != nil {
			return Spec{}, err
		}
	}
	if why := s.lacks(); why != "" {
		return fail(0, "%s", why)
	}
	return s, nil
}

// options reads what stands behind the question mark, at a byte of the text.
func (s *Spec) options(text string, k kind, at int, query string) error {
	names := slices.Sorted(slices.Values(slices.Concat(k.options, []string{"format", "telemetry"})))
	seen := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		name, raw, equals := strings.Cut(part, "=")
		value, err := url.PathUnescape(raw)
		o := options[name]
		var why string
		switch {
		case !slices.Contains(names, name):
			why = fmt.Sprintf("%q is no option of %s, which has %s", name, s.Kind, strings.Join(names, ", "))
		case !equals:
			why = fmt.Sprintf("want %s=VALUE", name)
		case seen[name]:
			why = fmt.Sprintf("%s is given twice", name)
		case err != nil:
			why = err.Error()
		case value == "":
			why = fmt.Sprintf("%s has no value", name)
		case o.values != nil && !slices.Contains(o.values, value):
			why = fmt.Sprintf("%s is one of %s", name, strings.Join(o.values, ", "))
		}
		if why != "" {
			return &SpecError{text, at + 1, why}
		}
		seen[name] = true
		o.set(s, value)
		at += len(part) + 1
	}
	return nil
}

// lacks says what options ask for one another; "" when nothing is missing.
func (s *Spec) lacks() string {
	switch {
	case s.Telemetry && s.Format != EVE:
		return "telemetry goes out in the EVE format only: add format=eve"
	case (s.TLS.Cert == "") != (s.TLS.Key == ""):
		return "a certificate needs cert and key"
	case s.SASL == "" && s.User+s.Password != "":
		return "user and password-file need sasl"
	case s.SASL != "" && (s.User == "" || s.Password == ""):
		return "sasl needs user and password-file"
	case s.SASL == "plain" && s.Kind != "kafka+tls":
		return "sasl=plain shows the password to everybody on the way: use kafka+tls, or sasl=scram-sha-512"
	}
	return ""
}

// wrongHost says what is wrong with HOST:PORT.
func wrongHost(s string) string {
	if strings.Contains(s, "@") {
		return "no user or password in an address: passwords stand in a file of their own"
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return fmt.Sprintf("%q: want HOST:PORT", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Sprintf("%q: a port is a number from 1 to 65535", s)
	}
	return ""
}

func isTopic(s string) bool {
	return len(s) <= topicMax && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_')
	})
}

// Where is the spec without its options: what an output is called.
func (s Spec) Where() string {
	var b strings.Builder
	b.WriteString(s.Kind + ":")
	if len(s.Hosts) > 0 {
		b.WriteString("//" + strings.Join(s.Hosts, ","))
		if s.Path != "" {
			b.WriteByte('/')
		}
	}
	b.WriteString(escape(s.Path))
	return b.String()
}

// String is the spec with all options that are not as without them. Parse reads it as s.
func (s Spec) String() string {
	var parts []string
	for _, o := range []struct{ name, value, usual string }{
		{"format", s.Format, ECS},
		{"telemetry", map[bool]string{true: "on"}[s.Telemetry], ""},
		{"facility", facilities[s.Facility], facilities[facilityLocal]},
		{"ca", s.TLS.CA, ""}, {"cert", s.TLS.Cert, ""}, {"key", s.TLS.Key, ""},
		{"sasl", s.SASL, ""}, {"user", s.User, ""}, {"password-file", s.Password, ""},
	} {
		if o.value != o.usual {
			parts = append(parts, o.name+"="+escape(o.value))
		}
	}
	if len(parts) == 0 {
		return s.Where()
	}
	return s.Where() + "?" + strings.Join(parts, "&")
}

// escape writes %XX for bytes that mean something else in a spec.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f || c == '%' || c == '?' || c == '&' || c >= 0x80 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Reader is the name of the output's place in a spool. It does not depend on options, so that these may change.
func (s Spec) Reader() string {
	h := sha256.Sum256([]byte(s.Where()))
	return s.Kind + "-" + hex.EncodeToString(h[:8])
}

// ParseAll reads specs, of which no two may be the same place, and returns them in the order of their names.
func ParseAll(texts []string) ([]Spec, error) {
	var out []Spec
	for _, t := range texts {
		s, err := Parse(t)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o Spec) bool { return o.Where() == s.Where() }) {
			return nil, &SpecError{t, 1, "this output is given twice"}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Spec) int { return cmp.Compare(a.Where(), b.Where()) })
	return out, nil
}

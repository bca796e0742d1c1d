package syslog

import (
	"strconv"
	"strings"

	"khien/detector"
	"khien/detector/output"
)

// Limits of RFC 5424, 6.
const (
	hostMax  = 255
	msgidMax = 32
)

// severities are those of syslog (RFC 5424, 6.2.1) by the finding's; telemetry is informational.
var severities = map[detector.Severity]int{detector.Critical: 2, detector.High: 3, detector.Medium: 4, detector.Low: 5, 0: 6}

// appendMessage appends a message of RFC 5424. MSG is the JSON object as it is, without a byte order mark, which readers of
// JSON do not expect.
func appendMessage(dst []byte, facility int, m *output.Message) []byte {
	severity, ok := severities[m.Severity]
	if !ok {
		severity = 5
	}
	dst = append(dst, '<')
	dst = strconv.AppendInt(dst, int64(facility*8+severity), 10)
	dst = append(dst, ">1 "...)
	dst = m.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
	dst = append(append(append(dst, ' '), header(m.Sensor, hostMax)...), " khien - "...)
	dst = append(append(dst, header(m.Kind, msgidMax)...), ' ')
	dst = appendData(dst, m)
	dst = append(dst, ' ')
	return append(dst, m.Line...)
}

// appendData appends the structured data. Private names need an enterprise number (7.2.2): this is the one that RFC 5612
// keeps for programs without their own.
func appendData(dst []byte, m *output.Message) []byte {
	dst = append(dst, "[khien@32473"...)
	for _, p := range [...]struct{ name, value string }{{"id", m.ID}, {"severity", severityName(m.Severity)}, {"source", string(m.Source)}, {"rule", m.Rule}} {
		if p.value == "" {
			continue
		}
		dst = append(append(append(dst, ' '), p.name...), `="`...)
		for _, c := range []byte(strings.ToValidUTF8(p.value, "?")) {
			if c == '"' || c == '\\' || c == ']' { // RFC 5424, 6.3.3
				dst = append(dst, '\\')
			}
			if c < ' ' {
				c = ' '
			}
			dst = append(dst, c)
		}
		dst = append(dst, '"')
	}
	return append(dst, ']')
}

func severityName(s detector.Severity) string {
	if s == 0 {
		return ""
	}
	return s.String()
}

// header is a text as a field of the header: printable ASCII without spaces, "-" when there is none.
func header(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

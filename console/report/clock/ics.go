package clock

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ICS returns the clocks that are not done as a calendar (RFC 5545), with an alarm at each warning. It holds no facts of the
// incident beside its case's id: calendars travel.
func ICS(caseID string, clocks []Clock, now time.Time) []byte {
	var b bytes.Buffer
	line := func(s string) { b.WriteString(fold(s)) }
	stamp := func(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//Khien//report//VI")
	line("CALSCALE:GREGORIAN")
	for _, k := range clocks {
		if k.Sent != nil {
			continue
		}
		line("BEGIN:VEVENT")
		line("UID:" + escape(caseID+"-"+k.Duty) + "@khien")
		line("DTSTAMP:" + stamp(now))
		line("DTSTART:" + stamp(k.Due))
		line("SUMMARY:" + escape(fmt.Sprintf("Hạn %s: %s", caseID, k.VI)))
		line("DESCRIPTION:" + escape(k.EN))
		for _, w := range warnings {
			if k.Due.Equal(k.Started) {
				break
			}
			line("BEGIN:VALARM")
			line("ACTION:DISPLAY")
			line("TRIGGER;VALUE=DATE-TIME:" + stamp(k.Warn(w)))
			line("DESCRIPTION:" + escape(fmt.Sprintf("%s: đã qua %d %% thời hạn", k.VI, w)))
			line("END:VALARM")
		}
		line("END:VEVENT")
	}
	line("END:VCALENDAR")
	return b.Bytes()
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "").Replace(s)
}

// fold ends a line, cut into pieces of at most 75 bytes between characters (RFC 5545, 3.1).
func fold(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if w := utf8.RuneLen(r); n+w > 74 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteRune(r)
		n += utf8.RuneLen(r)
	}
	b.WriteString("\r\n")
	return b.String()
}

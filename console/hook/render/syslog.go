package render

import (
	"fmt"
	"strings"
	"time"

	"khien/console/hook"
)

// Syslog writes a notice as a message of RFC 5424 with structured data. The host name is the caller's.
func Syslog(n hook.Notice, hostname string) []byte {
	return syslogMessage(n, hostname, structured(n), summary(n))
}

// CEF writes it in the ArcSight Common Event Format, in an RFC 5424 message.
func CEF(n hook.Notice, hostname string) []byte {
	var ext []string
	for _, f := range fields(n, [...]string{"cs1", "cs2", "request", "suser", "end", "msg", "externalId"}) {
		ext = append(ext, f.key+"="+cefValue.Replace(f.value))
	}
	head := cefHead.Replace(n.Event.Type)
	return syslogMessage(n, hostname, "-", fmt.Sprintf("CEF:0|Khien|Khien|1|%s|%s|%d|%s", head, head, severity(n), strings.Join(ext, " ")))
}

// LEEF writes it in the Log Event Extended Format 2.0, in an RFC 5424 message.
func LEEF(n hook.Notice, hostname string) []byte {
	var ext []string
	for _, f := range fields(n, [...]string{"kind", "action", "value", "usrName", "expires", "msg", "eventId"}) {
		ext = append(ext, f.key+"="+leefValue.Replace(f.value))
	}
	return syslogMessage(n, hostname, "-", fmt.Sprintf("LEEF:2.0|Khien|Khien|1|%s|\t|%s", cefHead.Replace(n.Event.Type), strings.Join(ext, "\t")))
}

var (
	cefHead    = strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\n", " ", "\r", " ")
	cefValue   = strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\n", `\n`, "\r", `\r`)
	leefValue  = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ", "=", `\=`)
	paramValue = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`, "\n", " ", "\r", " ")
	oneLine    = strings.NewReplacer("\n", " ", "\r", " ", "\x00", " ")
)

type field struct{ key, value string }

// fields are what a notice tells, under the names that a form has for them; empty ones are left out.
func fields(n hook.Notice, keys [7]string) (out []field) {
	kind, action, value, until := "", "", "", ""
	if d := n.Decision; d != nil {
		kind, action, value, until = string(d.Kind), string(d.Action), d.Value, d.Expires.UTC().Format(time.RFC3339)
	}
	for i, v := range [7]string{kind, action, value, n.Event.User, until, summary(n), n.Event.ID} {
		if v != "" {
			out = append(out, field{keys[i], v})
		}
	}
	return out
}

// privateEnterprise is the number that IANA keeps for documentation (RFC 5612): Khiên has none of its own.
const privateEnterprise = 32473

func structured(n hook.Notice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[khien@%d", privateEnterprise)
	for _, f := range fields(n, [...]string{"kind", "action", "value", "user", "expires", "summary", "event"}) {
		fmt.Fprintf(&b, ` %s="%s"`, f.key, paramValue.Replace(f.value))
	}
	return b.String() + "]"
}

// severity is 0 to 10, as CEF has it.
func severity(n hook.Notice) int {
	switch n.Event.Type {
	case "alarm", "switch.kill":
		return 9
	case "decision.active":
		return 6
	}
	return 3
}

// syslogMessage frames a text (RFC 5424, 6): facility 13 (log audit), severity warning for what a person must look at.
func syslogMessage(n hook.Notice, hostname, data, msg string) []byte {
	level := 6
	if severity(n) > 5 {
		level = 4
	}
	id := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '-'
		}
		return r
	}, n.Event.Type)
	return fmt.Appendf(nil, "<%d>1 %s %s khien - %s %s \ufeff%s", 13*8+level, n.Event.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), hostname, id[:min(len(id), 32)], data, oneLine.Replace(msg))
}

func summary(n hook.Notice) string {
	if n.Decision != nil {
		return n.Decision.Reason.VI
	}
	return n.Event.Detail
}

package exchange

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/wneessen/go-mail"

	"khien/console/report"
)

// Attachment is a file of a mail.
type Attachment struct {
	Name, Type string
	Data       []byte
}

// Abuse returns a mail to an abuse contact as it would be sent: text for people with defanged names, the raw values only in
// the attachments. It is written and not sent: sending is a person's act.
func Abuse(in *report.Incident, o Options, to string, files []Attachment) ([]byte, error) {
	m := mail.NewMsg()
	if err := m.From(o.Contact); err != nil {
		return nil, fmt.Errorf("exchange: mail: from: %w", err)
	}
	if err := m.To(to); err != nil {
		return nil, fmt.Errorf("exchange: mail: to: %w", err)
	}
	brand := strings.Join(in.Brands, ", ")
	m.Subject(fmt.Sprintf("[%s] Abuse report: phishing%s", in.Case, map[bool]string{true: "", false: " imitating " + brand}[brand == ""]))
	m.SetDateWithValue(o.Now)
	m.SetMessageIDWithValue(UUID(Namespace, "mail "+in.Case+" "+to) + "@" + o.Domain)
	m.SetGenHeader("TLP", "TLP:"+strings.ToUpper(o.TLP))
	m.SetBodyString(mail.TypeTextPlain, abuseText(in, o))
	m.SetBoundary(UUID(Namespace, "boundary "+in.Case+" "+to))
	for _, f := range files {
		if err := m.AttachReader(f.Name, bytes.NewReader(f.Data), mail.WithFileContentType(mail.ContentType(f.Type))); err != nil {
			return nil, fmt.Errorf("exchange: mail: %s: %w", f.Name, err)
		}
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("exchange: mail: %w", err)
	}
	return b.Bytes(), nil
}

func abuseText(in *report.Incident, o Options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "TLP:%s\nCase: %s\n\n", strings.ToUpper(o.TLP), in.Case)
	if v := in.Public("incident.summary"); len(v) > 1 {
		fmt.Fprintf(&b, "%s\n\n", v[1])
	}
	b.WriteString("Targets (defanged; raw values are in the attached XARF report):\n")
	for _, i := range in.Hostile("") {
		if i.Kind != report.SHA256 {
			fmt.Fprintf(&b, "  %-6s %s  first %s, last %s (UTC+7)\n", i.Kind, report.Defang(i.Value),
				i.First.In(report.Zone).Format("2006-01-02 15:04:05"), i.Last.In(report.Zone).Format("2006-01-02 15:04:05"))
		}
	}
	if v := in.Public("takedown.request"); len(v) > 1 {
		fmt.Fprintf(&b, "\n%s\n", v[1])
	}
	if v := in.Public("takedown.ground"); len(v) > 1 {
		fmt.Fprintf(&b, "%s\n", v[1])
	}
	fmt.Fprintf(&b, "\n%s\n%s\n", o.Org, o.Contact)
	return b.String()
}

// ARF returns a feedback report (RFC 5965) about a mail; original is the message with its headers.
func ARF(in *report.Incident, o Options, to string, original []byte) ([]byte, error) {
	if bytes.IndexByte(original, 0) >= 0 || len(original) > 10<<20 {
		return nil, fmt.Errorf("exchange: arf: the message is binary or larger than 10 MiB")
	}
	boundary := UUID(Namespace, "arf "+in.Case+" "+to)
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	for _, s := range []string{to, o.Contact} {
		if strings.ContainsAny(s, "\r\n") {
			return nil, fmt.Errorf("exchange: arf: address %q", s)
		}
	}
	line("From: <%s>", o.Contact)
	line("To: <%s>", to)
	line("Date: %s", o.Now.Format("Mon, 02 Jan 2006 15:04:05 +0000"))
	line("Message-ID: <%s@%s>", boundary, o.Domain)
	line("Subject: [%s] Fraudulent mail", in.Case)
	line("MIME-Version: 1.0")
	line(`Content-Type: multipart/report; report-type=feedback-report; boundary="%s"`, boundary)
	line("\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", boundary)
	line("%s", strings.ReplaceAll(abuseText(in, o), "\n", "\r\n"))
	line("--%s\r\nContent-Type: message/feedback-report\r\n", boundary)
	line("Feedback-Type: fraud\r\nUser-Agent: Khien/1\r\nVersion: 1")
	for _, i := range in.Hostile(report.URL) {
		line("Reported-URI: %s", i.Value)
	}
	for _, i := range in.Hostile(report.Domain) {
		line("Reported-Domain: %s", i.Value)
	}
	line("\r\n--%s\r\nContent-Type: message/rfc822\r\n", boundary)
	b.Write(original)
	line("\r\n--%s--", boundary)
	return b.Bytes(), nil
}

package yara

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	lib "github.com/hillu/go-yara/v4"

	"khien/detector"
	"khien/sensor"
)

// place is where a scanned buffer came from.
type place struct {
	buffer string // name for reasons: "file", "stream.to_server"
	file   *sensor.File
	member string // path in an archive
}

// reasonsMax is how many matched strings of a rule become reasons.
const reasonsMax = 8

// report makes the finding of one rule that matched.
func (x *Scanner) report(e *sensor.Event, m *lib.MatchRule, data []byte, where place) {
	meta := map[string]string{}
	for _, v := range m.Metas {
		meta[v.Identifier] = fmt.Sprint(v.Value)
	}
	name := first(meta["description_en"], meta["description"], m.Rule)
	f := &detector.Finding{Source: detector.FromYARA, Severity: severity(meta["severity"]),
		Rule:    detector.Rule{ID: m.Rule, Name: name, Ruleset: m.Namespace, Category: strings.Join(m.Tags, ", ")},
		Summary: detector.Text{VI: first(meta["description_vi"], name), EN: name}}
	f.Score = float64(f.Severity) / 4
	if r := meta["reference"]; r != "" {
		f.Rule.Reference = []string{r}
	}
	for id := range strings.SplitSeq(meta["mitre"], ",") {
		if id = strings.TrimSpace(id); id != "" {
			f.Techniques = append(f.Techniques, detector.Technique{ID: id})
		}
	}
	f.Observe(e)
	if file := where.file; file != nil {
		f.FileName, f.FileMIME, f.FileSize = string(file.Name), file.MIME, file.Size
		if file.Hashed {
			f.SHA256 = hex.EncodeToString(file.SHA256[:])
		}
		if where.member != "" {
			f.FileName += "!" + where.member
		}
	}
	x.reasons(f, m, data, where)
	f.Identify(where.buffer, where.member, f.FileName, f.Direction)
	x.sink.Found(f, e)
}

// reasons adds the matched strings with the bytes around them.
func (x *Scanner) reasons(f *detector.Finding, m *lib.MatchRule, data []byte, where place) {
	n := min(len(m.Strings), reasonsMax)
	for i := range n {
		s := &m.Strings[i]
		at := int(s.Base + s.Offset)
		if at < 0 || at > len(data) {
			continue
		}
		length := min(len(s.Data), len(data)-at)
		from := max(at-32, 0)
		to := min(from+detector.ExcerptMax, len(data))
		f.Reasons = append(f.Reasons, detector.Reason{
			Text: detector.Text{VI: "khớp chuỗi " + s.Name, EN: "matches string " + s.Name}, Weight: f.Score / float64(n),
			Buffer: where.buffer, Offset: at, Length: length,
			Excerpt: append([]byte(nil), data[from:to]...), ExcerptOffset: from})
	}
	if n == 0 {
		f.Reasons = []detector.Reason{{Text: detector.Text{VI: "khớp điều kiện của luật " + m.Rule, EN: "the rule's condition holds: " + m.Rule},
			Weight: f.Score, Buffer: where.buffer}}
	}
}

// severity reads the word or number that a rule's metadata gives. A rule that gives none is medium: it was written to
// find something.
func severity(s string) detector.Severity {
	switch strings.ToLower(s) {
	case "low", "info", "informational":
		return detector.Low
	case "high":
		return detector.High
	case "critical":
		return detector.Critical
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= 4 {
		return detector.Severity(n)
	}
	return detector.Medium
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

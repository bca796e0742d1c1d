package signature

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// matched is told that all of a rule has matched. It remembers the match for the packet's end and does to the flow what
// the rule says. False means that the rule's own limit holds it back.
func (m *Matcher) matched(s *sig, tx sensor.Transaction, stream bool) bool {
	st := m.state()
	if s.filter != nil && s.filter.track == trackFlow {
		if st == nil || !s.filter.passFlow(st, m.now) {
			return false
		}
	}
	if m.costs != nil {
		c := &m.costs[s.num]
		c.matches, c.last = c.matches+1, m.now
	}
	vars := m.keepCaptured()
	for _, e := range s.post {
		e.apply(m)
	}
	if s.bypass && m.flow != nil {
		m.flow.Bypass = true
	}
	for i := range m.hits {
		if h := &m.hits[i]; h.s == s && h.tx == tx && h.dir == m.dir && h.frame == m.frame {
			return true
		}
	}
	if s.NoAlert && !s.gated() && s.act == actAlert {
		return true
	}
	if len(m.hits) >= hitsMax {
		return true
	}
	m.hits = append(m.hits, hit{s: s, tx: tx, dir: m.dir, stream: stream, frame: m.frame, vars: vars, reasons: m.reasons(s), context: m.scan.contextJSON()})
	return true
}

// keepCaptured sets the variables of the flow that the rule's expressions have captured, and returns those of the packet.
func (m *Matcher) keepCaptured() (vars []sensor.Var) {
	for _, c := range m.scan.captured {
		switch {
		case c.kind == capturePacket:
			vars = append(vars, sensor.Var{Name: c.name, Value: slices.Clone(c.value)})
		case m.flow != nil:
			m.flow.SetVar(c.name, slices.Clone(c.value))
		}
	}
	return vars
}

// hitsMax limits the matches of one packet, told or not.
const hitsMax = 1024

// reasonsMax limits the reasons of one finding.
const reasonsMax = 16

// finish puts the packet's matches in order, lets pass rules hold back what follows them, and tells the rest.
func (m *Matcher) finish(st *flowState) {
	if len(m.hits) == 0 {
		return
	}
	slices.SortStableFunc(m.hits, func(a, b hit) int { return a.s.num - b.s.num })
	told := 0
	for i := range m.hits {
		h := &m.hits[i]
		s := h.s
		if s.act == actPass {
			if st != nil && h.ofFlow() {
				st.passed = true
			}
			break
		}
		if !s.passFlowLimits(st, m.now) {
			continue
		}
		if s.NoAlert && !s.gated() {
			continue
		}
		if told == m.set.alertMax {
			break
		}
		told++
		m.tell(h)
		if s.blocks() && st != nil && h.ofFlow() {
			// What follows would not have come: it gives no more findings.
			st.dropped, m.flow.Dropped = true, true
		}
	}
	for i := range m.hits {
		m.hits[i] = hit{}
	}
	m.hits = m.hits[:0]
}

// ofFlow reports whether what the rule says of passing and dropping goes for the flow, not for its packet alone.
func (h *hit) ofFlow() bool {
	return h.tx != nil || h.stream || h.frame != nil || h.s.class == classProtoApp || h.s.flow.set || h.s.class == classIPOnly
}

func (s *sig) blocks() bool { return s.act == actDrop || s.act == actReject }

// passFlowLimits asks the thresholds that are counted in the flow.
func (s *sig) passFlowLimits(st *flowState, now int64) bool {
	for _, l := range s.limits {
		if l.track == trackFlow && (st == nil || !l.passFlow(st, now)) {
			return false
		}
	}
	return true
}

// tell makes the finding of a match.
func (m *Matcher) tell(h *hit) {
	s := h.s
	e := m.ev
	e.Dir, e.Tx, e.Flow, e.Segment, e.Frame, e.Vars = h.dir, h.tx, m.flow, m.seg, h.frame, h.vars
	if e.Tx == nil {
		if e.Tx = m.guess(h.dir); e.Tx == nil && h.frame != nil {
			e.Tx = h.frame.Tx
		}
	}
	e.Kind = sensor.KindPacket
	if h.tx != nil {
		e.Kind = sensor.KindTx
	} else if h.stream {
		e.Kind = sensor.KindStream
	}
	m.ev2 = e
	md := s.Metadata()
	f := &detector.Finding{
		Source:     detector.FromSignature,
		Severity:   severity(s.Priority, md),
		Reasons:    h.reasons,
		Summary:    summary(s.Msg, md),
		Techniques: techniques(md),
		Context:    h.context,
		Rule: detector.Rule{ID: strconv.FormatUint(uint64(s.SID), 10), GID: int(s.GID), Rev: int(s.Rev), Priority: s.Priority, Name: s.Msg,
			Category: s.Category, Text: s.Text, Reference: s.References, Metadata: md, Action: "allowed"},
	}
	if s.blocks() {
		f.Rule.Action = "blocked"
	}
	if g := m.set.gates[s]; g != nil {
		f.Post = g
	}
	f.Score = float64(f.Severity) / 4
	f.Observe(&m.ev2)
	f.Direction = h.dir.String()
	if fl := m.flow; fl != nil {
		fl.Alerted = fl.Alerted || !s.NoAlert
	}
	f.Identify(strconv.FormatUint(m.ev.Number, 10), f.Direction, cmp.Or(txID(h.tx), frameID(h.frame)))
	m.sink.Found(f, &m.ev2)
}

func txID(tx sensor.Transaction) string {
	if tx == nil {
		return ""
	}
	return strconv.FormatUint(tx.Base().ID, 10)
}

// frameID tells apart the frames of one packet by what they hold.
func frameID(f *sensor.Frame) string {
	if f == nil {
		return ""
	}
	return fmt.Sprintf("frame %d %d %x", f.Buffer, f.Length, sha256.Sum256(f.Data))
}

// summary is the rule's message; its metadata may give one in Vietnamese (msg_vi).
func summary(msg string, md map[string][]string) detector.Text {
	t := detector.Text{VI: msg, EN: msg}
	if v := md["msg_vi"]; len(v) > 0 {
		t.VI = v[0]
	}
	return t
}

// techniques reads the ATT&CK technique that rule sets name in their metadata.
func techniques(md map[string][]string) []detector.Technique {
	var out []detector.Technique
	at := func(key string, i int) string {
		if v := md[key]; i < len(v) {
			return strings.ReplaceAll(v[i], "_", " ")
		}
		return ""
	}
	for i, id := range md["mitre_technique_id"] {
		out = append(out, detector.Technique{ID: id, Name: at("mitre_technique_name", i), TacticID: at("mitre_tactic_id", i), Tactic: at("mitre_tactic_name", i)})
	}
	return out
}

// severity maps the rule's priority; what the rule's own metadata says of severity comes first, and a rule that its
// author trusts little stays below the line of what is worth an analyst's time.
func severity(priority int, md map[string][]string) detector.Severity {
	sev := detector.Low
	switch priority {
	case 1:
		sev = detector.High
	case 2:
		sev = detector.Medium
	}
	if v := md["signature_severity"]; len(v) > 0 {
		switch v[0] {
		case "Critical", "critical":
			sev = max(sev, detector.High)
		case "Informational", "informational":
			sev = detector.Low
		case "Minor", "minor":
			sev = min(sev, detector.Medium)
		}
	}
	if v := md["confidence"]; len(v) > 0 && (v[0] == "Low" || v[0] == "low") {
		sev = min(sev, detector.Medium)
	}
	return sev
}

// reasons says which bytes have matched.
func (m *Matcher) reasons(s *sig) []detector.Reason {
	marks := m.scan.marks
	if len(marks) == 0 {
		return nil
	}
	n := min(len(marks), reasonsMax)
	rs := make([]detector.Reason, 0, n)
	for _, k := range marks[:n] {
		r := detector.Reason{Weight: 1 / float64(n), Offset: k.at, Length: k.to - k.at, Buffer: "packet"}
		if k.def != nil {
			r.Buffer = k.def.name
		} else if s.class == classStream {
			r.Buffer = "stream." + m.dir.String()
		}
		from := max(0, k.at-32)
		to := min(len(k.buf), from+detector.ExcerptMax)
		if from < to {
			r.ExcerptOffset = from
			r.Excerpt = slices.Clone(k.buf[from:to])
		}
		r.Text = describe(k.what, r.Buffer)
		rs = append(rs, r)
	}
	return rs
}

func describe(it *item, buffer string) detector.Text {
	if it.kind == kindRegexp {
		return detector.Text{VI: "Biểu thức /" + it.re.text + "/ khớp trong " + buffer, EN: "Expression /" + it.re.text + "/ matches in " + buffer}
	}
	c := formatContent(it.c.pat)
	return detector.Text{VI: "Nội dung \"" + c + "\" có trong " + buffer, EN: "Content \"" + c + "\" stands in " + buffer}
}

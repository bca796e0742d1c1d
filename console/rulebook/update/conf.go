package update

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"khien/detector/cli"
)

// match says which rules a line of a configuration file means, in the syntax of suricata-update: a list of sids with
// or without gid, group:FILE with wildcards, re:EXPRESSION, metadata:KEY VALUE, or * for all.
type match func(*rule) bool

// Limits of a configuration file.
const (
	confMax    = 8 << 20 // bytes
	entriesMax = 100_000
)

// entry is a line of an enable, disable, drop or modify file.
type entry struct {
	match match
	from  *regexp.Regexp // modify only
	to    string
	sids  map[[2]uint64]bool // set when the line is a list of ids
}

// readConf reads a configuration file; modify says that lines have two quoted texts behind the match.
func readConf(name string, modify bool) ([]entry, error) {
	if name == "" {
		return nil, nil
	}
	data, err := cli.ReadFile(name, confMax)
	if err != nil {
		return nil, err
	}
	var out []entry
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, confMax)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(out) == entriesMax {
			return nil, fmt.Errorf("%s:%d:1: more than %d entries", name, n, entriesMax)
		}
		e, err := parseEntry(line, modify)
		if err != nil {
			return nil, fmt.Errorf("%s:%d:1: %w", name, n, err)
		}
		out = append(out, e)
	}
	return out, s.Err()
}

// quotedPair is the end of a modify line: "from" "to", where \" stands for a quote.
var quotedPair = regexp.MustCompile(`^(.*?)\s+"((?:[^"\\]|\\.)*)"\s*\|?\s*"((?:[^"\\]|\\.)*)"\s*$`)

// pythonGroup is a reference to a group in a replacement as suricata-update writes it.
var pythonGroup = regexp.MustCompile(`\\(\d)|\\g<(\w+)>`)

func parseEntry(line string, modify bool) (e entry, err error) {
	if modify {
		line = strings.TrimSpace(strings.TrimPrefix(line, "modifysid"))
		m := quotedPair.FindStringSubmatch(line)
		if m == nil {
			return e, fmt.Errorf(`expected MATCH "FROM" "TO"`)
		}
		if e.from, err = regexp.Compile(strings.ReplaceAll(m[2], `\"`, `"`)); err != nil {
			return e, err
		}
		to := strings.ReplaceAll(strings.ReplaceAll(m[3], `\"`, `"`), "$", "$$")
		e.to = pythonGroup.ReplaceAllString(to, "${$1$2}")
		line = m[1]
	} else if i := strings.Index(line, " #"); i >= 0 && !strings.HasPrefix(line, "re:") {
		line = strings.TrimSpace(line[:i])
	}
	kind, rest, _ := strings.Cut(line, ":")
	rest = strings.TrimSpace(rest)
	switch kind {
	case "*":
		e.match = func(*rule) bool { return true }
	case "re":
		re, err := regexp.Compile("(?i)" + rest)
		if err != nil {
			return e, err
		}
		e.match = func(r *rule) bool { return re.MatchString(r.text) }
	case "group", "filename":
		if _, err := path.Match(rest, ""); err != nil || rest == "" {
			return e, fmt.Errorf("bad file name %q", rest)
		}
		e.match = func(r *rule) bool {
			ok, _ := path.Match(rest, r.group)
			return ok || rest == strings.TrimSuffix(r.group, ".rules")
		}
	case "metadata":
		key, value, ok := strings.Cut(rest, " ")
		if !ok {
			return e, fmt.Errorf("expected metadata:KEY VALUE")
		}
		re := regexp.MustCompile(`(?i)metadata:[^;]*\b` + regexp.QuoteMeta(key) + `\s+` + regexp.QuoteMeta(strings.TrimSpace(value)) + `\s*[,;]`)
		e.match = func(r *rule) bool { return re.MatchString(r.text) }
	default:
		if e.sids, err = parseSIDs(line); err != nil {
			return e, err
		}
		e.match = func(r *rule) bool { return e.sids[[2]uint64{r.gid, r.sid}] }
	}
	return e, nil
}

// parseSIDs reads 2019401, 1:2019402, …
func parseSIDs(list string) (map[[2]uint64]bool, error) {
	out := map[[2]uint64]bool{}
	for one := range strings.SplitSeq(list, ",") {
		gid, sid := "1", strings.TrimSpace(one)
		if g, s, ok := strings.Cut(sid, ":"); ok {
			gid, sid = strings.TrimSpace(g), strings.TrimSpace(s)
		}
		g, err1 := strconv.ParseUint(gid, 10, 32)
		s, err2 := strconv.ParseUint(sid, 10, 32)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%q is neither a sid, group:FILE, re:EXPRESSION nor metadata:KEY VALUE", strings.TrimSpace(one))
		}
		out[[2]uint64{g, s}] = true
	}
	return out, nil
}

// edits are the changes that a user makes to rules of others. They apply in this order.
type edits struct{ disable, enable, modify, drop []entry }

var ruleAction = regexp.MustCompile(`^(alert|pass|reject\w*)\b`)

// apply changes one rule.
func (e *edits) apply(r *rule) {
	for i := range e.disable {
		if r.on && e.disable[i].match(r) {
			r.on = false
		}
	}
	for i := range e.enable {
		if !r.on && e.enable[i].match(r) {
			r.on = true
		}
	}
	for i := range e.modify {
		if m := &e.modify[i]; m.match(r) {
			r.text = m.from.ReplaceAllString(r.text, m.to)
		}
	}
	for i := range e.drop {
		if e.drop[i].match(r) && !strings.Contains(r.text, "noalert;") {
			r.text = ruleAction.ReplaceAllString(r.text, "drop")
		}
	}
}

// edits reads the files of changes.
func (o *Options) edits() (e edits, err error) {
	for _, c := range []struct {
		to     *[]entry
		file   string
		modify bool
	}{{&e.enable, o.Enable, false}, {&e.disable, o.Disable, false}, {&e.modify, o.Modify, true}, {&e.drop, o.Drop, false}} {
		if *c.to, err = readConf(c.file, c.modify); err != nil {
			return e, err
		}
	}
	return e, nil
}

// rule is a rule as it stands in a file, switched on or commented out.
type rule struct {
	group    string // name of its file, without folder
	gid, sid uint64
	on       bool
	text     string // without the comment sign
}

var (
	ruleLine = regexp.MustCompile(`^(#[#\s]*)?((?:alert|drop|pass|reject|rejectsrc|rejectdst|rejectboth|config)\s+.*\bsid\s*:\s*(\d+)\s*;.*\)\s*)$`)
	gidOf    = regexp.MustCompile(`[(;]\s*gid\s*:\s*(\d+)\s*;`)
)

// split finds the rules of a file, also those that are commented out. A line that looks like nothing of the kind
// is kept as a rule without sid when it is no comment, so that loading names what is wrong with it.
func split(group string, data []byte) []rule {
	var out []rule
	var joined string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if body, more := strings.CutSuffix(strings.TrimRight(line, " \t"), `\`); more {
			joined += body
			continue
		}
		line, joined = strings.TrimSpace(joined+line), ""
		m := ruleLine.FindStringSubmatch(line)
		switch {
		case m != nil:
			r := rule{group: group, gid: 1, on: m[1] == "", text: strings.TrimSpace(m[2])}
			r.sid, _ = strconv.ParseUint(m[3], 10, 64) // digits alone
			if g := gidOf.FindStringSubmatch(r.text); g != nil {
				r.gid, _ = strconv.ParseUint(g[1], 10, 64)
			}
			out = append(out, r)
		case line != "" && !strings.HasPrefix(line, "#"):
			out = append(out, rule{group: group, on: true, text: line})
		}
	}
	if joined = strings.TrimSpace(joined); joined != "" && !strings.HasPrefix(joined, "#") {
		out = append(out, rule{group: group, on: true, text: joined})
	}
	return out
}

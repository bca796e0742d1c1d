package update

import (
	"regexp"
	"strconv"
	"strings"
)

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

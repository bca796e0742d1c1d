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

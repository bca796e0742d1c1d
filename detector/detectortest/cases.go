package detectortest

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"khien/detector"
	"khien/sensor"
	"khien/sensor/sensortest"
)

// Case is a script of an archive of rule tests. An archive holds, for each rule, the sections RULE/fire and RULE/silent
// (scripts), RULE/fire.want and RULE/silent.want (what is found in them, written by the test), and files that the scripts
// transfer.
type Case struct {
	Rule   string
	Kind   string // "fire" or "silent"
	Script string
	Want   string // "" when the archive has none yet
	Files  map[string][]byte
	Line   int // of the script's first line in the archive, from 1
}

// Cases reads an archive of rule tests.
func Cases(data []byte) []Case {
	a := txtar.Parse(data)
	files := map[string][]byte{}
	want := map[string]string{}
	var out []Case
	for _, f := range a.Files {
		rule, kind, _ := strings.Cut(f.Name, "/")
		switch kind {
		case "fire", "silent":
			at := strings.Index(string(data), "-- "+f.Name+" --")
			line := strings.Count(string(data[:max(at, 0)]), "\n") + 2
			out = append(out, Case{Rule: rule, Kind: kind, Script: string(f.Data), Files: files, Line: line})
		case "fire.want", "silent.want":
			want[strings.TrimSuffix(f.Name, ".want")] = string(f.Data)
		default:
			files[f.Name] = f.Data
		}
	}
	for i := range out {
		out[i].Want = want[out[i].Rule+"/"+out[i].Kind]
	}
	return out
}

// Packets turns the case's script into packets. An error names the line of the archive.
func (c *Case) Packets() ([]sensor.Packet, error) {
	s, err := sensortest.ParseScript(c.Script, c.Files)
	if err != nil {
		if e, ok := err.(*sensortest.Error); ok {
			return nil, &sensortest.Error{Line: e.Line + c.Line - 1, Err: e.Err}
		}
		return nil, err
	}
	return s.Packets(), nil
}

// Update returns the archive with the expectations of all cases replaced, each behind its script. want is keyed by
// RULE/KIND; an empty text leaves the section out.
func Update(data []byte, want map[string]string) []byte {
	a := txtar.Parse(data)
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasSuffix(f.Name, ".want") })
	var files []txtar.File
	for _, f := range a.Files {
		files = append(files, f)
		if w := want[f.Name]; w != "" {
			files = append(files, txtar.File{Name: f.Name + ".want", Data: []byte(w)})
		}
	}
	a.Files = files
	return txtar.Format(a)
}

// Format writes findings as expectations show them: one line each, equal ones counted, in order of their first place.
func Format(found []*detector.Finding) string {
	var lines []string
	count := map[string]int{}
	for _, f := range found {
		line := fmt.Sprintf("%s:%s %s %s > %s %s", f.Source, f.Rule.ID, f.Severity, f.SrcIP, f.DstIP, f.Rule.Name)
		if count[line]++; count[line] == 1 {
			lines = append(lines, line)
		}
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line)
		if n := count[line]; n > 1 {
			fmt.Fprintf(&b, " (%d times)", n)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

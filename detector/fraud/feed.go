package fraud

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Limits of feeds.
const (
	maxFeedNames = 5_000_000
	maxFeedLine  = 64 << 10
)

// Feeds are lists of names that the user gives: block lists, newly registered names, lines of certificate transparency.
// They are read-only and safe for concurrent use; nil is an empty set.
type Feeds struct {
	names  map[string]feedEntry
	series map[string][]string // pattern → names, at most maxSeriesNames each
	files  []string
}

type feedEntry struct {
	line   int32
	file   uint16
	blocks bool
}

// listed is where a name stands.
type listed struct {
	name   string // of the file
	line   int
	blocks bool
}

// maxSeriesNames is how many names of a pattern are kept for finding members of a campaign early.
const maxSeriesNames = 32

// NewFeeds returns an empty set.
func NewFeeds() *Feeds {
	return &Feeds{names: make(map[string]feedEntry), series: make(map[string][]string)}
}

// Add reads a list. A line is a name, alone or as a hosts file has it ("0.0.0.0 name"), a URL, a comma-separated line that
// begins with a name, or a JSON object of certificate transparency with "name_value", "dns_names" or "all_domains"; # and ;
// begin comments. Names of a list that blocks are fraud by themselves; others are evidence beside what a name shows.
// The first wrong line is the error, "file:line: text"; f is then not to be used.
func (f *Feeds) Add(r io.Reader, name string, blocks bool) error {
	if len(f.files) >= 1<<16-1 {
		return fmt.Errorf("%s:1: more than %d lists", name, 1<<16-1)
	}
	f.files = append(f.files, filepath.Base(name))
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 0, 4096), maxFeedLine)
	line := 0
	for scan.Scan() {
		line++
		names, problem := feedLine(bytes.TrimSpace(scan.Bytes()))
		if problem != "" {
			return fmt.Errorf("%s:%d: %s", name, line, problem)
		}
		for _, n := range names {
			if len(f.names) >= maxFeedNames {
				return fmt.Errorf("%s:%d: more than %d names", name, line, maxFeedNames)
			}
			if old, known := f.names[n]; known && (old.blocks || !blocks) {
				continue
			}
			f.names[n] = feedEntry{int32(line), uint16(len(f.files) - 1), blocks}
			if p := seriesOf(n); p != "" && len(f.series[p]) < maxSeriesNames {
				f.series[p] = append(f.series[p], n)
			}
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", name, line+1, err)
	}
	return nil
}

// feedLine returns the names of a line, none for a comment, or what is wrong with it.
func feedLine(b []byte) (names []string, problem string) {
	if i := bytes.IndexByte(b, '#'); i >= 0 && !bytes.HasPrefix(b, []byte("{")) {
		b = bytes.TrimSpace(b[:i])
	}
	if len(b) == 0 || b[0] == ';' {
		return nil, ""
	}
	if b[0] == '{' {
		return ctLine(b)
	}
	s, _, _ := strings.Cut(string(b), ",")
	if words := strings.Fields(s); len(words) == 2 && isAddress([]byte(words[0])) {
		s = words[1]
	}
	if h := actionHost([]byte(s)); h != nil {
		s = string(h)
	}
	n, problem := feedName(s)
	if problem != "" {
		return nil, problem
	}
	return []string{n}, ""
}

func ctLine(b []byte) (names []string, problem string) {
	var entry struct {
		NameValue  string   `json:"name_value"`
		DNSNames   []string `json:"dns_names"`
		AllDomains []string `json:"all_domains"`
	}
	if err := json.Unmarshal(b, &entry); err != nil {
		return nil, "not a JSON object: " + err.Error()
	}
	all := append(append(strings.Fields(entry.NameValue), entry.DNSNames...), entry.AllDomains...)
	if len(all) == 0 {
		return nil, `no "name_value", "dns_names" or "all_domains"`
	}
	for _, s := range all {
		n, problem := feedName(s)
		if problem != "" {
			return nil, problem
		}
		names = append(names, n)
	}
	return names, ""
}

// feedName checks and folds a name.
func feedName(s string) (name, problem string) {
	name = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.Trim(s, `"' `), "*."), "."))
	if len(name) > maxName || !strings.Contains(name, ".") {
		return "", fmt.Sprintf("%q: a name with a dot and at most %d bytes is expected", clip(s), maxName)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > maxLabelBytes {
			return "", fmt.Sprintf("%q: labels have 1 to %d bytes", clip(s), maxLabelBytes)
		}
		for _, c := range []byte(label) {
			if c <= ' ' || strings.IndexByte(`/\:@"'<>()`, c) >= 0 {
				return "", fmt.Sprintf("%q: a name has no %q", clip(s), c)
			}
		}
	}
	return name, ""
}

// maxLabelBytes is how long a label is at most (RFC 1035, 2.3.4).
const maxLabelBytes = 63

// lookup tells where a name, or the registrable name above it, is listed; nil for nowhere.
func (f *Feeds) lookup(name string) *listed {
	if f == nil {
		return nil
	}
	e, ok := f.names[name]
	if !ok {
		if e, ok = f.names[registrable(name)]; !ok {
			return nil
		}
	}
	return &listed{f.files[e.file], int(e.line), e.blocks}
}

// Len returns how many names are listed.
func (f *Feeds) Len() int {
	if f == nil {
		return 0
	}
	return len(f.names)
}

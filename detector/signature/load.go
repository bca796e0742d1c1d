package signature

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"khien/sensor"
)

// File is a rule file: its name as errors show it, and its bytes.
type File struct {
	Name string
	Data []byte
}

// Options say how rules are read.
type Options struct {
	Addresses      map[string]string       // address variables without $, over the defaults
	Ports          map[string]string       // port variables without $, over the defaults
	Classification []byte                  // a classification.config, over the defaults
	Reference      []byte                  // a reference.config, over the defaults
	CacheDir       string                  // folder for compiled patterns; empty for none
	DataDir        string                  // folder that lists named by rules are looked for in, beside the rule's own
	Reputation     *Reputation             // for iprep; nil when there are no lists
	Country        func(netip.Addr) string // ISO 3166-1 alpha-2, for geoip; nil when nothing is known
	AlertMax       int                     // alerts of one packet, 0 for the default of 15
	Off            map[ID]bool             // rules that are read and not inspected
	Confined       bool                    // refuse files by absolute names: the rules come from somebody who may not read every file
}

// ID names a rule.
type ID struct{ GID, SID uint32 }

// loader is what all rules of one Load share.
type loader struct {
	vars         *variables
	keywords     map[string]*keyword
	names        []string
	absent       map[string]string
	buffers      map[string]*bufferDef
	frames       []bufferDef
	served       map[sensor.Proto]bool
	events       eventNames
	packetEvents eventNames
	classes      map[string]classification
	references   map[string]string
	dirs         []string // where files that rules name are looked for
	confined     bool
	sets         *datasets
	options      []rawOption // of the rule that is read; reused
}

func newLoader(o Options) *loader {
	ld := &loader{vars: newVariables(o.Addresses, o.Ports), confined: o.Confined, keywords: map[string]*keyword{}, absent: absentKeywords(o),
		buffers: map[string]*bufferDef{}, served: map[sensor.Proto]bool{}, events: eventTable(), packetEvents: packetEventTable(), sets: newDatasets()}
	ld.classes = classifications(o.Classification)
	ld.references = references(o.Reference)
	rows := bufferRows()
	for i := range rows {
		rows[i].id = i
		ld.buffers[rows[i].name] = &rows[i]
		for _, p := range rows[i].protos {
			ld.served[p] = true
		}
	}
	ld.frames = frameRows()
	for i := range ld.frames {
		ld.frames[i].id = len(rows) + i
	}
	for _, family := range [][]keyword{metaKeywords(), contentKeywords(), byteKeywords(), packetKeywords(), flowKeywords(), limitKeywords(), addressKeywords(o),
		transformKeywords(), base64Keywords(), entropyKeywords(), asn1Keywords(), datasetKeywords(), appKeywords(), sctpKeywords(), frameKeywords(), enipKeywords(), tlsKeywords(), sshKeywords(), ikeKeywords(), http2Keywords(), ftpKeywords(), nfsKeywords(), dcerpcKeywords(), tableKeywords(rows)} {
		for i := range family {
			ld.keywords[family[i].name] = &family[i]
		}
	}
	ld.names = slices.Sorted(maps.Keys(ld.keywords))
	return ld
}

// absentKeywords are keywords of the language that cannot work here, with the reason.
func absentKeywords(o Options) map[string]string {
	absent := map[string]string{
		"lua": "rules cannot run programs here", "luajit": "rules cannot run programs here",
		"nfq_set_mark": "this engine does not forward packets",
	}
	if o.Country == nil {
		absent["geoip"] = "no database of countries is loaded (--places)"
	}
	if o.Reputation == nil {
		absent["iprep"] = "no reputation lists are loaded (--reputation)"
	}
	return absent
}

// Load reads and compiles rule files. A rule that fails does not stop the others: each failure is in the second result,
// in the order of the files. The set is never nil.
func Load(o Options, files []File) (*Set, []Error) {
	ld := newLoader(o)
	var sigs []*sig
	var errs []Error
	var off []Rule
	seen := map[[2]uint32]int{}
	skipped := 0
	for _, f := range files {
		ld.dirs = []string{filepath.Dir(f.Name)}
		if o.DataDir != "" {
			ld.dirs = append(ld.dirs, o.DataDir)
		}
		for _, raw := range splitRules(f.Data) {
			ss, rerr := ld.parseRule(raw.text)
			if rerr != nil {
				if rerr.hint == skippedHint {
					skipped++
					continue
				}
				errs = append(errs, Error{File: f.Name, Line: raw.line, Column: rerr.at + 1, Text: raw.text, Msg: rerr.msg, Hint: rerr.hint})
				continue
			}
			s := ss[0]
			s.File, s.Line = f.Name, raw.line
			if o.Off[ID{s.GID, s.SID}] {
				off = append(off, *s.Rule)
				continue
			}
			id := [2]uint32{s.GID, s.SID}
			if i, dup := seen[id]; dup {
				// Of two rules with one sid the higher revision counts, as Suricata has it.
				if sigs[i].Rev < s.Rev {
					sigs = slices.DeleteFunc(sigs, func(x *sig) bool { return x.GID == id[0] && x.SID == id[1] })
					clear(seen)
					for j, x := range sigs {
						seen[[2]uint32{x.GID, x.SID}] = j
					}
				} else {
					errs = append(errs, Error{File: f.Name, Line: raw.line, Column: 1, Text: raw.text,
						Msg: fmt.Sprintf("sid %d is already used by the rule in line %d of %s", s.SID, sigs[i].Line, sigs[i].File)})
					continue
				}
			}
			seen[id] = len(sigs)
			sigs = append(sigs, ss...)
		}
	}
	set, err := compile(sigs, o)
	if err != nil {
		errs = append(errs, Error{File: "rules", Line: 1, Column: 1, Msg: err.Error()})
	}
	set.skipped, set.sets, set.off = skipped, ld.sets, off
	return set, errs
}

// skippedHint marks a rule that does not apply, which is no error.
const skippedHint = "\x00skipped"

// fileMax limits lists that rules name.
const fileMax = 64 << 20

// readBeside reads a file that a rule names, relative to the rule's file or to the data folder. A name may not leave them.
func (ld *loader) readBeside(name string) ([]byte, error) {
	if !filepath.IsLocal(name) && (ld.confined || !filepath.IsAbs(name)) {
		return nil, fmt.Errorf("file %q lies outside of the rules' folder", name)
	}
	var firstErr error
	for _, d := range ld.dirs {
		full := filepath.Join(d, name)
		if filepath.IsAbs(name) {
			full = name
		}
		data, err := readList(full, fileMax)
		if err == nil {
			return data, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	return nil, fmt.Errorf("cannot read %q: %w", name, firstErr)
}

// readList reads a list of at most n bytes. What is no file may have no end, or nobody who writes into it.
func readList(name string, n int64) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is not a file")}
	}
	if st.Size() > n {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("file is too large: more than %d MiB", n>>20)}
	}
	return os.ReadFile(name)
}

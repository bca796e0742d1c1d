// Package rulebooktest is the rules of a sensor that does not run: a folder of rule files that is loaded as a sensor loads
// it. For tests.
package rulebooktest

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"khien/console/rulebook"
	"khien/detector/signature"
)

// Folder is the rules of a folder. It is not safe for concurrent use, except through a rulebook.Desk.
type Folder struct {
	Set   *signature.Set
	Loads int // how often the files were loaded

	dir   string
	files []rulebook.File
	last  rulebook.Outcome
}

// Open loads the rule files of a folder, which is made.
func Open(dir string) (*Folder, error) {
	f := &Folder{dir: dir}
	err := os.MkdirAll(dir, 0o700)
	f.reload()
	return f, err
}

// Live gives the folder to a desk; packets may be nil.
func (f *Folder) Live(packets func(w io.Writer, from, to time.Time, max int64) (uint64, error)) *rulebook.Live {
	return &rulebook.Live{Dir: f.dir, Reload: f.reload, Packets: packets,
		Loaded: func() rulebook.Loaded {
			return rulebook.Loaded{Set: f.Set, Files: f.files, Faults: f.last.Faults, Since: f.last.At}
		},
		Last: func() rulebook.Outcome { return f.last },
		Fresh: func() (*signature.Set, error) {
			set, _, _, err := f.load()
			return set, err
		}}
}

func (f *Folder) load() (*signature.Set, []signature.Error, []signature.File, error) {
	switches, err := rulebook.ReadOff(f.dir)
	off := map[signature.ID]bool{}
	for _, s := range switches {
		off[signature.ID{GID: s.GID, SID: s.SID}] = true
	}
	var files []signature.File
	names, _ := filepath.Glob(filepath.Join(f.dir, "*.rules")) // the pattern is right
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			return nil, nil, nil, err
		}
		files = append(files, signature.File{Name: n, Data: text})
	}
	set, errs := signature.Load(signature.Options{Off: off}, files)
	return set, errs, files, err
}

// reload puts the files in force when none has an error, or at first.
func (f *Folder) reload() rulebook.Outcome {
	f.Loads++
	set, errs, files, err := f.load()
	f.last = rulebook.Outcome{OK: err == nil && len(errs) == 0, At: time.Now().UTC(), Rejected: len(errs), Faults: []rulebook.Fault{}}
	if err != nil {
		f.last.Other = err.Error()
		return f.last
	}
	f.last.Loaded = set.Len()
	for i := range errs {
		f.last.Faults = append(f.last.Faults, rulebook.FaultOf(&errs[i]))
	}
	if !f.last.OK && f.Set != nil {
		return f.last
	}
	f.last.OK = true // at first the rest is loaded, as with --skip-bad-rules
	f.Set, f.files = set, nil
	for _, file := range files {
		x := rulebook.File{Name: file.Name, Kind: "signatures"}
		for _, r := range set.Rules() {
			if r.File == file.Name {
				x.Loaded++
			}
		}
		for _, r := range set.Off() {
			if r.File == file.Name {
				x.Off++
			}
		}
		for i := range errs {
			if errs[i].File == file.Name {
				x.Rejected++
			}
		}
		f.files = append(f.files, x)
	}
	return f.last
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"khien/console/rulebook"
	"khien/detector/signature"
	"khien/rules"
	"khien/sensor/ring"
)

// faultsMax bounds the faults of one loading that the console is told of.
const faultsMax = 1000

// off are the rules that people have switched off: in the rules folder, and in that of the core.
func (o *detectionOptions) off(stderr io.Writer) (map[signature.ID]bool, bool) {
	off := map[signature.ID]bool{}
	for _, dir := range append([]string{o.folder}, o.offs...) {
		if dir == "" {
			continue
		}
		list, err := rulebook.ReadOff(dir)
		if err != nil {
			fmt.Fprintf(stderr, "khien: %v\n", err)
			return nil, false
		}
		for _, s := range list {
			off[signature.ID{GID: s.GID, SID: s.SID}] = true
		}
	}
	return off, true
}

// tellFiles keeps for the console which files were read.
func (d *detection) tellFiles(o detectionOptions, kind string, src []source) {
	for _, s := range src {
		inside, built := strings.CutPrefix(s.name, "rules/")
		if built = built && !o.noDefault; built {
			_, err := fs.Stat(rules.FS, inside)
			built = err == nil
		}
		f := rulebook.File{Name: s.name, Kind: kind, Built: built}
		for i := range d.faults {
			if d.faults[i].File == s.name {
				f.Rejected++
			}
		}
		d.files = append(d.files, f)
	}
}

// tellSignatures does that for signatures, with how many rules of each file were loaded.
func (d *detection) tellSignatures(o detectionOptions, src []source) {
	loaded, off := map[string]int{}, map[string]int{}
	for _, r := range d.signatures.Rules() {
		loaded[r.File]++
	}
	for _, r := range d.signatures.Off() {
		off[r.File]++
	}
	d.tellFiles(o, "signatures", src)
	for i := range d.files {
		f := &d.files[i]
		f.Loaded, f.Off = loaded[f.Name], off[f.Name]
	}
}

// attempt is how a loading ended, as the console tells it.
func attempt(res *outcome, d *detection) rulebook.Outcome {
	out := rulebook.Outcome{OK: res.OK, At: res.Started.UTC(), Loaded: res.Loaded, Rejected: res.Rejected, Millis: res.Millis, Waiting: res.Waiting, Version: res.Version,
		Faults: d.faults[:min(len(d.faults), faultsMax)]}
	if len(out.Faults) == 0 {
		out.Faults, out.Other = []rulebook.Fault{}, res.Errors
	}
	return out
}

// live is what the console does with the rules of this process.
func (r *reloader) live(packets *ring.Store, stderr io.Writer) *rulebook.Live {
	l := &rulebook.Live{Dir: r.options.folder,
		Loaded: func() rulebook.Loaded {
			r.mu.Lock()
			defer r.mu.Unlock()
			d := r.current
			return rulebook.Loaded{Set: d.signatures, Language: d.language, Files: d.files, Faults: d.faults[:min(len(d.faults), faultsMax)], Since: d.since.UTC()}
		},
		Last: func() rulebook.Outcome {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.attempt
		}}
	l.Reload = func() rulebook.Outcome {
		res := r.reload()
		fmt.Fprintf(stderr, "%skhien run: %v\n", res.Errors, res)
		return l.Last()
	}
	l.Fresh = r.fresh
	if packets != nil {
		l.Packets = func(w io.Writer, from, to time.Time, max int64) (uint64, error) {
			res, err := ring.Carve(packets.Dir(), w, ring.Query{From: from.UnixNano(), To: to.UnixNano(), MaxBytes: max}, packetsSection("a trial of rules"))
			return res.Packets, err // what is damaged is not in the sample
		}
	}
	return l
}

// fresh loads the signatures once more, apart from those in force. It waits for a reload, as both need the memory.
func (r *reloader) fresh() (*signature.Set, error) {
	r.serial.Lock()
	defer r.serial.Unlock()
	r.mu.Lock()
	d := detection{places: r.current.places}
	r.mu.Unlock()
	var errs strings.Builder
	if !d.loadSignatures(r.options, &errs) {
		return nil, errors.New(strings.TrimSpace(errs.String()))
	}
	return d.signatures, nil
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/output"
	"khien/detector/sink"
	"khien/sensor/pipeline"
	"khien/sensor/record"
)

func (o *outputs) flushStore() {
	if err := o.store.Write(context.Background(), o.pending); err != nil && o.err == nil {
		o.err = err
	}
	o.pending = o.pending[:0]
}

// close ends all outputs and reports the first error of any.
func (o *outputs) close(s pipeline.Stats, det *detection, start usageAt) error {
	var errs []error
	if o.store != nil {
		o.flushStore()
		errs = append(errs, o.store.Close())
	}
	errs = append(errs, o.err)
	if s.ParserBugs > 0 {
		errs = append(errs, fmt.Errorf("%d flows lost their parser to a mistake of this program, please report it: %s", s.ParserBugs, s.FirstBug))
	}
	if o.text {
		fmt.Fprintf(o.stdout, "%d findings in %d packets, %d flows", o.count, s.Packets, s.Flows)
		for _, name := range slices.Sorted(maps.Keys(o.imports)) {
			n := o.imports[name]
			fmt.Fprintf(o.stdout, "; %d records in %d lines of %s, %d unreadable", n.Records, n.Lines, cli.Visible(name), n.Bad)
		}
		fmt.Fprintln(o.stdout)
	}
	if o.err == nil {
		errs = append(errs, o.findings.close(), o.eve.close())
	}
	errs = append(errs, o.writeStats(s, det, start), o.stdout.Flush())
	return errors.Join(errs...)
}

// replayStats is the object that --stats writes.
type replayStats struct {
	pipeline.Stats
	Imports       map[string]record.Stats `json:"imports,omitempty"`
	Findings      int                     `json:"findings"`
	RulesLoaded   int                     `json:"rules_loaded"`
	RulesRejected int                     `json:"rules_rejected"`
	WallSeconds   float64                 `json:"wall_seconds"`
	CPUSeconds    float64                 `json:"cpu_seconds"`
	PeakRSSBytes  int64                   `json:"peak_rss_bytes"`
	// Outputs to other systems, of khien run.
	Outputs []output.State `json:"outputs,omitempty"`
}

func (o *outputs) writeStats(s pipeline.Stats, det *detection, start usageAt) error {
	r := replayStats{Stats: s, Imports: o.imports, Findings: o.count, RulesLoaded: det.loaded, RulesRejected: det.rejected}
	return r.write(o.stats, o.stdout, start)
}

// writeRunStats writes the sums of all that khien run has read.
func writeRunStats(o runOptions, rules *reloader, into *sink.Writer, start usageAt, stdout io.Writer) error {
	stored, _ := into.Counts()
	r := replayStats{Stats: o.sensors.sum(), Imports: o.sensors.imports(), Findings: int(stored), Outputs: into.Outputs()}
	r.RulesLoaded, r.RulesRejected = rules.counts()
	b := bufio.NewWriter(stdout)
	return errors.Join(r.write(o.stats, b, start), b.Flush())
}

// write writes the object to a file, with what the process has used since start.
func (r *replayStats) write(name string, stdout *bufio.Writer, start usageAt) error {
	to, err := openOutput(name, stdout)
	if to == nil {
		return err
	}
	r.WallSeconds = time.Since(start.wall).Seconds()
	now := usageNow()
	r.CPUSeconds, r.PeakRSSBytes = now.cpu-start.cpu, now.peak
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	to.w.Write(append(line, '\n'))
	return to.close()
}

// printFinding writes a finding for people, on one line and a line for each reason.
func printFinding(w *bufio.Writer, f *detector.Finding) {
	fmt.Fprintf(w, "%s  %-8s %s:%s  %s", f.Time.UTC().Format("2006-01-02T15:04:05.000Z"), f.Severity, f.Source, f.Rule.ID,
		cli.Visible(f.Rule.Name))
	if f.SrcIP.IsValid() {
		fmt.Fprintf(w, "  %s → %s", f.SrcIP, f.DstIP)
	}
	if f.Domain != "" {
		fmt.Fprintf(w, "  %s", cli.Visible(f.Domain))
	}
	fmt.Fprintln(w)
}

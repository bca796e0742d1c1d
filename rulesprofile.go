package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/signature"
	"khien/sensor"
)

// rulesProfile replays a capture and lists the rules that were looked at, the dearest first.
func rulesProfile(o detectionOptions, capture string, out, stderr io.Writer) int {
	start := usageNow()
	det, ok := loadDetection(o, stderr)
	if !ok {
		return cli.Usage
	}
	loading := usageNow().cpu - start.cpu
	engine := detector.NewEngine(1, func(detector.Record) {})
	m := det.signatures.NewMatcher(engine.Recorder(0))
	m.Measure()
	p := startPipeline(replayOptions{workers: 1, noChecksum: true, hash: det.hashes()},
		func(int) []sensor.Handler { return []sensor.Handler{m} }, engine.RoundDone)
	start = usageNow()
	err := replayOne(p, capture)
	p.Close()
	if err != nil {
		fmt.Fprintf(stderr, "khien rules list: %v\n", err)
		return cli.Input
	}
	whole := usageNow().cpu - start.cpu
	costs := m.Costs()
	slices.SortStableFunc(costs, func(a, b signature.Cost) int { return cmp.Compare(b.Time, a.Time) })
	var sum time.Duration
	for _, c := range costs {
		sum += c.Time
	}
	st := det.signatures.Stats()
	fmt.Fprintf(out, "%d rules loaded, %d rejected, %d not for this engine, %d without a fast pattern; %.2f s of processor time to load\n",
		det.loaded, det.rejected, st.Skipped, st.WithoutPattern, loading)
	fmt.Fprintf(out, "%d rules looked at in %s, of %.2f s of processor time for the capture\n", len(costs), sum.Round(time.Microsecond), whole)
	fmt.Fprintln(out, " share   microseconds      looks    matches  last match            rule")
	for _, c := range costs {
		last := "-"
		if c.Last != 0 {
			last = time.Unix(0, c.Last).UTC().Format("2006-01-02T15:04:05Z")
		}
		fmt.Fprintf(out, "%5.1f%% %14.1f %10d %10d  %-20s  %d:%d  %s\n", 100*float64(c.Time)/float64(max(sum, 1)),
			float64(c.Time)/1e3, c.Checks, c.Matches, last, c.Rule.GID, c.Rule.SID, cli.Visible(c.Rule.Msg))
	}
	tellOverruns(det.signatures, out)
	return cli.Done
}

// tellOverruns names the rules that were given up on.
func tellOverruns(set *signature.Set, w io.Writer) {
	for _, o := range set.Overruns() {
		fmt.Fprintf(w, "khien: rule %d:%d was given up on %d times, because looking at it takes too long: %s\n", o.GID, o.SID, o.Count, cli.Visible(o.Msg))
	}
}

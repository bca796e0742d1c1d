package outlets

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"khien/detector"
	"khien/detector/output"
	"khien/detector/spool"
)

// keepWait is how long a core waits for its disk to take what outputs are to get, before it has the hub send that again.
const keepWait = 30 * time.Second

// Relay keeps what the store of a core has taken in a spool of its own until the outputs have it too. A nil
// *Relay has none.
type Relay struct {
	spool     *spool.Spool
	outlets   *Outlets
	telemetry bool // an output wants it
}

// OpenRelay opens the spool in a data folder, of at most quota bytes, and starts the outputs. Without specs it is nil.
func OpenRelay(specs []output.Spec, quota int64, dir string, stderr io.Writer) (*Relay, error) {
	if len(specs) == 0 {
		return nil, nil
	}
	sp, err := spool.Open(spool.Config{Dir: filepath.Join(dir, "outputs"), Followers: output.Followers(specs), FollowQuota: quota,
		Damaged: func(err error) { fmt.Fprintf(stderr, "khien: %v\n", err) }})
	if err != nil {
		return nil, err
	}
	c := &Relay{spool: sp, telemetry: slices.ContainsFunc(specs, func(s output.Spec) bool { return s.Telemetry })}
	if c.outlets, err = Start(specs, sp, dir, "", stderr); err != nil {
		return nil, errors.Join(err, sp.Close())
	}
	return c, nil
}

// Findings returns when they are on the disk.
func (c *Relay) Findings(ctx context.Context, fs []detector.Finding) error {
	if c == nil {
		return nil
	}
	for i := range fs {
		doc, err := json.Marshal(fs[i])
		if err == nil {
			err = c.spool.Put(spool.Findings, doc)
		}
		if err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, keepWait)
	defer cancel()
	return c.spool.Sync(ctx)
}

// Lines keeps telemetry of a sensor where an output wants it.
func (c *Relay) Lines(sensor string, lines [][]byte) error {
	if c == nil || !c.telemetry {
		return nil
	}
	for _, line := range lines {
		if err := c.spool.Put(spool.Telemetry, output.WithSensor(line, sensor)); err != nil {
			return err
		}
	}
	return nil
}

// WriteMetrics writes the counts of the outputs in Prometheus' text format.
func (c *Relay) WriteMetrics(w io.Writer) error {
	b := bufio.NewWriter(w)
	if c != nil {
		WriteMetrics(b, c.outlets.States())
	}
	return b.Flush()
}

// Close ends the outputs.
func (c *Relay) Close() error {
	if c == nil {
		return nil
	}
	return errors.Join(c.outlets.Close(Wait), c.spool.Close())
}

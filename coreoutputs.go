package main

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

// coreOutputs keeps what the store of a core has taken in a spool of its own until the outputs have it too. A nil
// *coreOutputs has none.
type coreOutputs struct {
	spool     *spool.Spool
	outlets   *outlets
	telemetry bool // an output wants it
}

func openCoreOutputs(o outletOptions, dir string, stderr io.Writer) (*coreOutputs, error) {
	if len(o.specs) == 0 {
		return nil, nil
	}
	sp, err := spool.Open(spool.Config{Dir: filepath.Join(dir, "outputs"), Followers: output.Followers(o.specs), FollowQuota: o.mb << 20,
		Damaged: func(err error) { fmt.Fprintf(stderr, "khien: %v\n", err) }})
	if err != nil {
		return nil, err
	}
	c := &coreOutputs{spool: sp, telemetry: slices.ContainsFunc(o.specs, func(s output.Spec) bool { return s.Telemetry })}
	if c.outlets, err = startOutlets(o.specs, sp, dir, "", stderr); err != nil {
		return nil, errors.Join(err, sp.Close())
	}
	return c, nil
}

// findings returns when they are on the disk.
func (c *coreOutputs) findings(ctx context.Context, fs []detector.Finding) error {
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

func (c *coreOutputs) lines(sensor string, lines [][]byte) error {
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

func (c *coreOutputs) writeMetrics(w io.Writer) error {
	b := bufio.NewWriter(w)
	if c != nil {
		writeOutputMetrics(b, c.outlets.states())
	}
	return b.Flush()
}

func (c *coreOutputs) close() error {
	if c == nil {
		return nil
	}
	return errors.Join(c.outlets.close(outletWait), c.spool.Close())
}

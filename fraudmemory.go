package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"khien/detector"
	"khien/detector/behaviour/abuse"
	"khien/detector/cli"
	"khien/detector/fraud"
)

// saveEvery is how often what fraud detection remembers is written; a crash loses no more.
const saveEvery = 10 * time.Minute

// reportsEvery is how often the reports of people are looked at.
const reportsEvery = 2 * time.Second

// loadFeeds reads the lists of names that the user gives.
func (d *detection) loadFeeds(o detectionOptions, stderr io.Writer) bool {
	feeds := fraud.NewFeeds()
	for _, list := range [...]struct {
		names  cli.List
		blocks bool
	}{{o.blocklists, true}, {o.newNames, false}} {
		for _, name := range list.names {
			f, err := os.Open(name)
			if err == nil {
				err = feeds.Add(f, name, list.blocks)
				f.Close()
			}
			if err != nil {
				fmt.Fprintln(stderr, err)
				d.rejected++
				return true // counted like a rule that cannot be loaded
			}
		}
	}
	d.feeds = feeds
	return true
}

// remember makes the findings use a memory, with the lists that were loaded.
func (d *detection) remember(m *fraud.Memory) {
	d.memory = m
	if d.names != nil {
		d.names.Remember(m)
	}
	m.SetFeeds(d.feeds)
}

// kept is what detectors remember in a data folder.
type kept struct {
	data    string
	memory  *fraud.Memory
	windows *abuse.Memory
}

// openKept reads what was kept in a data folder and makes det use it.
func openKept(data string, det *detection) (*kept, error) {
	m, err := fraud.NewMemory(fraud.MemoryConfig{Dir: filepath.Join(data, "fraud")})
	if err != nil {
		return nil, err
	}
	det.remember(m)
	w, err := abuse.NewMemory(filepath.Join(data, "abuse"))
	if err != nil {
		return nil, err
	}
	if det.abuses != nil {
		det.abuses = w
	}
	return &kept{data, m, w}, nil
}

// save writes what is remembered.
func (k *kept) save() error { return errors.Join(k.memory.Save(), k.windows.Save()) }

// close saves it and gives it back.
func (k *kept) close() error { return errors.Join(k.memory.Close(), k.windows.Save()) }

// keep saves now and then and takes the reports that come in, until ctx ends.
func (k *kept) keep(ctx context.Context, found func(detector.Record), command string, stderr io.Writer) {
	look := time.NewTicker(reportsEvery)
	defer look.Stop()
	saved := time.Now()
	var read int64
	said := "" // an error that goes on is said once
	for {
		var err error
		read, err = fraud.TakeReports(k.memory, fraud.ReportsFile(k.data), read, func(f *detector.Finding) { found(detector.Record{Finding: f}) })
		if err != nil && err.Error() != said {
			said = err.Error()
			fmt.Fprintf(stderr, "%s: %v\n", command, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if time.Since(saved) >= saveEvery {
			saved = time.Now()
			if err := k.save(); err != nil {
				fmt.Fprintf(stderr, "%s: %v\n", command, err)
			}
		}
	}
}

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/signature"
	"khien/sensor/pipeline"
)

// benchCommand measures this build on this host.
func benchCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o replayOptions
	fs := flag.NewFlagSet("khien bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien bench [FLAGS] CAPTURE…       throughput and allocations on captures, and counts by stage\n"+
			"       khien bench --load [FLAGS] FILE…  seconds and memory that loading rule files takes, without and with a cache\n\n"+
			"Captures are read twice: the first time fills what is reused later. Their reading is part of what is measured.")
		fs.PrintDefaults()
	}
	load := fs.Bool("load", false, "measure loading rule files in place of captures")
	o.detection.flags(fs)
	fs.BoolVar(&o.noChecksum, "no-checksum", false, "inspect packets with wrong checksums too")
	fs.BoolVar(&o.midstream, "midstream", false, "follow TCP flows whose start was not captured")
	fs.IntVar(&o.workers, "workers", runtime.NumCPU(), "goroutines that inspect")
	events := fs.Bool("events", false, "render the events of khien replay --eve too, and throw them away")
	profile := fs.String("cpuprofile", "", "write a processor profile of reading the captures, in pprof's format, to this `file`")
	err := fs.Parse(args)
	switch {
	case err != nil:
		return cli.FlagStatus(err)
	case fs.NArg() == 0:
		fmt.Fprintln(stderr, "khien bench: name at least one file")
		return cli.Usage
	case o.workers < 1 || o.workers > 1024:
		fmt.Fprintf(stderr, "khien bench: --workers %d: from 1 to 1024\n", o.workers)
		return cli.Usage
	case *load:
		return benchLoad(fs.Args(), stdout, stderr)
	}
	det, ok := loadDetection(o.detection, stderr)
	if !ok {
		return cli.Usage
	}
	if *events {
		o.eve = os.DevNull
	}
	found := 0
	p, _, err := newPipeline(o, det, stores{}, func(r detector.Record) {
		if r.Finding != nil {
			found++
		}
	})
	if err != nil {
		fmt.Fprintf(stderr, "khien bench: %v\n", err)
		return cli.Usage
	}
	defer p.Close()
	stopProfile, err := startProfile(*profile)
	if err != nil {
		fmt.Fprintf(stderr, "khien bench: %v\n", err)
		return cli.Usage
	}
	fmt.Fprintf(stdout, "%s, %d workers, %d rules, %s\n", cli.Version(), o.workers, det.loaded, runtime.Version())
	for _, pass := range []string{"first", "again"} {
		before, findings := p.Stats(), found
		m, err := measure(func() error { return replayAll(p, fs.Args()) })
		if err != nil {
			fmt.Fprintf(stderr, "khien bench: %v\n", err)
			return cli.Input
		}
		s := p.Stats()
		m.print(stdout, pass, s.Packets-before.Packets, s.Bytes-before.Bytes, found-findings)
		if pass == "first" {
			text, err := json.Marshal(s)
			if err != nil {
				panic("BUG: " + err.Error())
			}
			fmt.Fprintf(stdout, "stages %s\n", text)
		}
	}
	fmt.Fprintf(stdout, "resident %.1f MiB, at most %.1f MiB\n", float64(residentNow())/(1<<20), float64(usageNow().peak)/(1<<20))
	if err := stopProfile(); err != nil {
		fmt.Fprintf(stderr, "khien bench: %v\n", err)
		return cli.Input
	}
	return cli.Done
}

// startProfile begins a processor profile that the function it returns ends; an empty name is none.
func startProfile(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("profile: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

func replayAll(p *pipeline.Pipeline, names []string) error {
	for _, name := range names {
		if err := replayOne(p, name); err != nil {
			return err
		}
	}
	return nil
}

// measured is what some work has cost.
type measured struct {
	wall, cpu      float64 // seconds
	objects, bytes uint64  // taken from the allocator
	collections    uint32
}

func measure(work func() error) (m measured, err error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := usageNow()
	err = work()
	end := usageNow()
	runtime.ReadMemStats(&after)
	return measured{wall: end.wall.Sub(start.wall).Seconds(), cpu: end.cpu - start.cpu, objects: after.Mallocs - before.Mallocs,
		bytes: after.TotalAlloc - before.TotalAlloc, collections: after.NumGC - before.NumGC}, err
}

func (m *measured) print(w io.Writer, pass string, packets, bytes uint64, findings int) {
	n, wall := float64(max(packets, 1)), max(m.wall, 1e-9)
	fmt.Fprintf(w, "%s: %d packets, %d bytes, %d findings in %.3f s, %.3f s of CPU: %.0f packets/s, %.1f Mbit/s; %.3f allocations and %.0f bytes a packet, %d collections\n",
		pass, packets, bytes, findings, m.wall, m.cpu, float64(packets)/wall, float64(bytes)*8/1e6/wall, float64(m.objects)/n,
		float64(m.bytes)/n, m.collections)
}

// benchLoad measures loading rule files with an empty cache of compiled patterns and with the one that this filled.
func benchLoad(names []string, stdout, stderr io.Writer) int {
	var files []signature.File
	for _, name := range names {
		data, err := cli.ReadFile(name, cli.RulesMax)
		if err != nil {
			fmt.Fprintf(stderr, "khien bench: %v\n", err)
			return cli.Usage
		}
		files = append(files, signature.File{Name: name, Data: data})
	}
	dir, err := os.MkdirTemp("", "khien-bench-*")
	if err != nil {
		fmt.Fprintf(stderr, "khien bench: %v\n", err)
		return cli.Input
	}
	defer os.RemoveAll(dir)
	for _, pass := range []string{"cold", "cached"} {
		debug.FreeOSMemory()
		before := residentNow()
		var set *signature.Set
		var errs []signature.Error
		m, _ := measure(func() error {
			set, errs = signature.Load(signature.Options{CacheDir: dir}, files)
			return nil
		})
		debug.FreeOSMemory()
		fmt.Fprintf(stdout, "%s: %d rules loaded, %d rejected, %d not for this engine in %.3f s, %.3f s of CPU", pass, set.Len(), len(errs),
			set.Skipped(), m.wall, m.cpu)
		if pass == "cold" { // later passes reuse what the C library keeps of this one
			fmt.Fprintf(stdout, "; resident memory %+.1f MiB to %.1f MiB", float64(residentNow()-before)/(1<<20), float64(residentNow())/(1<<20))
		}
		fmt.Fprintln(stdout)
		runtime.KeepAlive(set)
	}
	return cli.Done
}

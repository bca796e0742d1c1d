package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/eve"
	"khien/detector/fraud"
	"khien/detector/store"
	"khien/detector/store/embedded"
	"khien/sensor"
	"khien/sensor/app/tls"
	"khien/sensor/capture"
	"khien/sensor/file"
	"khien/sensor/pipeline"
	"khien/sensor/record"
)

// replayOptions are the flags of khien replay.
type replayOptions struct {
	detection  detectionOptions
	noChecksum bool
	midstream  bool
	oneSided   bool
	hash       bool // hash transferred files; not a flag
	telemetry  bool // give lines of events to out, and none of findings; not a flag
	workers    int
	keylog     string
	keys       *tls.Keys // of keylog
	memory     int       // MiB
	budget     int       // bytes for the pipeline; not a flag
	findings   string
	eve        string
	stats      string
	store      string
	data       string
	files      fileOptions
	captures   []string
	imports    importOptions
}

func replayFlags(args []string, stderr io.Writer) (o replayOptions, err error) {
	fs := flag.NewFlagSet("khien replay", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: khien replay [FLAGS] CAPTURE…\n\nReads captures (pcap, pcapng, also .gz and .zst; - is standard input) and prints what is found.")
		fs.PrintDefaults()
	}
	o.detection.flags(fs)
	fs.BoolVar(&o.noChecksum, "no-checksum", false, "inspect packets with wrong checksums too")
	fs.BoolVar(&o.midstream, "midstream", false, "follow TCP flows whose start was not captured")
	fs.BoolVar(&o.oneSided, "one-sided", false, "follow TCP flows of which one direction is missing")
	fs.IntVar(&o.workers, "workers", runtime.NumCPU(), "goroutines that inspect; the findings do not depend on it")
	memoryFlag(fs, &o.memory)
	fs.StringVar(&o.keylog, "keylog", "", "decrypt TLS with the secrets in this `file`, as SSLKEYLOGFILE names it")
	fs.StringVar(&o.findings, "findings", "", "write findings as ECS JSON lines to this `file` (- is standard output)")
	fs.StringVar(&o.eve, "eve", "", "write events as EVE JSON lines to this `file` (- is standard output)")
	fs.StringVar(&o.stats, "stats", "", "write counts as one JSON object to this `file` (- is standard output)")
	fs.Var(&o.imports.eve, "from-eve", "read this `file` of EVE records, of Suricata or another sensor; may be repeated")
	fs.Var(&o.imports.zeek, "from-zeek", "read the logs of Zeek in this `folder`, or one of them; may be repeated")
	fs.StringVar(&o.store, "store", "", "also write findings to a `store`, embedded:DIR or elastic:URL")
	fs.StringVar(&o.data, "data", "", "seal addresses in --store by the policy in this `folder`")
	o.files.flags(fs, file.KeepNone)
	fs.StringVar(&o.files.dir, "files", "khien-files", "`folder` of --store-files")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.captures = fs.Args()
	switch {
	case len(o.captures)+o.imports.len() == 0:
		err = errors.New("name at least one capture, or the records of another sensor with --from-eve or --from-zeek")
	case o.workers < 1 || o.workers > 1024:
		err = fmt.Errorf("--workers %d: from 1 to 1024", o.workers)
	default:
		if err = checkMemoryFlag(o.memory); err == nil {
			o.keys, err = readKeyLog(o.keylog)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "khien replay: %v\n", err)
	}
	return o, err
}

// readKeyLog reads the secrets that --keylog names; nil for none.
func readKeyLog(name string) (*tls.Keys, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--keylog: %w", err)
	}
	defer f.Close()
	keys, err := tls.ReadKeys(f)
	if err != nil {
		return nil, fmt.Errorf("--keylog %s: %w", name, err)
	}
	return keys, nil
}

func replayCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := replayFlags(args, stderr)
	if err != nil {
		return cli.FlagStatus(err)
	}
	det, ok := loadDetection(o.detection, stderr)
	if !ok {
		return cli.Usage
	}
	o.budget = limitMemory(o.memory)
	if det.feeds.Len() > 0 {
		m, err := fraud.NewMemory(fraud.MemoryConfig{})
		if err != nil {
			fmt.Fprintf(stderr, "khien replay: %v\n", err)
			return cli.Usage
		}
		det.remember(m)
	}
	out, err := openOutputs(o, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "khien replay: %v\n", err)
		return cli.Usage
	}
	start := usageNow()
	files, err := o.files.open(o.files.dir)
	if err != nil {
		fmt.Fprintf(stderr, "khien replay: %v\n", err)
		return cli.Usage
	}
	keep := stores{files: files, policy: o.files.policy}
	p, endKeeping, err := newPipeline(o, det, keep, out.record)
	if err != nil {
		fmt.Fprintf(stderr, "khien replay: %v\n", err)
		return cli.Usage
	}
	status := cli.Done
	for _, name := range o.captures {
		if err := replayOne(p, name); err != nil {
			fmt.Fprintf(stderr, "khien replay: %v\n", err)
			status = cli.Input
		}
		if out.err != nil {
			break
		}
	}
	p.Close()
	endKeeping()
	if err := o.readImports(det, out, stderr); err != nil {
		fmt.Fprintf(stderr, "khien replay: %v\n", err)
		status = cli.Input
	}
	if files != nil {
		files.Close()
		reportFiles(files.Stats(), stderr, "khien replay")
	}
	tellOverruns(det.signatures, stderr)
	if err := out.close(p.Stats(), det, start); err != nil {
		fmt.Fprintf(stderr, "khien replay: %v\n", err)
		status = cli.Input
	}
	return status
}

// newPipeline makes a pipeline that detects, stores and writes. end is to be called after its Close.
func newPipeline(o replayOptions, det *detection, keep stores, out func(detector.Record)) (p *pipeline.Pipeline, end func(), err error) {
	var ends []func()
	engine := det.engine(o.workers, out)
	handlers := make([][]sensor.Handler, o.workers)
	for i := range handlers {
		rec := engine.Recorder(i)
		hs, err := det.handlers(rec)
		if err != nil {
			return nil, nil, err
		}
		keepers, end := keep.handlers("")
		hs, ends = append(hs, keepers...), append(ends, end)
		if o.eve != "" {
			hs = append(hs, eve.New(rec))
		}
		handlers[i] = hs
	}
	o.hash = det.hashes()
	p = startPipeline(o, func(worker int) []sensor.Handler { return handlers[worker] }, engine.RoundDone)
	return p, func() {
		for _, end := range ends {
			end()
		}
	}, nil
}

// startPipeline makes a pipeline as the flags say. roundDone is called on a worker's goroutine at the end of each round.
func startPipeline(o replayOptions, handlers func(int) []sensor.Handler, roundDone func(int)) *pipeline.Pipeline {
	cfg := pipeline.Config{
		Workers:    o.workers,
		NoChecksum: o.noChecksum,
		Memory:     o.budget,
		TLSKeys:    o.keys,
		Handlers:   handlers,
		RoundDone:  func(worker int, _ string) { roundDone(worker) },
	}
	cfg.Stream.Midstream, cfg.Stream.OneSided = o.midstream, o.oneSided
	cfg.File.Hash = o.hash
	return pipeline.New(cfg)
}

// readImports reads the records of other sensors, one source after the other.
func (o *replayOptions) readImports(det *detection, out *outputs, stderr io.Writer) error {
	list, err := o.imports.openOnce()
	bad := &badLines{command: "khien replay", stderr: stderr}
	for _, im := range list {
		x, err1 := newRecordDetection(det, im, o.eve != "", out.record)
		if err1 == nil {
			im.run(context.Background(), x, nil, bad.tell, func(e error) { err = errors.Join(err, e) })
		}
		err = errors.Join(err, err1, im.stream.Close())
		if out.imports == nil {
			out.imports = map[string]record.Stats{}
		}
		out.imports[im.name] = im.stats()
	}
	bad.end()
	return err
}

func replayOne(p *pipeline.Pipeline, name string) error {
	r, err := capture.Open(name)
	if err != nil {
		return err
	}
	err = p.Run(r, name)
	return errors.Join(err, r.Close())
}

// outputs are the places that a replay writes to. The first write error is kept and ends the replay.
type outputs struct {
	stdout   *bufio.Writer
	text     bool // print findings for people: no machine output was asked for
	findings *lineFile
	eve      *lineFile
	stats    string
	imports  map[string]record.Stats
	store    store.Store
	pending  []detector.Finding
	err      error
	count    int
}

// lineFile is a file, or standard output.
type lineFile struct {
	name string
	w    *bufio.Writer
	f    *os.File
}

func openOutput(name string, stdout *bufio.Writer) (*lineFile, error) {
	switch name {
	case "":
		return nil, nil
	case "-":
		return &lineFile{name: "standard output", w: stdout}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &lineFile{name: name, w: bufio.NewWriterSize(f, 256<<10), f: f}, nil
}

func (o *lineFile) close() error {
	if o == nil {
		return nil
	}
	err := o.w.Flush()
	if o.f != nil {
		err = errors.Join(err, o.f.Close())
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", o.name, err)
	}
	return nil
}

func openOutputs(o replayOptions, stdout io.Writer) (*outputs, error) {
	out := &outputs{stdout: bufio.NewWriterSize(stdout, 64<<10), stats: o.stats}
	out.text = o.findings == "" && o.eve == "" && o.stats != "-"
	var err error
	if out.findings, err = openOutput(o.findings, out.stdout); err != nil {
		return nil, err
	}
	if out.eve, err = openOutput(o.eve, out.stdout); err != nil {
		return nil, err
	}
	if o.store != "" {
		if out.store, err = openSealed(o.store, o.data, embedded.Config{}, os.Stderr); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// storeBatch is how many findings are written to a store at once.
const storeBatch = 1000

// record writes one record of the engine.
func (o *outputs) record(r detector.Record) {
	if o.err != nil {
		return
	}
	if r.EVE != nil && o.eve != nil {
		o.eve.w.Write(r.EVE) // a bufio.Writer keeps its first error until Flush
		if err := o.eve.w.WriteByte('\n'); err != nil {
			o.fail(o.eve, err)
		}
	}
	if r.Finding == nil {
		return
	}
	o.count++
	if o.findings != nil {
		line, err := json.Marshal(r.Finding)
		if err == nil {
			_, err = o.findings.w.Write(append(line, '\n'))
		}
		if err != nil {
			o.fail(o.findings, err)
		}
	}
	if o.text {
		printFinding(o.stdout, r.Finding)
	}
	if o.store != nil {
		o.pending = append(o.pending, *r.Finding)
		if len(o.pending) >= storeBatch {
			o.flushStore()
		}
	}
}

func (o *outputs) fail(to *lineFile, err error) {
	if o.err == nil {
		o.err = fmt.Errorf("write %s: %w", to.name, err)
	}
}

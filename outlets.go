package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"khien/detector/cli"
	"khien/detector/output"
	"khien/detector/output/file"
	"khien/detector/output/kafka"
	"khien/detector/output/syslog"
	"khien/detector/spool"
)

// outletWait is how long outputs may go on with what waits for them when the program ends.
const outletWait = 2 * time.Second

// outletOptions are the flags of outputs to other systems.
type outletOptions struct {
	texts cli.List
	mb    int64
	specs []output.Spec
}

func (o *outletOptions) flags(fs *flag.FlagSet) {
	fs.Var(&o.texts, "out", "send what is found to this `output` too: file:PATH, syslog+tls://HOST:PORT or kafka://HOST:PORT,…/TOPIC, with options behind ?; may be repeated")
	fs.Int64Var(&o.mb, "out-mb", 1024, "keep at most this many `megabytes` on disk that only outputs have not taken yet")
}

// check reads the outputs that were named.
func (o *outletOptions) check() error {
	err := checkLimits(limit{"--out-mb", o.mb, 1, 1 << 24, ""})
	if err == nil {
		if o.specs, err = output.ParseAll(o.texts); err != nil {
			err = fmt.Errorf("--out: %w", err)
		}
	}
	return err
}

// openPlace opens what a spec names.
func openPlace(s output.Spec) (output.Place, error) {
	switch kind, transport, _ := strings.Cut(s.Kind, "+"); kind {
	case "file":
		return file.Open(s.Path)
	case "syslog":
		return syslog.New(syslog.Config{Transport: transport, Address: s.Hosts[0], Facility: s.Facility, TLS: s.TLS})
	case "kafka":
		return kafka.New(kafka.Config{Brokers: s.Hosts, Topic: s.Path, UseTLS: transport == "tls", TLS: s.TLS, SASL: s.SASL, User: s.User, Password: s.Password})
	}
	panic("BUG: no output of the kind " + s.Kind)
}

// outlets are the outputs that run. A nil *outlets has none.
type outlets struct {
	list   []*output.Outlet
	stop   context.CancelFunc
	stderr io.Writer
}

// startOutlets empties a spool, which has the followers of the specs, into what they name.
func startOutlets(specs []output.Spec, sp *spool.Spool, dir, sensor string, stderr io.Writer) (*outlets, error) {
	ctx, stop := context.WithCancel(context.Background())
	o := &outlets{stop: stop, stderr: stderr}
	letters := spool.NewDeadLetters(filepath.Join(dir, "rejected.jsonl"))
	for _, s := range specs {
		place, err := openPlace(s)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--out %s: %w", s.Where(), err), o.close(0))
		}
		trouble := &troubles{stderr: stderr, name: s.Where()}
		w, err := output.Start(ctx, output.Config{Spec: s, Place: place, Spool: sp, Sensor: sensor, SetAside: letters.Append, Trouble: trouble.tell,
			Dropped: trouble.dropped})
		if err != nil {
			return nil, errors.Join(err, place.Close(), o.close(0))
		}
		o.list = append(o.list, w)
	}
	return o, nil
}

// states tells how the outputs are doing; nil when there are none.
func (o *outlets) states() []output.State {
	if o == nil {
		return nil
	}
	var out []output.State
	for _, w := range o.list {
		out = append(out, w.State())
	}
	return out
}

// close gives the outputs a moment for what waits, ends them, and says what is left for the next start.
func (o *outlets) close(wait time.Duration) error {
	if o == nil {
		return nil
	}
	for end := time.Now().Add(wait); time.Now().Before(end) && o.waiting(); {
		time.Sleep(10 * time.Millisecond)
	}
	o.stop()
	var wg sync.WaitGroup
	errs := make([]error, len(o.list))
	for i, w := range o.list {
		wg.Go(func() { errs[i] = w.Wait() })
	}
	wg.Wait()
	for _, s := range o.states() {
		if s.Findings.Records > 0 {
			fmt.Fprintf(o.stderr, "khien: %d findings wait for %s until the next start\n", s.Findings.Records, s.Output)
		}
	}
	return errors.Join(errs...)
}

func (o *outlets) waiting() bool {
	for _, s := range o.states() {
		if s.Findings.Records+s.Telemetry.Records > 0 && s.Error == "" {
			return true
		}
	}
	return false
}

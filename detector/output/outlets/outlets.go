// Package outlets runs the outputs to other systems that a user names. What they are to get comes in through a spool, which has
// a follower for each; how they are doing goes out as states and as counts for Prometheus.
package outlets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"khien/detector/output"
	"khien/detector/output/file"
	"khien/detector/output/kafka"
	"khien/detector/output/syslog"
	"khien/detector/spool"
	"khien/detector/trouble"
)

// Wait is how long outputs may go on with what waits for them when the program ends.
const Wait = 2 * time.Second

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

// Outlets are the outputs that run. A nil *Outlets has none.
type Outlets struct {
	list   []*output.Outlet
	stop   context.CancelFunc
	stderr io.Writer
}

// Start empties a spool, which has the followers of the specs, into what they name.
func Start(specs []output.Spec, sp *spool.Spool, dir, sensor string, stderr io.Writer) (*Outlets, error) {
	ctx, stop := context.WithCancel(context.Background())
	o := &Outlets{stop: stop, stderr: stderr}
	letters := spool.NewDeadLetters(filepath.Join(dir, "rejected.jsonl"))
	for _, s := range specs {
		place, err := openPlace(s)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--out %s: %w", s.Where(), err), o.Close(0))
		}
		t := &trouble.Teller{Stderr: stderr, Name: s.Where()}
		w, err := output.Start(ctx, output.Config{Spec: s, Place: place, Spool: sp, Sensor: sensor, SetAside: letters.Append, Trouble: t.Tell,
			Dropped: t.Dropped})
		if err != nil {
			return nil, errors.Join(err, place.Close(), o.Close(0))
		}
		o.list = append(o.list, w)
	}
	return o, nil
}

// States tells how the outputs are doing; nil when there are none.
func (o *Outlets) States() []output.State {
	if o == nil {
		return nil
	}
	var out []output.State
	for _, w := range o.list {
		out = append(out, w.State())
	}
	return out
}

// Close gives the outputs a moment for what waits, ends them, and says what is left for the next start.
func (o *Outlets) Close(wait time.Duration) error {
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
	for _, s := range o.States() {
		if s.Findings.Records > 0 {
			fmt.Fprintf(o.stderr, "khien: %d findings wait for %s until the next start\n", s.Findings.Records, s.Output)
		}
	}
	return errors.Join(errs...)
}

func (o *Outlets) waiting() bool {
	for _, s := range o.States() {
		if s.Findings.Records+s.Telemetry.Records > 0 && s.Error == "" {
			return true
		}
	}
	return false
}

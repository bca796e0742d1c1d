package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"khien/console/rulebook"
	"khien/detector/signature"
)

// rulesOfAll are the rules that a core gives its sensors, as its console shows them. Safe for concurrent use.
type rulesOfAll struct {
	mu      sync.Mutex
	current *detection // as a sensor without rules of its own has it
	version uint64
	attempt rulebook.Outcome
}

// load reads the rules once more when a version of them was made, or when there are none yet: publishing forgets them.
func (r *rulesOfAll) load(o detectionOptions, res *outcome) {
	r.mu.Lock()
	have := r.current != nil
	r.mu.Unlock()
	var det *detection
	if !have || !res.Same {
		var errs strings.Builder
		var ok bool
		if det, ok = loadDetection(o, &errs); !ok && res.OK {
			res.OK, res.Errors = false, cut(errs.String(), outcomeErrors) // the files have changed in between
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	said := det
	if said == nil {
		said = r.current
	}
	if det != nil && (res.OK || !have) {
		r.current = det
		if det.signatures == nil { // a file cannot be read
			r.current.signatures, _ = signature.Load(signature.Options{}, nil)
		}
	}
	if res.OK {
		r.version = res.Version
		res.Loaded, res.Rejected = said.loaded, said.rejected
	}
	r.attempt = attempt(res, said)
}

// live is what the console of a core does with the rules of all sensors: a reload publishes them.
func (v *versions) live(ctx context.Context, data string, stderr io.Writer) *rulebook.Live {
	r := v.all
	l := &rulebook.Live{Dir: v.options.folder,
		Loaded: func() rulebook.Loaded {
			r.mu.Lock()
			defer r.mu.Unlock()
			d := r.current
			return rulebook.Loaded{Set: d.signatures, Language: d.language, Files: d.files, Faults: d.faults[:min(len(d.faults), faultsMax)], Since: d.since.UTC(), Version: r.version}
		},
		Last: func() rulebook.Outcome {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.attempt
		},
		Fresh: func() (*signature.Set, error) {
			v.serial.Lock()
			defer v.serial.Unlock()
			d := &detection{since: time.Now()}
			var errs bytes.Buffer
			if !d.loadPlaces(v.options, &errs) || !d.loadSignatures(v.options, &errs) {
				return nil, errors.New(strings.TrimSpace(errs.String()))
			}
			return d.signatures, nil
		}}
	l.Reload = func() rulebook.Outcome {
		res := v.publish(ctx)
		res.PID = os.Getpid()
		fmt.Fprintf(stderr, "%skhien core: %v\n", res.Errors, res)
		if err := writeOutcome(data, res); err != nil {
			fmt.Fprintf(stderr, "khien core: %v\n", err)
		}
		return l.Last()
	}
	return l
}

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"khien/detector/bus"
	"khien/detector/bus/release"
	"khien/detector/wholefile"
)

// versions publishes what the sensors of a core detect with.
type versions struct {
	options detectionOptions
	dir     string // of the hub: key and number
	key     ed25519.PrivateKey
	to      *bus.Publisher
	serial  sync.Mutex  // one at a time: people and signals ask for it
	all     *rulesOfAll // for a console; nil without one
}

// numberName is the file that holds the number of the newest version, so that none is used twice.
const numberName = "version.json"

type versionNumber struct {
	Number uint64 `json:"number"`
}

// publishOn publishes now and at each signal, until ctx ends. begun is called after the first time.
func (v *versions) publishOn(ctx context.Context, signals <-chan os.Signal, data string, begun func(), stderr io.Writer) {
	first := true
	for {
		res := v.publish(ctx)
		res.PID = os.Getpid()
		if ctx.Err() != nil {
			return
		}
		if !first || !res.OK || res.Version > 0 && !res.Same {
			fmt.Fprintf(stderr, "%skhien core: %v\n", res.Errors, res)
		}
		if first {
			begun()
		}
		first = false
		if err := writeOutcome(data, res); err != nil {
			fmt.Fprintf(stderr, "khien core: %v\n", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
	}
}

// publish makes what the flags and the folder of rules hold the newest version, unless it is.
func (v *versions) publish(ctx context.Context) *outcome {
	v.serial.Lock()
	defer v.serial.Unlock()
	res := &outcome{Started: time.Now()}
	var errs bytes.Buffer
	if err := v.tryPublish(ctx, res, &errs); err != nil {
		res.OK = false
		fmt.Fprintf(&errs, "khien core: %v\n", err)
	}
	res.Millis = time.Since(res.Started).Milliseconds()
	res.Errors = cut(errs.String(), outcomeErrors)
	if v.all != nil {
		v.all.load(v.options, res)
	}
	return res
}

func (v *versions) tryPublish(ctx context.Context, res *outcome, errs *bytes.Buffer) error {
	files, err := v.options.files()
	if err != nil {
		return err
	}
	packed, err := release.Pack(files)
	if err != nil {
		return err
	}
	var newest release.Head
	signed, err := v.to.Newest(ctx)
	if err == nil {
		// What somebody else has signed no sensor takes: it is replaced.
		if newest, err = release.Open(v.key.Public().(ed25519.PublicKey), signed); errors.Is(err, release.ErrForeign) {
			err = nil
		}
	}
	if err != nil && !errors.Is(err, bus.ErrNoVersion) {
		return err
	}
	number, err := v.number()
	if err != nil {
		return err
	}
	h := release.Head{Number: max(number, newest.Number) + 1, Made: time.Now().UTC(), NoDefault: v.options.noDefault, SkipBad: v.options.skipBad}
	res.Version, res.Same = newest.Number, newest.Matches(packed) && newest.NoDefault == h.NoDefault && newest.SkipBad == h.SkipBad
	if res.Same || newest.Number == 0 && len(files) == 0 && !h.NoDefault && !h.SkipBad { // or there was never anything to publish
		res.OK = true
		return nil
	}
	det, ok, err := checkVersion(h, files, v.dir, errs)
	if err != nil {
		return err
	}
	res.Loaded, res.Rejected = det.loaded, det.rejected
	det = nil
	debug.FreeOSMemory() // the rules were loaded for the sake of their errors alone
	if !ok {
		return nil
	}
	// The number is used up before anybody can see it.
	text, err := json.Marshal(versionNumber{h.Number})
	if err == nil {
		err = wholefile.Write(filepath.Join(v.dir, numberName), text, 0o600)
	}
	if err != nil {
		return err
	}
	if signed, err = release.Sign(v.key, h, packed); err != nil {
		return err
	}
	if h, err = release.Open(v.key.Public().(ed25519.PublicKey), signed); err != nil {
		return err
	}
	if err := v.to.Publish(ctx, h, signed, packed); err != nil {
		return err
	}
	res.OK, res.Version = true, h.Number
	return nil
}

// number is the greatest that was used.
func (v *versions) number() (uint64, error) {
	var n versionNumber
	name := filepath.Join(v.dir, numberName)
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n.Number, nil
}

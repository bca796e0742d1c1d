package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"khien/detector/bus"
	"khien/detector/bus/release"
)

// versionsEvery is how often a sensor asks for the newest version. Of one that is published while it is connected it hears
// at once.
const versionsEvery = 15 * time.Second

// versionErrors bounds the errors that go into a status.
const versionErrors = 8 << 10

// follower takes the versions that a core publishes and has its sensor detect with them. The last good one is kept in the
// data folder and is there before the hub is.
type follower struct {
	key    ed25519.PublicKey
	folder *release.Folder
	base   detectionOptions // the sensor's own
	rules  *reloader
	stderr io.Writer
	failed release.Head // that is not tried again
	mu     sync.Mutex
	state  bus.Rules // but for the counts
	said   string
}

// newFollower loads what the sensor begins with: the last good version and its own rules, or those alone.
func newFollower(data string, token bus.Token, base detectionOptions, stderr io.Writer) (*follower, error) {
	folder, err := release.OpenFolder(filepath.Join(data, "release"), token.Signer)
	if err != nil {
		return nil, err
	}
	f := &follower{key: token.Signer, folder: folder, base: base, stderr: stderr}
	if det, o := f.last(); det != nil {
		f.rules = newReloader(o, det)
		return f, nil
	}
	det, ok := loadDetection(base, stderr)
	if !ok {
		return nil, errors.New("the sensor's own rules cannot be loaded")
	}
	f.rules = newReloader(base, det)
	return f, nil
}

// last loads the last good version; nil when there is none that can be loaded.
func (f *follower) last() (*detection, detectionOptions) {
	if len(f.key) == 0 {
		f.tell(release.Head{}, errors.New("this sensor's token holds no key to check versions with: enrol it again with a new one"))
		return nil, f.base
	}
	h, dir, err := f.folder.Last()
	if err != nil || dir == "" {
		f.tell(h, err)
		return nil, f.base
	}
	var errs bytes.Buffer
	o, err := f.base.with(h, dir)
	if err == nil {
		if det, ok := loadDetection(o, &trimmer{&errs, dir + "/"}); ok {
			f.runs(h)
			return det, o
		}
		err = errors.New(strings.TrimSpace(errs.String()))
	}
	f.tell(h, fmt.Errorf("version %d, which was running before, cannot be loaded: %w", h.Number, err))
	return nil, f.base
}

// follow looks for versions until ctx ends.
func (f *follower) follow(ctx context.Context, link *bus.Link) error {
	if len(f.key) == 0 {
		return nil
	}
	news, err := link.VersionNews()
	if err != nil {
		return err
	}
	for {
		f.look(ctx, link)
		select {
		case <-ctx.Done():
			return nil
		case <-news:
		case <-time.After(versionsEvery):
		}
	}
}

// look asks for the newest version and takes it when it is another than the running one.
func (f *follower) look(ctx context.Context, link *bus.Link) {
	signed, err := link.Version(ctx)
	if err != nil {
		return // away, or nothing is published: what runs goes on running
	}
	h, err := release.Open(f.key, signed)
	if err != nil {
		f.tell(h, err)
		return
	}
	running := f.status().Running
	switch {
	case running != nil && running.Number == h.Number && running.Hash == h.Short():
		f.runs(h)
		return
	case h == f.failed:
		return
	}
	if err := f.folder.Offer(h); err != nil {
		f.tell(h, err)
		return
	}
	packed, err := link.VersionPack(ctx, h)
	if err != nil {
		f.tell(h, err)
		return
	}
	if err := f.take(h, signed, packed); err != nil {
		f.failed = h
		f.tell(h, err)
	}
}

// take loads a version beside the rules that are in force and, when it is good, goes on with it.
func (f *follower) take(h release.Head, signed, packed []byte) error {
	dir, err := f.folder.Begin(h, packed)
	if err != nil {
		return err
	}
	o, err := f.base.with(h, dir)
	if err != nil {
		return errors.Join(err, f.folder.Refuse(h))
	}
	res := f.rules.take(o)
	if !res.OK {
		return errors.Join(errors.New(strings.TrimSpace(strings.ReplaceAll(res.Errors, dir+"/", ""))), f.folder.Refuse(h))
	}
	fmt.Fprintf(f.stderr, "khien sensor: version %d of the core: %v\n", h.Number, res)
	f.runs(h)
	if err := f.folder.Keep(h, signed, packed); err != nil {
		fmt.Fprintf(f.stderr, "khien sensor: version %d runs, but is not kept for the next start: %v\n", h.Number, err)
	}
	return nil
}

// runs notes that a version is in force.
func (f *follower) runs(h release.Head) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = ""
	v := bus.VersionOf(h)
	f.state.Wanted, f.state.Error, f.state.Tried = v, "", time.Time{}
	if r := f.state.Running; r == nil || r.Number != v.Number || r.Hash != v.Hash {
		now := *v
		now.Since = time.Now().UTC()
		f.state.Running = &now
	}
}

// tell notes why a version is not taken; of nothing when err is nil.
func (f *follower) tell(h release.Head, err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.state.Wanted; h.Number > 0 && (w == nil || w.Number < h.Number) {
		f.state.Wanted = bus.VersionOf(h)
	}
	text := cut(err.Error()+"\n", versionErrors)
	f.state.Error, f.state.Tried = strings.TrimSpace(text), time.Now().UTC()
	if f.said != text {
		f.said = text
		fmt.Fprintf(f.stderr, "khien sensor: the rules stay as they are: %s", text)
	}
}

// status is what the sensor tells of its rules.
func (f *follower) status() bus.Rules {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state
	if f.rules != nil {
		s.Loaded, s.Rejected = f.rules.counts()
	}
	return s
}

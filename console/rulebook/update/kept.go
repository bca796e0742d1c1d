package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"khien/detector/cli"
	"khien/detector/wholefile"
)

// state is what is kept of a source beside its bytes.
type state struct {
	Source string    `json:"source"`
	ETag   string    `json:"etag,omitempty"`
	Time   time.Time `json:"time"`
}

// keptNames are the files that hold the source's bytes and its state, for the next update.
func (o *Options) keptNames(dir string) [2]string {
	return [2]string{filepath.Join(dir, "."+o.Name+".source"), filepath.Join(dir, "."+o.Name+".json")}
}

// keep leaves a source that can say whether it has changed to the next update.
func (o *Options) keep(dir string, data []byte, now state) error {
	if now.ETag == "" {
		return nil
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	kept := o.keptNames(dir)
	// A state without its bytes must not stay: it would take "not changed" for an answer.
	if err := os.Remove(kept[1]); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := wholefile.Write(kept[0], data, 0o600); err != nil {
		return err
	}
	return wholefile.Write(kept[1], text, 0o600)
}

// obtain reads the source, or what is kept of it when the source says that it has not changed, and verifies it.
func (o *Options) obtain(dir string) ([]byte, state, error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.Timeout)
	defer cancel()
	var last state
	kept := o.keptNames(dir)
	old, err := cli.ReadFile(kept[0], cli.RulesMax)
	if err == nil {
		if text, err := os.ReadFile(kept[1]); err != nil || json.Unmarshal(text, &last) != nil || last.Source != o.Source {
			last = state{}
		}
	}
	got, err := fetch(ctx, o.Client, o.Source, last.ETag)
	if err != nil {
		return nil, last, err
	}
	if got.unchanged {
		got.data = old
	}
	key, sig := o.Key, []byte(nil)
	if key != "" {
		if text, err := cli.ReadFile(key, 64<<10); err == nil {
			key = string(text)
		}
		from := o.Signature
		if from == "" {
			from = o.Source + ".minisig"
		}
		s, err := fetch(ctx, o.Client, from, "")
		if err != nil {
			return nil, last, fmt.Errorf("signature: %w", err)
		}
		sig = s.data
	}
	if err := verify(got.data, o.SHA256, key, sig); err != nil {
		return nil, last, fmt.Errorf("%s: %w", o.Source, err)
	}
	return got.data, state{Source: o.Source, ETag: got.etag, Time: time.Now().UTC()}, nil
}

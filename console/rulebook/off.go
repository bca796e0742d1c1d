package rulebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"khien/detector/signature"
	"khien/detector/wholefile"
)

const (
	offName   = "off.json" // in the rules folder
	offMax    = 20_000     // rules that are off
	reasonMax = 1000       // bytes
)

// Switch is a rule that somebody switched off.
type Switch struct {
	GID    uint32    `json:"gid"`
	SID    uint32    `json:"sid"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// ReadOff reads which rules a rules folder has switched off; none when nobody did.
func ReadOff(dir string) ([]Switch, error) {
	name := filepath.Join(dir, offName)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []Switch
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("rulebook: %s: %w", name, err)
	}
	return list, nil
}

// Off lists the rules that are switched off, with who did it when and why.
func (d *Desk) Off() ([]Switch, error) {
	if d.live == nil {
		return nil, ErrNoSensor
	}
	return ReadOff(d.live.Dir)
}

// Switch turns a rule off or on. The rules are loaded again before it returns; when they are refused, everything stays as
// it was.
func (d *Desk) Switch(id signature.ID, off bool, by, reason string) (Outcome, error) {
	if err := checkReason(reason); err != nil {
		return Outcome{}, err
	}
	r, err := d.Rule(id)
	if err != nil {
		return Outcome{}, err
	}
	if r.Off == off {
		return Outcome{}, ErrChanged
	}
	d.change.Lock()
	defer d.change.Unlock()
	list, err := d.Off()
	if err != nil {
		return Outcome{}, err
	}
	list = slices.DeleteFunc(list, func(s Switch) bool { return s.GID == id.GID && s.SID == id.SID })
	if off {
		list = append(list, Switch{id.GID, id.SID, by, d.now().UTC().Truncate(time.Second), reason})
	}
	if len(list) > offMax {
		return Outcome{}, fmt.Errorf("%w: %d rules are off already", ErrInvalid, offMax)
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return Outcome{}, fmt.Errorf("rulebook: %w", err)
	}
	return d.replace(offName, append(b, '\n'))
}

func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" || len(reason) > reasonMax {
		return fmt.Errorf("%w: reason: is required, at most %d bytes", ErrInvalid, reasonMax)
	}
	return nil
}

// replace writes a file of the rules folder and loads all again. A set that is refused leaves the file as it was.
func (d *Desk) replace(name string, data []byte) (Outcome, error) {
	full := filepath.Join(d.live.Dir, name)
	before, err := os.ReadFile(full)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return Outcome{}, fmt.Errorf("rulebook: %w", err)
	}
	if err := writeFile(full, data); err != nil {
		return Outcome{}, err
	}
	out := d.live.Reload()
	if out.OK {
		return out, nil
	}
	if gone {
		err = os.Remove(full)
	} else {
		err = writeFile(full, before)
	}
	if err != nil {
		return out, fmt.Errorf("rulebook: go back: %w", err)
	}
	return out, nil
}

// writeFile replaces a file at once, or leaves it. What a crash leaves beside it has no name that rules are loaded from.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("rulebook: %w", err)
	}
	if err := wholefile.Write(name, data, 0o600); err != nil {
		return fmt.Errorf("rulebook: %w", err)
	}
	return nil
}

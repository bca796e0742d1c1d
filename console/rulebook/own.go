package rulebook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	ownName     = "own.rules"    // in the rules folder, where the sensor loads it
	versionsDir = "own.versions" // beside it
	versionsMax = 500            // that are kept; the oldest go
)

// OwnMax is how many bytes the own rules may have.
const OwnMax = 512 << 10

// Version is a text of the own rules that was in force.
type Version struct {
	Number int       `json:"number"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Rules  int       `json:"rules"`
	Text   string    `json:"text,omitempty"`
}

// Own is the own rules as they stand.
type Own struct {
	Text     string    `json:"text"`
	Base     string    `json:"base"`     // names the text: a change says which it began with
	Outside  bool      `json:"outside"`  // the file was changed by other means than here
	Versions []Version `json:"versions"` // newest first, without their texts
}

// Own returns the own rules and their versions.
func (d *Desk) Own() (Own, error) {
	if d.live == nil {
		return Own{}, ErrNoSensor
	}
	text, err := os.ReadFile(filepath.Join(d.live.Dir, ownName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Own{}, fmt.Errorf("rulebook: %w", err)
	}
	o := Own{Text: string(text), Base: base(text), Versions: []Version{}}
	numbers, err := d.numbers()
	if err != nil {
		return o, err
	}
	o.Outside = len(numbers) == 0 && len(text) > 0
	for i, n := range slices.Backward(numbers) {
		v, err := d.Version(n)
		if err != nil {
			return o, err
		}
		if i == len(numbers)-1 {
			o.Outside = v.Text != o.Text
		}
		v.Text = ""
		o.Versions = append(o.Versions, v)
	}
	return o, nil
}

// base names a text.
func base(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// numbers are those of the versions, in order.
func (d *Desk) numbers() ([]int, error) {
	names, err := os.ReadDir(filepath.Join(d.live.Dir, versionsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("rulebook: %w", err)
	}
	var out []int
	for _, e := range names {
		if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".json")); err == nil && n > 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (d *Desk) versionName(n int) string {
	return filepath.Join(d.live.Dir, versionsDir, fmt.Sprintf("%06d.json", n))
}

// Version returns an earlier text.
func (d *Desk) Version(n int) (Version, error) {
	if d.live == nil {
		return Version{}, ErrNoSensor
	}
	b, err := os.ReadFile(d.versionName(n))
	if errors.Is(err, fs.ErrNotExist) {
		return Version{}, ErrNone
	}
	var v Version
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		return v, fmt.Errorf("rulebook: version %d: %w", n, err)
	}
	return v, nil
}

// Save puts a text in force, which began as the one that from names. The rules are loaded again before it returns. Where
// the text has an error, or all rules together are refused, everything stays as it was and the outcome says why.
func (d *Desk) Save(text, from, by, reason string) (Outcome, error) {
	if err := checkReason(reason); err != nil {
		return Outcome{}, err
	}
	if len(text) > OwnMax {
		return Outcome{}, fmt.Errorf("%w: text: %d bytes, at most %d", ErrInvalid, len(text), OwnMax)
	}
	c, err := d.Check(text)
	if err != nil {
		return Outcome{}, err
	}
	if len(c.Faults) > 0 {
		return Outcome{At: d.now(), Loaded: len(c.Rules), Rejected: len(c.Faults), Faults: c.Faults}, nil
	}
	d.change.Lock()
	defer d.change.Unlock()
	own, err := d.Own()
	if err != nil {
		return Outcome{}, err
	}
	if own.Base != from {
		return Outcome{}, ErrChanged
	}
	n := 1
	if len(own.Versions) > 0 {
		n = own.Versions[0].Number + 1
	}
	v := Version{Number: n, By: by, At: d.now().UTC().Truncate(time.Second), Reason: reason, Rules: len(c.Rules), Text: text}
	b, err := json.Marshal(v)
	if err == nil {
		err = writeFile(d.versionName(n), append(b, '\n'))
	}
	if err != nil {
		return Outcome{}, err
	}
	out, err := d.replace(ownName, []byte(text))
	if err != nil || !out.OK {
		return out, errors.Join(err, os.Remove(d.versionName(n))) // it never was in force
	}
	if len(own.Versions) >= versionsMax {
		err = os.Remove(d.versionName(own.Versions[len(own.Versions)-1].Number))
	}
	return out, err
}

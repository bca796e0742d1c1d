package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"khien/detector/store"
	"khien/detector/wholefile"
)

// Freezer keeps copies of what a case is about, so that they are there when their originals have made room for others:
// files that are named by their content, below a folder that no retention touches, each with a document of the store and
// with an event in the custody log. Copies are only ever added. Safe for concurrent use when its Store is.
type Freezer struct {
	Store store.Store
	Dir   string
	Max   int64 // bytes of the copies of all cases; 0 means FrozenMax, less than 0 that there is no limit
	Now   func() time.Time
}

// Limits of frozen copies.
const (
	FrozenMax = 10 << 30  // bytes of all cases, unless the Freezer says otherwise
	CaseMax   = 768 << 20 // bytes of one case: its evidence pack has to hold them
	CopyMax   = 512 << 20 // bytes of one copy
	CopiesMax = 1000      // of one case
)

// ErrFull is wrapped by errors about a copy that there is no room for.
var ErrFull = errors.New("evidence: no room for frozen copies")

// Of is what a frozen copy is of.
type Of string

// What is frozen.
const (
	OfPackets Of = "packets"
	OfFile    Of = "file"
	OfFinding Of = "finding"
)

// Frozen is one copy. Path, SHA256, Size and Acquired are set by Keep.
type Frozen struct {
	Item
	Case    string    `json:"case"`
	Of      Of        `json:"of"`
	Finding string    `json:"finding"`        // that led to it
	Flow    string    `json:"flow,omitempty"` // community id
	Name    string    `json:"name,omitempty"` // that the traffic gave
	From    time.Time `json:"from,omitzero"`  // what packets were asked for
	To      time.Time `json:"to,omitzero"`
	Part    bool      `json:"part,omitempty"` // the original was longer, or damaged
}

// State says whether a copy is still what was frozen.
type State string

// States of a copy.
const (
	Whole   State = "whole"
	Broken  State = "broken"
	Missing State = "missing"
)

const frozenKind = "frozen"

var extensions = map[Of]string{OfPackets: ".pcapng", OfFile: ".bin", OfFinding: ".json"}

// Keep freezes what write writes, which may add to what is known of it, and notes it in the custody log. What the case holds already is not kept again: known is
// then true. An error leaves nothing but, at worst, a file that no document names.
func (z Freezer) Keep(ctx context.Context, f Frozen, write func(io.Writer, *Frozen) error) (out Frozen, known bool, err error) {
	if extensions[f.Of] == "" || f.Case != PathName(f.Case) {
		return f, false, fmt.Errorf("evidence: freeze: %.20q of case %.40q", f.Of, f.Case)
	}
	list, err := z.List(ctx, f.Case)
	if err != nil {
		return f, false, err
	}
	room, err := z.room(list)
	if err != nil {
		return f, false, err
	}
	if err := os.MkdirAll(z.Dir, 0o700); err != nil {
		return f, false, fmt.Errorf("evidence: freeze: %w", err)
	}
	t, err := os.CreateTemp(z.Dir, ".new-*")
	if err != nil {
		return f, false, fmt.Errorf("evidence: freeze: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(t.Name())) }()
	c := counting{w: t, sum: sha256.New(), left: room}
	if err := errors.Join(write(&c, &f), c.err, t.Chmod(0o400), t.Sync(), t.Close()); err != nil {
		if errors.Is(err, ErrFull) {
			err = z.full(list, f)
		}
		return f, false, err
	}
	f.SHA256, f.Size, f.Acquired = hex.EncodeToString(c.sum.Sum(nil)), c.n, z.Now().UTC().Truncate(time.Millisecond)
	f.Path = fmt.Sprintf("frozen/%s/%.16s%s", f.Of, f.SHA256, extensions[f.Of])
	if i := slices.IndexFunc(list, func(x Frozen) bool { return x.SHA256 == f.SHA256 }); i >= 0 {
		// Frozen again, so that a copy that is gone comes back; one that is broken stays, as it is evidence of that.
		return list[i], true, z.place(t.Name(), f.SHA256)
	}
	if err := z.place(t.Name(), f.SHA256); err != nil {
		return f, false, err
	}
	return f, false, z.note(ctx, f)
}

// note writes the custody event and then the document.
func (z Freezer) note(ctx context.Context, f Frozen) error {
	_, err := Custody{Store: z.Store, Case: f.Case}.Append(ctx, Event{Evidence: f.SHA256, Action: Collected, At: f.Acquired,
		From: Person{Name: f.Source}, To: Person{Name: f.Collector}, Purpose: "giữ bản sao: " + f.Path})
	if err != nil {
		return err
	}
	body, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("evidence: freeze: %w", err)
	}
	_, err = z.Store.PutDocument(ctx, store.Document{Kind: frozenKind, ID: f.Case + "." + f.SHA256, Updated: f.Acquired, Tags: []string{"case:" + f.Case}, Body: body})
	if err != nil && !errors.Is(err, store.ErrConflict) { // somebody else froze the same
		return fmt.Errorf("evidence: freeze: %w", err)
	}
	return nil
}

// place links a file into its place, where it is not there.
func (z Freezer) place(name, sum string) error {
	to := z.file(sum)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("evidence: freeze: %w", err)
	}
	if err := os.Link(name, to); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("evidence: freeze: %w", err)
	}
	return wholefile.SyncFolder(filepath.Dir(to))
}

func (z Freezer) file(sum string) string { return filepath.Join(z.Dir, sum[:2], sum) }

// room is how many bytes a further copy may have.
func (z Freezer) room(list []Frozen) (int64, error) {
	used, limit, err := z.Used()
	if err != nil {
		return 0, err
	}
	left := min(CopyMax, limit-used, CaseMax-size(list))
	if left <= 0 || len(list) >= CopiesMax {
		return 0, z.full(list, Frozen{})
	}
	return left, nil
}

func size(list []Frozen) (n int64) {
	for _, f := range list {
		n += f.Size
	}
	return n
}

// full says which limit a copy does not keep.
func (z Freezer) full(list []Frozen, f Frozen) error {
	used, limit, err := z.Used()
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s: all cases hold %d of %d bytes, the case %d of %d bytes in %d of %d copies, and one copy has at most %d bytes",
		ErrFull, f.Of, used, limit, size(list), int64(CaseMax), len(list), CopiesMax, int64(CopyMax))
}

// Used returns how many bytes all copies have, and how many they may have.
func (z Freezer) Used() (used, limit int64, err error) {
	switch limit = z.Max; {
	case limit == 0:
		limit = FrozenMax
	case limit < 0:
		limit = math.MaxInt64
	}
	err = filepath.WalkDir(z.Dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				used += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing was frozen yet, or a file is just being finished
		}
		return err
	})
	if err != nil {
		return 0, limit, fmt.Errorf("evidence: frozen copies: %w", err)
	}
	return used, limit, nil
}

// List returns the copies of a case, in the order in which they were frozen.
func (z Freezer) List(ctx context.Context, id string) ([]Frozen, error) {
	var out []Frozen
	q := store.DocumentQuery{Kind: frozenKind, Tags: []string{"case:" + id}, Limit: store.PageMax}
	for {
		p, err := z.Store.Documents(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("evidence: frozen copies: %w", err)
		}
		for _, d := range p.Documents {
			var f Frozen
			if err := json.Unmarshal(d.Body, &f); err != nil || d.ID != id+"."+f.SHA256 || len(f.SHA256) != 64 || PathName(f.SHA256) != f.SHA256 {
				return nil, fmt.Errorf("%w: the document of frozen copy %s", ErrBroken, d.ID)
			}
			out = append(out, f)
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b Frozen) int {
		if c := a.Acquired.Compare(b.Acquired); c != 0 {
			return c
		}
		return strings.Compare(a.SHA256, b.SHA256)
	})
	return out, nil
}

// Open opens a copy and makes sure that it is what was frozen: *Changed when it is not, fs.ErrNotExist, wrapped, when it is
// gone. The caller closes it.
func (z Freezer) Open(f Frozen) (*os.File, error) {
	r, err := os.Open(z.file(f.SHA256))
	if err != nil {
		return nil, fmt.Errorf("evidence: frozen copy: %w", err)
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, f.Size+1))
	if err == nil && (n != f.Size || hex.EncodeToString(h.Sum(nil)) != f.SHA256) {
		err = &Changed{f.Path, "is not what was frozen"}
	}
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Check reads a copy and says what became of it.
func (z Freezer) Check(f Frozen) (State, error) {
	r, err := z.Open(f)
	var changed *Changed
	switch {
	case err == nil:
		return Whole, r.Close()
	case errors.As(err, &changed):
		return Broken, nil
	case errors.Is(err, fs.ErrNotExist):
		return Missing, nil
	}
	return "", err
}

// counting writes up to a limit and computes the hash of what it writes.
type counting struct {
	w    io.Writer
	sum  hash.Hash
	n    int64
	left int64
	err  error
}

func (c *counting) Write(b []byte) (int, error) {
	if c.err == nil && int64(len(b)) > c.left {
		c.err = ErrFull
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(b)
	c.sum.Write(b[:n])
	c.n, c.left, c.err = c.n+int64(n), c.left-int64(n), err
	return n, err
}

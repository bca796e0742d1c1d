package hook

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	versionsMax = 32       // lists that can be rolled back to
	journalMax  = 64 << 20 // bytes after which the journal is written anew
)

// journal keeps the latest versions of the list on the disk, so that what was enforced last survives whatever happens to
// the store. Each line is a version, as its difference to the one before.
type journal struct {
	path     string
	file     *os.File
	size     int64
	versions []*List // oldest first, the last is in force
}

type journalLine struct {
	Version uint64    `json:"version"`
	Time    time.Time `json:"time"`
	Cause   string    `json:"cause"`
	Killed  bool      `json:"killed,omitempty"`
	Added   []*Entry  `json:"added,omitempty"`   // also those that changed
	Removed []string  `json:"removed,omitempty"` // ids
}

// openJournal reads a journal. A line that a crash cut off, or that cannot be read, ends it: the version before is good.
func openJournal(dir string) (*journal, error) {
	j := &journal{path: filepath.Join(dir, "lists.jsonl")}
	f, err := os.Open(j.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("hook: lists: %w", err)
	}
	if err == nil {
		j.read(f)
		f.Close()
	}
	return j, j.rewrite()
}

func (j *journal) read(r io.Reader) {
	in := bufio.NewReaderSize(r, 1<<20)
	cur := map[string]*Entry{}
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var l journalLine
		if json.Unmarshal(line, &l) != nil || slices.Contains(l.Added, nil) {
			return
		}
		for _, id := range l.Removed {
			delete(cur, id)
		}
		for _, e := range l.Added {
			cur[e.ID] = e
		}
		list := &List{Version: l.Version, Time: l.Time, Cause: l.Cause, Killed: l.Killed, Entries: make([]*Entry, 0, len(cur))}
		for _, e := range cur {
			list.Entries = append(list.Entries, e)
		}
		slices.SortFunc(list.Entries, less)
		j.keep(list)
	}
}

func (j *journal) keep(l *List) {
	if len(j.versions) == versionsMax {
		j.versions = slices.Delete(j.versions, 0, 1)
	}
	j.versions = append(j.versions, l)
}

// current returns the version in force, an empty one when there is none.
func (j *journal) current() *List {
	if len(j.versions) == 0 {
		return &List{}
	}
	return j.versions[len(j.versions)-1]
}

// rewrite replaces the file by one that holds the kept versions: a crash leaves the old or the new one whole.
func (j *journal) rewrite() error {
	if j.file != nil {
		j.file.Close()
	}
	f, err := os.CreateTemp(filepath.Dir(j.path), ".lists-*")
	if err != nil {
		return fmt.Errorf("hook: lists: %w", err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	before := &List{}
	j.size = 0
	for _, l := range j.versions {
		if err == nil {
			added, removed := difference(before.Entries, l.Entries)
			err = j.write(w, l, added, removed)
		}
		before = l
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), j.path)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return fmt.Errorf("hook: lists: %w", err)
	}
	j.file = f
	return nil
}

func (j *journal) write(w io.Writer, l *List, added, removed []*Entry) error {
	line := journalLine{Version: l.Version, Time: l.Time, Cause: l.Cause, Killed: l.Killed, Added: added}
	for _, e := range removed {
		line.Removed = append(line.Removed, e.ID)
	}
	b, err := json.Marshal(&line)
	if err != nil {
		return err
	}
	n, err := w.Write(append(b, '\n'))
	j.size += int64(n)
	return err
}

// add appends a version, by its difference to the one before. It is not waited for until it is on the disk: the decisions themselves are.
func (j *journal) add(l *List, added, removed []*Entry) error {
	j.keep(l)
	if j.size > journalMax {
		return j.rewrite()
	}
	if err := j.write(j.file, l, added, removed); err != nil {
		return fmt.Errorf("hook: lists: %w", err)
	}
	return nil
}

// difference returns what is new or changed in a list, and what is gone. Both lists are in order.
func difference(before, after []*Entry) (added, removed []*Entry) {
	old := make(map[string]*Entry, len(before))
	for _, e := range before {
		old[e.ID] = e
	}
	for _, e := range after {
		o := old[e.ID]
		delete(old, e.ID)
		if o != e && (o == nil || !o.same(e)) {
			added = append(added, e)
		}
	}
	for _, e := range before {
		if old[e.ID] != nil {
			removed = append(removed, e)
		}
	}
	return added, removed
}

// same says that two entries mean the same to a consumer.
func (e *Entry) same(o *Entry) bool {
	return e.Kind == o.Kind && e.Value == o.Value && e.Scope == o.Scope && e.Action == o.Action && e.Expires.Equal(o.Expires)
}

// Difference returns what one view has and another has not. An entry that ends at another time is in added alone.
func Difference(before, after View) (added, removed []*Entry) {
	return difference(before.entries, after.entries)
}

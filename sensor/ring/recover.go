package ring

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// recover takes in what is in the folder: parts that were not closed are cut behind their last whole block and closed,
// indexes that are missing are made, and what belongs to no part is removed.
func (w *writer) recover() error {
	all, err := list(w.cfg.Dir)
	if err != nil {
		return err
	}
	for _, p := range all {
		w.next = max(w.next, p.number+1)
		if err := w.recoverPart(p); err != nil {
			return fmt.Errorf("ring: %s: %w", p.name, err)
		}
	}
	// A part that was closed now may be younger than its number: the order is that of writing.
	slices.SortStableFunc(w.parts, func(a, b part) int { return cmp.Compare(a.number, b.number) })
	if err := w.sweep(); err != nil {
		return err
	}
	w.tidy(time.Now())
	return nil
}

func (w *writer) recoverPart(p part) error {
	if p.closed {
		if _, err := os.Stat(filepath.Join(w.cfg.Dir, indexName(p.name))); err == nil {
			size, written, err := sizeOf(w.cfg.Dir, p)
			if err == nil {
				w.add(p, size, written)
			}
			return err
		}
	}
	f, err := os.OpenFile(filepath.Join(w.cfg.Dir, p.name), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	ix, damage, err := rebuild(f)
	if err == nil && damage != nil && !p.closed && errors.Is(damage, errCut) {
		err = f.Truncate(ix.size)
	} else if err == nil && damage != nil {
		// Somebody else has written here: nothing is cut off, and the index serves what lies before the damage. Its size
		// does not agree, so that readers look at the part and name the damage.
		w.err = fmt.Errorf("ring: %s: %w", p.name, damage)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if !p.closed {
		return w.adopt(p.name, ix)
	}
	if _, err := writeIndex(w.cfg.Dir, p.name, ix); err != nil {
		return err
	}
	size, written, err := sizeOf(w.cfg.Dir, p)
	if err == nil {
		w.add(p, size, written)
	}
	return err
}

// rebuild makes the index of a part. damage is what ended it before its end; err, that it could not be read.
func rebuild(f *os.File) (ix *index, damage, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	x := newIndexer()
	whole, damage := scan(&file{r: f, size: info.Size()}, x, nil)
	if pathErr := (*os.PathError)(nil); errors.As(damage, &pathErr) {
		return nil, nil, damage
	}
	return x.index(whole), damage, nil
}

// sweep removes indexes without a part and those that were not written to their end.
func (w *writer) sweep() error {
	names, err := os.ReadDir(w.cfg.Dir)
	if err != nil {
		return fmt.Errorf("ring: %w", err)
	}
	for _, e := range names {
		stem, isIndex := strings.CutSuffix(e.Name(), extIndex)
		if !isIndex {
			stem, isIndex = strings.CutSuffix(e.Name(), extIndex+extUnsure)
		}
		if _, ours := parseName(stem + extPart); !isIndex || !ours {
			continue
		}
		_, err := os.Stat(filepath.Join(w.cfg.Dir, stem+extPart))
		if err == nil && strings.HasSuffix(e.Name(), extIndex) {
			continue
		}
		if err := removeIfThere(filepath.Join(w.cfg.Dir, e.Name())); err != nil {
			return fmt.Errorf("ring: %w", err)
		}
	}
	return nil
}

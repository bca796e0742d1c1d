package file

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"khien/sensor"
)

func openStore(t *testing.T, c StoreConfig) *Store {
	t.Helper()
	s, err := OpenStore(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// transfer is one file as the pipeline tells of it: in pieces, then its end, then the packet's end. ask is the piece after
// which a rule asks for it, -1 for never.
func transfer(tr *Tracker, k *Keeper, data []byte, pieces, ask int, complete bool) *sensor.File {
	f := tr.Open(nil, sensor.ToClient, []byte("name"))
	e := &sensor.Event{File: f}
	for i := range pieces {
		piece := data[i*len(data)/pieces : (i+1)*len(data)/pieces]
		tr.Write(f, piece)
		e.Kind, e.Data = sensor.KindFile, piece
		k.Handle(e)
		if i == ask {
			f.Store = true
		}
		if i+1 < pieces {
			e.Kind = sensor.KindPacket
			k.Handle(e)
		}
	}
	tr.Close(f, complete)
	e.Kind, e.Data = sensor.KindFile, nil
	k.Handle(e)
	if ask >= pieces {
		f.Store = true
	}
	e.Kind = sensor.KindPacket
	k.Handle(e)
	return f
}

func shaOf(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

func TestStore(t *testing.T) {
	dir := t.TempDir()
	content := func(n int, fill byte) []byte { return bytes.Repeat([]byte{fill}, n) }
	s := openStore(t, StoreConfig{Dir: dir, Quota: 4 << 20, MaxFile: 3 << 20})
	tr := New(Config{Content: 1 << 20})
	f := func(what string, p Policy, data []byte, pieces, ask int, complete, want bool) {
		t.Helper()
		k := s.Keeper(p)
		x := transfer(tr, k, data, pieces, ask, complete)
		k.Close()
		if x.Stored != want {
			t.Errorf("%s: stored %v", what, x.Stored)
		}
		tr.Release(x)
	}
	f("all", KeepAll, content(100_000, 1), 5, -1, true, true)
	f("all, in one piece", KeepAll, content(10, 2), 1, -1, true, true)
	f("all, not complete", KeepAll, content(100_000, 3), 5, -1, false, false)
	f("all, too large", KeepAll, content(3<<20+1, 4), 50, -1, true, false)
	f("not asked for", KeepMatched, content(100, 5), 2, -1, true, false)
	f("asked for in the middle", KeepMatched, content(200_000, 6), 5, 2, true, true)
	f("asked for with its last byte", KeepMatched, content(200_000, 7), 5, 4, true, true)
	f("asked for after its end", KeepMatched, content(200_000, 8), 5, 5, true, true)
	f("asked for when its beginning is gone", KeepMatched, content(2<<20, 9), 50, 40, true, false)
	f("asked for after its end, when its beginning is gone", KeepMatched, content(2<<20, 10), 50, 50, true, false)
	f("again", KeepAll, content(100_000, 1), 3, -1, true, true)
	if k := s.Keeper(KeepNone); k.Wants() != 0 {
		t.Error("none wants events")
	}
	s.Close()
	st := s.Stats()
	if st.Stored != 6 || st.Known != 1 || st.Large != 1 || st.Broken != 1 || st.Late != 2 || st.Files != 5 || st.Bytes != 700_010 || st.Dropped+st.Full != 0 {
		t.Errorf("%+v", st)
	}
	for _, data := range [][]byte{content(100_000, 1), content(10, 2), content(200_000, 6), content(200_000, 7), content(200_000, 8)} {
		r, err := s.Open(shaOf(data))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		info, statErr := r.Stat()
		if err != nil || statErr != nil || !bytes.Equal(got, data) || info.Mode().Perm() != 0o600 {
			t.Errorf("%d bytes with mode %v, want %d with 0600: %v %v", len(got), info.Mode(), len(data), err, statErr)
		}
		r.Close()
	}
	for _, sha := range []string{"", "../../etc/passwd", shaOf(nil), shaOf(nil)[:63] + "/"} {
		if _, err := s.Open(sha); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", sha, err)
		}
	}
	left := 0
	if err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if d.Type().IsRegular() {
			left++
		}
		return err
	}); err != nil || left != 5 {
		t.Errorf("%d files, %v", left, err)
	}
}

// TestStoreQuota lets the files go that were wanted longest ago, also after a restart.
func TestStoreQuota(t *testing.T) {
	dir := t.TempDir()
	data := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1000) }
	s := openStore(t, StoreConfig{Dir: dir, Quota: 5000})
	tr := New(Config{})
	keep := func(i int) {
		k := s.Keeper(KeepAll)
		transfer(tr, k, data(i), 1, -1, true)
		for n := 0; n < 500 && s.Stats().Stored+s.Stats().Full < 1; n++ {
			time.Sleep(time.Millisecond)
		}
	}
	has := func(want ...int) {
		t.Helper()
		var got []int
		for i := range 20 {
			if f, err := s.Open(shaOf(data(i))); err == nil {
				got = append(got, i)
				f.Close()
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("kept %v, want %v", got, want)
		}
	}
	for i := range 7 {
		keep(i)
	}
	keep(2) // wanted again
	s.Close()
	has(2, 3, 4, 5, 6)
	if err := os.WriteFile(filepath.Join(dir, unfinished+"1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// Times of one tick of the clock: the restart must not depend on them.
	for i, n := range []int{3, 4, 5, 6, 2} {
		at := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(s.path(shaOf(data(n))), at, at); err != nil {
			t.Fatal(err)
		}
	}
	s = openStore(t, StoreConfig{Dir: dir, Quota: 5000})
	keep(7)
	keep(8)
	s.Close()
	has(2, 5, 6, 7, 8)
	if _, err := os.Stat(filepath.Join(dir, unfinished+"1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was not finished is left: %v", err)
	}
	s = openStore(t, StoreConfig{Dir: dir, Quota: 2000})
	s.Close()
	has(7, 8)
}

func TestStoreDrops(t *testing.T) {
	s := openStore(t, StoreConfig{Dir: t.TempDir(), Queue: 1000})
	k := s.Keeper(KeepAll)
	x := transfer(New(Config{}), k, make([]byte, 200_000), 3, -1, true)
	s.Close()
	if st := s.Stats(); x.Stored || st.Dropped != 1 || st.Stored != 0 {
		t.Errorf("stored %v, %+v", x.Stored, st)
	}
	s = openStore(t, StoreConfig{Dir: t.TempDir(), MinFree: 1 << 60})
	k = s.Keeper(KeepAll)
	transfer(New(Config{}), k, make([]byte, 200_000), 3, -1, true)
	s.Close()
	if st := s.Stats(); st.Full != 1 || st.Stored != 0 || st.Error == "" {
		t.Errorf("%+v", st)
	}
	if _, err := OpenStore(StoreConfig{}); err == nil {
		t.Error("a store without a folder")
	}
}

func TestPolicy(t *testing.T) {
	for _, name := range policies {
		var p Policy
		if err := p.Set(name); err != nil || p.String() != name {
			t.Errorf("%s: %v %v", name, p, err)
		}
	}
	var p Policy
	if err := p.Set("some"); err == nil {
		t.Error("an unknown policy")
	}
}

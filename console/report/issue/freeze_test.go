package issue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/report/evidence"
	"khien/detector"
	"khien/detector/store"
)

var sample = []byte("PK\x03\x04 no app")

// frozenCase is a desk whose case has two findings of one flow with a file, one of another flow and one of none.
func frozenCase(t *testing.T) (*Desk, Request, []string, Originals) {
	t.Helper()
	d, r := desk(t)
	base := detector.Finding{Source: detector.FromSignature, Severity: detector.High, Count: 1}
	list := []detector.Finding{base, base, base, base}
	for i := range list {
		f := &list[i]
		f.ID, f.Time, f.Rule.ID = fmt.Sprint("g", i), at.Add(time.Duration(i)*time.Minute), fmt.Sprint("r", i)
	}
	list[0].CommunityID, list[1].CommunityID, list[2].CommunityID = "1:flow", "1:flow", "1:gone"
	list[1].SHA256, list[1].FileName = evidence.Hash(sample), "DichVuCong.apk"
	list[2].SHA256 = strings.Repeat("0", 64)
	if err := d.Store.Write(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	ids := []string{"g0", "g1", "g2", "g3"}
	if _, err := d.Cases.AddFindings(t.Context(), "an", r.Incident.Case, ids...); err != nil {
		t.Fatal(err)
	}
	return d, r, ids, Originals{
		Packets: func(w io.Writer, f *detector.Finding) (bool, error) {
			switch f.CommunityID {
			case "":
				return false, ErrNoFlow
			case "1:gone":
				return false, fmt.Errorf("ring: %w", fs.ErrNotExist)
			}
			_, err := fmt.Fprint(w, "packets from ", f.First.Unix(), " to ", f.Last.Unix())
			return true, err
		},
		File: func(f *detector.Finding) (io.ReadCloser, error) {
			if f.SHA256 != evidence.Hash(sample) {
				return nil, fmt.Errorf("file: %w", fs.ErrNotExist)
			}
			return io.NopCloser(bytes.NewReader(sample)), nil
		},
	}
}

func TestFreeze(t *testing.T) {
	d, r, ids, from := frozenCase(t)
	id := r.Incident.Case
	later := d.Now().Add(time.Minute)
	got, err := d.Freeze(t.Context(), "an", id, append(ids, "removed"), from, later)
	if err != nil {
		t.Fatal(err)
	}
	what := map[evidence.Of]int{}
	for _, f := range got.Frozen {
		what[f.Of]++
		if f.Of == evidence.OfPackets && (!f.Part || f.Size != int64(len(fmt.Sprint("packets from ", at.Unix(), " to ", at.Add(time.Minute).Unix())))) {
			t.Errorf("%+v", f)
		}
		if f.Of == evidence.OfFile && (f.Name != "DichVuCong.apk" || f.SHA256 != evidence.Hash(sample)) {
			t.Errorf("%+v", f)
		}
	}
	if what[evidence.OfFinding] != 4 || what[evidence.OfPackets] != 1 || what[evidence.OfFile] != 1 || got.More {
		t.Errorf("%v, %+v", what, got)
	}
	want := "[{g2 packets gone} {g3 packets no_flow} {g2 file gone}]"
	if fmt.Sprint(got.Skipped) != want {
		t.Errorf("skipped %v, want %s", got.Skipped, want)
	}
	if again, err := d.Freeze(t.Context(), "an", id, ids, from, later); err != nil || len(again.Frozen) != 0 || again.Known != 6 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if none, err := d.Freeze(t.Context(), "an", id, ids[:2], Originals{}, later); err != nil || len(none.Skipped) != 0 {
		t.Errorf("all is frozen: %+v, %v", none, err)
	}
	if none, err := d.Freeze(t.Context(), "an", id, ids[2:], Originals{}, later); err != nil || fmt.Sprint(none.Skipped) != "[{g2 packets not_kept} {g3 packets not_kept} {g2 file not_kept}]" {
		t.Errorf("nothing is kept: %+v, %v", none, err)
	}
	if late, err := d.Freeze(t.Context(), "an", id, ids, from, d.Now().Add(-1)); err != nil || !late.More {
		t.Errorf("out of time: %+v, %v", late, err)
	}
	d.FrozenMax = 1
	if _, err := d.Freeze(t.Context(), "an", id, []string{"f1"}, from, later); !errors.Is(err, evidence.ErrFull) {
		t.Errorf("no room: %v", err)
	}
}

// TestFrozenInPack: a pack holds the copies when the originals and the findings are gone, names a copy that is broken, and
// cuts only the packets of flows that are not frozen.
func TestFrozenInPack(t *testing.T) {
	d, r, ids, from := frozenCase(t)
	if _, err := d.Freeze(t.Context(), "an", r.Incident.Case, ids, from, d.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	d.Store = without{d.Store}
	collect := func() []evidence.File {
		t.Helper()
		files, err := d.Collect(t.Context(), r.Incident, Sources{User: "an"})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	files := collect()
	count := map[string]int{}
	for _, f := range files {
		count[filepath.Dir(f.Path)]++
		if f.Path == "findings.jsonl" && strings.Count(string(f.Data), "\n") != 4 {
			t.Errorf("%d findings are left", strings.Count(string(f.Data), "\n"))
		}
		if f.Type == "file" && (!bytes.Equal(f.Data, sample) || !strings.Contains(f.Description, "DichVuCong.apk")) {
			t.Errorf("%+v", f.Item)
		}
	}
	if count["frozen/finding"] != 4 || count["frozen/packets"] != 1 || count["frozen/file"] != 1 {
		t.Errorf("%v", count)
	}
	in, err := d.Incident(t.Context(), r.Incident.Case, r.Pack.ID, r.Profile)
	if err != nil || in.Case == "" {
		t.Fatal(err)
	}
	name := filepath.Join(d.Dir, "frozen", evidence.Hash(sample)[:2], evidence.Hash(sample))
	if err := errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	files = collect()
	i := slices.IndexFunc(files, func(f evidence.File) bool { return f.Path == frozenLost })
	if i < 0 || !strings.Contains(string(files[i].Data), evidence.Hash(sample)) {
		t.Errorf("a broken copy is not named")
	}
	if slices.ContainsFunc(files, func(f evidence.File) bool { return f.Type == "file" }) {
		t.Error("a broken copy is in the pack")
	}
	confirm(t, r)
	r.Evidence = files
	if _, err := d.Issue(t.Context(), r); err != nil {
		t.Error(err)
	}
}

// without is a store whose findings have been removed.
type without struct{ store.Store }

func (without) Get(context.Context, string) (detector.Finding, error) {
	return detector.Finding{}, store.ErrNotFound
}

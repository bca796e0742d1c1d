package issue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"khien/console/report/evidence"
	"khien/detector"
	"khien/detector/store"
)

// Originals is where copies are taken from; what is nil is not kept here. An error that wraps fs.ErrNotExist says that an
// original is gone, errors.ErrUnsupported that nothing of the kind is kept, ErrNoFlow that a finding has none, ErrAway that its
// sensor cannot be asked now.
type Originals struct {
	// Packets writes a finding's packets, as pcapng.
	Packets func(w io.Writer, f *detector.Finding) (part bool, err error)
	// File opens a transferred file, as it was stored.
	File func(f *detector.Finding) (io.ReadCloser, error)
}

// What Originals return.
var (
	ErrNoFlow = errors.New("issue: the finding is about no flow")
	ErrAway   = errors.New("issue: the sensor cannot be asked now")
)

// Why something was not frozen.
const (
	NotKept = "not_kept" // nothing of the kind is kept
	Gone    = "gone"     // it has made room for others, or was never kept
	NoFlow  = "no_flow"
	Away    = "away" // what keeps it cannot be asked now: again later
)

// Freezing is what one action froze.
type Freezing struct {
	Frozen  []evidence.Frozen `json:"frozen"`
	Known   int               `json:"known"` // copies that were frozen before
	Skipped []Skipped         `json:"skipped"`
	More    bool              `json:"more"` // time was up: the same action goes on where this one ended
}

// Skipped is what could not be frozen.
type Skipped struct {
	Finding string      `json:"finding"`
	Of      evidence.Of `json:"of"`
	Why     string      `json:"why"`
}

// flowMargin is how long behind a finding its flow's packets still come.
const flowMargin = 2 * time.Minute

// Freezer returns what keeps the frozen copies.
func (d *Desk) Freezer() evidence.Freezer {
	return evidence.Freezer{Store: d.Store, Dir: filepath.Join(d.Dir, "frozen"), Max: d.FrozenMax, Now: d.Now}
}

// freezing is one action.
type freezing struct {
	*Desk
	ctx  context.Context
	id   string
	user string
	from Originals
	have []evidence.Frozen
	done Freezing
}

// Freeze copies what findings of a case are about into the case: their documents, the packets of their flows, the files
// they name. It stops between two copies once until has come. On an error what was frozen before it stays, and is returned.
func (d *Desk) Freeze(ctx context.Context, user, id string, findings []string, from Originals, until time.Time) (Freezing, error) {
	z := &freezing{Desk: d, ctx: ctx, id: id, user: user, from: from, done: Freezing{Frozen: []evidence.Frozen{}, Skipped: []Skipped{}}}
	var err error
	if z.have, err = d.Freezer().List(ctx, id); err != nil {
		return z.done, err
	}
	list, err := d.existing(ctx, findings)
	if err != nil {
		return z.done, err
	}
	steps := []func() error{}
	for i := range list {
		steps = append(steps, func() error { return z.document(&list[i]) })
	}
	for _, f := range flows(list) {
		steps = append(steps, func() error { return z.packets(f) })
	}
	for i := range list {
		if list[i].SHA256 != "" {
			steps = append(steps, func() error { return z.file(&list[i]) })
		}
	}
	for _, step := range steps {
		if d.Now().After(until) {
			z.done.More = true
			return z.done, nil
		}
		if err := step(); err != nil {
			return z.done, err
		}
	}
	return z.done, nil
}

// existing reads findings; those whose index has been removed are left out.
func (d *Desk) existing(ctx context.Context, ids []string) ([]detector.Finding, error) {
	var out []detector.Finding
	for _, id := range ids {
		f, err := d.Store.Get(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("issue: finding %s: %w", id, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// flows returns a finding for each flow, with the time from its first to its last finding.
func flows(list []detector.Finding) []*detector.Finding {
	var out []*detector.Finding
	at := map[string]*detector.Finding{}
	for _, f := range list {
		f.First, f.Last = span(&f)
		known := at[f.CommunityID]
		if known == nil || f.CommunityID == "" {
			at[f.CommunityID] = &f
			out = append(out, &f)
			continue
		}
		known.First, known.Last = earlier(known.First, f.First), later(known.Last, f.Last)
	}
	return out
}

// span is the time that a finding is about.
func span(f *detector.Finding) (from, to time.Time) {
	from, to = f.Time, later(f.Time, f.Last)
	if !f.First.IsZero() {
		from = earlier(from, f.First)
	}
	return from, to
}

func (z *freezing) keep(f evidence.Frozen, write func(io.Writer, *evidence.Frozen) error) error {
	f.Case, f.Collector, f.Tool, f.Personal = z.id, z.user, z.Tool, true
	got, known, err := z.Freezer().Keep(z.ctx, f, write)
	switch {
	case err != nil:
		return err
	case known:
		z.done.Known++
	default:
		z.done.Frozen, z.have = append(z.done.Frozen, got), append(z.have, got)
	}
	return nil
}

// skip notes why something is not frozen, when err tells that; other errors come back.
func (z *freezing) skip(f *detector.Finding, of evidence.Of, err error) error {
	why := ""
	switch {
	case errors.Is(err, ErrNoFlow):
		why = NoFlow
	case errors.Is(err, fs.ErrNotExist):
		why = Gone
	case errors.Is(err, errors.ErrUnsupported):
		why = NotKept
	case errors.Is(err, ErrAway):
		why = Away
	default:
		return err
	}
	z.done.Skipped = append(z.done.Skipped, Skipped{f.ID, of, why})
	return nil
}

func (z *freezing) document(f *detector.Finding) error {
	body, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("issue: finding %s: %w", f.ID, err)
	}
	return z.keep(evidence.Frozen{Of: evidence.OfFinding, Finding: f.ID, Item: evidence.Item{Type: "log", MediaType: "application/json",
		Description: "Nội dung phát hiện", Source: "kho dữ liệu phát hiện", Method: "export"}}, func(w io.Writer, _ *evidence.Frozen) error {
		_, err := w.Write(append(body, '\n'))
		return err
	})
}

func (z *freezing) packets(f *detector.Finding) error {
	covered := slices.ContainsFunc(z.have, func(x evidence.Frozen) bool {
		same := x.Flow == f.CommunityID && (x.Flow != "" || x.Finding == f.ID)
		return x.Of == evidence.OfPackets && same && !x.From.After(f.First) && !x.To.Before(f.Last) && x.Acquired.After(f.Last.Add(flowMargin))
	})
	if covered {
		z.done.Known++
		return nil
	}
	if z.from.Packets == nil {
		return z.skip(f, evidence.OfPackets, errors.ErrUnsupported)
	}
	item := evidence.Item{Type: "pcap", MediaType: "application/x-pcapng", Description: "Gói tin của luồng, sao chép từ kho gói tin", Source: "kho gói tin của cảm biến", Method: "copy"}
	var failed error
	err := z.keep(evidence.Frozen{Of: evidence.OfPackets, Finding: f.ID, Flow: f.CommunityID, From: f.First, To: f.Last, Item: item}, func(w io.Writer, x *evidence.Frozen) error {
		x.Part, failed = z.from.Packets(w, f)
		return failed
	})
	if failed != nil {
		return z.skip(f, evidence.OfPackets, err)
	}
	return err
}

func (z *freezing) file(f *detector.Finding) error {
	if slices.ContainsFunc(z.have, func(x evidence.Frozen) bool { return x.Of == evidence.OfFile && x.SHA256 == f.SHA256 }) {
		z.done.Known++
		return nil
	}
	if z.from.File == nil {
		return z.skip(f, evidence.OfFile, errors.ErrUnsupported)
	}
	r, err := z.from.File(f)
	if err != nil {
		return z.skip(f, evidence.OfFile, err)
	}
	item := evidence.Item{Type: "file", MediaType: "application/octet-stream", Description: "Tệp trong lưu lượng, nguyên trạng, không mở", Source: "kho tệp của cảm biến", Method: "copy"}
	err = z.keep(evidence.Frozen{Of: evidence.OfFile, Finding: f.ID, Flow: f.CommunityID, Name: f.FileName, Item: item}, func(w io.Writer, _ *evidence.Frozen) error {
		_, err := io.Copy(w, r)
		return err
	})
	return errors.Join(err, r.Close())
}

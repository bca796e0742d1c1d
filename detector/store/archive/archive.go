// Package archive carries everything that a store holds into JSON lines and back, and checks that nothing is missing. Any
// store can be the source and any other the target; writing an archive twice changes nothing.
package archive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// Source is a store that can be read as a whole.
type Source interface {
	store.Store
	store.Lister
}

// Counts says how many of each an archive holds.
type Counts struct {
	Findings  int `json:"findings"`
	Events    int `json:"events"`
	Triage    int `json:"triage"`
	Documents int `json:"documents"`
	Kept      int `json:"kept"` // triage and documents that the target had already, which stay as they are
}

// lineMax bounds a line of an archive.
const lineMax = 16 << 20

// line is one thing. Bodies are strings, so that they come back to the byte.
type line struct {
	Finding  json.RawMessage `json:"finding,omitempty"`
	Event    *event          `json:"event,omitempty"`
	Triage   *store.Triage   `json:"triage,omitempty"`
	Document *document       `json:"document,omitempty"`
}

type event struct {
	Time        time.Time      `json:"time"`
	Type        string         `json:"type"`
	Src         netip.AddrPort `json:"src"`
	Dst         netip.AddrPort `json:"dst"`
	Host        string         `json:"host,omitempty"`
	CommunityID string         `json:"community_id,omitempty"`
	FlowID      uint64         `json:"flow_id,omitempty"`
	Sensor      string         `json:"sensor,omitempty"`
	Body        string         `json:"body"`
}

type document struct {
	Kind    string    `json:"kind"`
	ID      string    `json:"id"`
	Updated time.Time `json:"updated"`
	Tags    []string  `json:"tags,omitempty"`
	Body    string    `json:"body"`
}

// Export writes what s holds.
func Export(ctx context.Context, s Source, w io.Writer) (n Counts, err error) {
	out := bufio.NewWriterSize(w, 1<<20)
	put := func(l line) error {
		b, err := json.Marshal(&l)
		if err != nil {
			return fmt.Errorf("archive: %w", err)
		}
		if len(b) >= lineMax {
			return fmt.Errorf("archive: a line of %d bytes", len(b))
		}
		_, err = out.Write(append(b, '\n'))
		return err
	}
	err = eachFinding(ctx, s, func(f *detector.Finding) error {
		n.Findings++
		b, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("archive: %w", err)
		}
		return put(line{Finding: b})
	})
	if err != nil {
		return n, err
	}
	for q := (store.EventQuery{Limit: store.PageMax}); ; {
		p, err := s.Events(ctx, q)
		if err != nil {
			return n, err
		}
		for _, e := range p.Events {
			n.Events++
			if err := put(line{Event: &event{e.Time, e.Type, e.Src, e.Dst, e.Host, e.CommunityID, e.FlowID, e.Sensor, string(e.Body)}}); err != nil {
				return n, err
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	for cursor := ""; ; {
		list, next, err := s.Triages(ctx, cursor)
		if err != nil {
			return n, err
		}
		for i := range list {
			n.Triage++
			if err := put(line{Triage: &list[i]}); err != nil {
				return n, err
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	kinds, err := s.Kinds(ctx)
	if err != nil {
		return n, err
	}
	for _, kind := range kinds {
		for q := (store.DocumentQuery{Kind: kind, Limit: store.PageMax}); ; {
			p, err := s.Documents(ctx, q)
			if err != nil {
				return n, err
			}
			for _, d := range p.Documents {
				n.Documents++
				if err := put(line{Document: &document{d.Kind, d.ID, d.Updated, d.Tags, string(d.Body)}}); err != nil {
					return n, err
				}
			}
			if q.Cursor = p.Next; q.Cursor == "" {
				break
			}
		}
	}
	return n, out.Flush()
}

// eachFinding calls f for every finding, oldest first.
func eachFinding(ctx context.Context, s store.Store, f func(*detector.Finding) error) error {
	for q := (store.Query{Limit: store.PageMax}); ; {
		p, err := s.Find(ctx, q)
		if err != nil {
			return err
		}
		for i := range p.Findings {
			if err := f(&p.Findings[i]); err != nil {
				return err
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return nil
		}
	}
}

// batchSize is how many findings or events are written at once.
const batchSize = 1000

// Import writes an archive into s. Errors name the line.
func Import(ctx context.Context, s store.Store, r io.Reader) (n Counts, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 1<<20), lineMax)
	var findings []detector.Finding
	var events []store.Event
	flush := func(least int) error {
		if len(findings) >= least && len(findings) > 0 {
			if err := s.Write(ctx, findings); err != nil {
				return err
			}
			n.Findings += len(findings)
			findings = findings[:0]
		}
		if len(events) >= least && len(events) > 0 {
			if err := s.WriteEvents(ctx, events); err != nil {
				return err
			}
			n.Events += len(events)
			events = events[:0]
		}
		return nil
	}
	for number := 1; in.Scan(); number++ {
		fail := func(err error) (Counts, error) { return n, fmt.Errorf("archive: line %d: %w", number, err) }
		var l line
		d := json.NewDecoder(bytes.NewReader(in.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			return fail(err)
		}
		switch {
		case l.Finding != nil:
			var f detector.Finding
			if err := json.Unmarshal(l.Finding, &f); err != nil {
				return fail(err)
			}
			findings = append(findings, f)
		case l.Event != nil:
			e := l.Event
			events = append(events, store.Event{Time: e.Time, Type: e.Type, Src: e.Src, Dst: e.Dst, Host: e.Host, CommunityID: e.CommunityID,
				FlowID: e.FlowID, Sensor: e.Sensor, Body: json.RawMessage(e.Body)})
		case l.Triage != nil:
			l.Triage.Version = 0
			_, err := s.PutTriage(ctx, *l.Triage)
			if err := n.counted(err, &n.Triage); err != nil {
				return fail(err)
			}
		case l.Document != nil:
			d := l.Document
			_, err := s.PutDocument(ctx, store.Document{Kind: d.Kind, ID: d.ID, Updated: d.Updated, Tags: d.Tags, Body: json.RawMessage(d.Body)})
			if err := n.counted(err, &n.Documents); err != nil {
				return fail(err)
			}
		default:
			return fail(errors.New("neither finding, event, triage nor document"))
		}
		if err := flush(batchSize); err != nil {
			return fail(err)
		}
	}
	if err := in.Err(); err != nil {
		return n, fmt.Errorf("archive: %w", err)
	}
	return n, flush(0)
}

// counted counts a write, or that the target had the thing already.
func (n *Counts) counted(err error, written *int) error {
	switch {
	case err == nil:
		*written++
	case errors.Is(err, store.ErrConflict):
		n.Kept++
	default:
		return err
	}
	return nil
}

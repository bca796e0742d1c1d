package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// indexOnly is what the index needs beside the finding.
type indexOnly struct {
	Group string    `json:"group"`
	Text  string    `json:"text"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Of both ends.
	AS      []string `json:"as,omitempty"`
	Country []string `json:"country,omitempty"`
	Cert    string   `json:"cert,omitempty"`
}

// Write stores findings. A document is created under the finding's id, so that a repeat is refused by the server and
// counts as done; a repeat that tells more (a story that has grown) replaces the document.
func (s *Store) Write(ctx context.Context, findings []detector.Finding) error {
	findings = joinRepeats(findings)
	entries := make([]entry, len(findings))
	for i := range findings {
		doc, err := document(&findings[i])
		if err != nil {
			return err
		}
		entries[i] = entry{id: findings[i].ID, index: s.stream, doc: doc}
	}
	refused := s.bulk(ctx, entries)
	if !isRejects(refused) {
		return refused
	}
	var again []detector.Finding
	for i := range entries {
		if entries[i].existing {
			again = append(again, findings[i])
		}
	}
	for len(again) > 0 {
		n := min(len(again), batchFirst)
		if err := s.merge(ctx, again[:n]); err != nil {
			return err
		}
		again = again[n:]
	}
	return refused
}

// joinRepeats joins the findings of one id, which stay where the first of them is.
func joinRepeats(findings []detector.Finding) []detector.Finding {
	at := make(map[string]int, len(findings))
	out := make([]detector.Finding, 0, len(findings))
	for _, f := range findings {
		if i, ok := at[f.ID]; ok {
			out[i] = store.Join(out[i], f)
			continue
		}
		at[f.ID] = len(out)
		out = append(out, f)
	}
	return out
}

// document is the finding's ECS document with what the index needs beside it.
func document(f *detector.Finding) ([]byte, error) {
	doc, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("elastic: finding %s: %w", f.ID, err)
	}
	first, last := f.First, f.Last
	if first.IsZero() {
		first = f.Time
	}
	if last.IsZero() {
		last = f.Time
	}
	extra, err := json.Marshal(indexOnly{Group: store.GroupKey(f), Text: searchText(f), First: first, Last: last,
		AS: store.Networks(f), Country: store.Countries(f), Cert: f.Certificate.Fingerprint})
	if err != nil {
		return nil, fmt.Errorf("elastic: finding %s: %w", f.ID, err)
	}
	doc = append(doc[:len(doc)-1], `,"khien_index":`...)
	return append(append(doc, extra...), '}'), nil
}

// searchText is what Query.Text looks in.
func searchText(f *detector.Finding) string {
	parts := []string{f.Rule.Name, f.Summary.VI, f.Summary.EN, f.SrcIP.String(), f.DstIP.String(), f.Domain, f.URL, f.FileName}
	return strings.Join(append(parts, f.RelatedHosts...), "\n")
}

// merge joins findings with the stored ones of the same ids. Those that another writer changes at the same time are tried
// again.
func (s *Store) merge(ctx context.Context, findings []detector.Finding) error {
	for try := 1; len(findings) > 0; try++ {
		ids := make([]string, len(findings))
		for i := range findings {
			ids[i] = findings[i].ID
		}
		stored, err := s.stored(ctx, s.stream, ids, true)
		if err != nil {
			return err
		}
		var body bytes.Buffer
		var sent []detector.Finding
		for i := range findings {
			old, ok := stored[findings[i].ID]
			if !ok {
				return fmt.Errorf("elastic: finding %s: %w", findings[i].ID, store.ErrNotFound)
			}
			joined := store.Join(old.Source, findings[i])
			if store.Same(&joined, &old.Source) {
				continue
			}
			doc, err := document(&joined)
			if err != nil {
				return err
			}
			fmt.Fprintf(&body, "{\"index\":{\"_index\":%q,\"_id\":%q,\"if_seq_no\":%d,\"if_primary_term\":%d}}\n", old.Index, findings[i].ID, old.SeqNo, old.Term)
			body.Write(doc)
			body.WriteByte('\n')
			sent = append(sent, findings[i])
		}
		if len(sent) == 0 {
			return nil
		}
		var answer bulkAnswer
		if err := s.do(ctx, "POST", "/_bulk"+s.refresh(), body.Bytes(), &answer); err != nil {
			return err
		}
		if len(answer.Items) != len(sent) {
			return fmt.Errorf("elastic: bulk: %d answers for %d documents", len(answer.Items), len(sent))
		}
		findings = findings[:0:0]
		for i, item := range answer.Items {
			switch r := item.Index; {
			case r.Status < 300:
			case r.Status == 409 && try < attempts:
				findings = append(findings, sent[i])
			default:
				return fmt.Errorf("elastic: finding %s: status %d: %s: %s", sent[i].ID, r.Status, r.Error.Type, r.Error.Reason)
			}
		}
	}
	return nil
}

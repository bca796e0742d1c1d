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
}

// Write stores findings. A document is created under the finding's id, so that a repeat is refused by the server and
// counts as done; a repeat that tells more (a story that has grown) replaces the document.
func (s *Store) Write(ctx context.Context, findings []detector.Finding) error {
	for len(findings) > 0 {
		n := min(len(findings), s.cfg.Batch)
		if err := s.writeBatch(ctx, findings[:n]); err != nil {
			return err
		}
		findings = findings[n:]
	}
	return nil
}

func (s *Store) writeBatch(ctx context.Context, findings []detector.Finding) error {
	var body bytes.Buffer
	for i := range findings {
		fmt.Fprintf(&body, "{\"create\":{\"_id\":%q}}\n", findings[i].ID)
		doc, err := document(&findings[i])
		if err != nil {
			return err
		}
		body.Write(doc)
		body.WriteByte('\n')
	}
	var answer bulkAnswer
	if err := s.do(ctx, "POST", "/"+s.stream+"/_bulk"+s.refresh(), body.Bytes(), &answer); err != nil {
		return err
	}
	if !answer.Errors {
		return nil
	}
	if len(answer.Items) != len(findings) {
		return fmt.Errorf("elastic: bulk: %d answers for %d findings", len(answer.Items), len(findings))
	}
	var again []detector.Finding
	for i, item := range answer.Items {
		switch r := item.Create; {
		case r.Status == 409:
			if err := s.merge(ctx, &findings[i]); err != nil {
				return err
			}
		case r.Status == 429:
			again = append(again, findings[i])
		case r.Status >= 300:
			return fmt.Errorf("elastic: finding %s: status %d: %s: %s", findings[i].ID, r.Status, r.Error.Type, r.Error.Reason)
		}
	}
	if len(again) == 0 {
		return nil
	}
	if len(again) == len(findings) {
		return fmt.Errorf("elastic: bulk: the server refuses %d findings as too many requests", len(again))
	}
	return s.writeBatch(ctx, again)
}

// refresh is the query part that makes a write visible.
func (s *Store) refresh() string {
	if s.cfg.Refresh {
		return "?refresh=true"
	}
	return ""
}

type bulkAnswer struct {
	Errors bool `json:"errors"`
	Items  []struct {
		Create struct {
			Status int `json:"status"`
			Error  struct {
				Type   string `json:"type"`
				Reason string `json:"reason"`
			} `json:"error"`
		} `json:"create"`
	} `json:"items"`
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
	extra, err := json.Marshal(indexOnly{Group: store.GroupKey(f), Text: searchText(f), First: first, Last: last})
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

// merge joins a finding with the stored one of the same id: the larger count, the earlier First, the later Last.
func (s *Store) merge(ctx context.Context, f *detector.Finding) error {
	for try := 0; ; try++ {
		old, where, err := s.lookup(ctx, f.ID)
		if err != nil {
			return err
		}
		joined := store.Join(old, *f)
		if joined.Count == old.Count && joined.First.Equal(old.First) && joined.Last.Equal(old.Last) {
			return nil
		}
		doc, err := document(&joined)
		if err != nil {
			return err
		}
		path := fmt.Sprintf("/%s/_doc/%s?if_seq_no=%d&if_primary_term=%d", where.Index, f.ID, where.SeqNo, where.Term)
		if s.cfg.Refresh {
			path += "&refresh=true"
		}
		err = s.do(ctx, "PUT", path, doc, nil)
		if err == nil || !hasStatus(err, 409) || try == attempts {
			return err
		}
	}
}

package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Migrate brings what is on the server to the mappings of this version of the program: data streams begin a new index,
// ordinary indices are copied into new ones behind the same alias. It says what it did. Nothing is to write triage or
// documents meanwhile. Repeating it changes nothing.
func (s *Store) Migrate(ctx context.Context) (done []string, err error) {
	for alias, properties := range s.indices() {
		did, err := s.moveIndex(ctx, alias, properties)
		if err != nil {
			return done, err
		}
		done = append(done, did...)
	}
	for _, stream := range append(s.eventStreams(), s.stream) {
		old, err := s.mappedVersion(ctx, stream)
		if err != nil {
			return done, err
		}
		if old < 0 || old >= schemaVersion {
			continue
		}
		if err := s.do(ctx, "POST", "/"+stream+"/_rollover", nil, nil); err != nil {
			return done, err
		}
		s.generations.mu.Lock()
		delete(s.generations.at, stream)
		s.generations.mu.Unlock()
		done = append(done, fmt.Sprintf("%s: version %d to %d: rolled over; what it holds stays as it is", stream, old, schemaVersion))
	}
	slices.Sort(done)
	return done, nil
}

// mapping is what the server says of an index.
type mapping struct {
	Mappings struct {
		Meta struct {
			Version int `json:"version"`
		} `json:"_meta"`
	} `json:"mappings"`
}

// mappedVersion returns the version of the newest index behind a name; -1 when there is none.
func (s *Store) mappedVersion(ctx context.Context, name string) (int, error) {
	var ans map[string]mapping
	err := s.do(ctx, "GET", "/"+name+"/_mapping", nil, &ans)
	if hasStatus(err, 404) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	newest := ""
	for index := range ans {
		newest = max(newest, index) // names end with date and generation
	}
	return ans[newest].Mappings.Meta.Version, nil
}

// moveIndex copies an ordinary index of an older version.
func (s *Store) moveIndex(ctx context.Context, alias string, properties m) ([]string, error) {
	var ans map[string]mapping
	if err := s.do(ctx, "GET", "/"+alias+"/_mapping", nil, &ans); err != nil {
		return nil, err
	}
	to := indexName(alias)
	for from, old := range ans {
		if old.Mappings.Meta.Version >= schemaVersion {
			continue
		}
		if err := s.put(ctx, "/"+to, indexBody(properties)); err != nil && !hasStatus(err, 400) {
			return nil, err
		}
		var task struct {
			Task string `json:"task"`
		}
		req, err := json.Marshal(m{"source": m{"index": from}, "dest": m{"index": to, "op_type": "index", "version_type": "internal"}})
		if err != nil {
			return nil, fmt.Errorf("elastic: %w", err)
		}
		if err := s.do(ctx, "POST", "/_reindex?wait_for_completion=false&refresh=true", req, &task); err != nil {
			return nil, err
		}
		n, err := s.awaitTask(ctx, task.Task)
		if err != nil {
			return nil, err
		}
		// Removing the old and naming the new is one step on the server.
		actions := []m{{"remove_index": m{"index": from}}, {"add": m{"index": to, "alias": alias, "is_write_index": true}}}
		b, err := json.Marshal(m{"actions": actions})
		if err != nil {
			return nil, fmt.Errorf("elastic: %w", err)
		}
		if err := s.do(ctx, "POST", "/_aliases", b, nil); err != nil {
			return nil, err
		}
		return []string{fmt.Sprintf("%s: version %d to %d: %d documents copied from %s to %s", alias, old.Mappings.Meta.Version, schemaVersion, n, from, to)}, nil
	}
	return nil, nil
}

// awaitTask waits for a copy and returns how many documents it copied.
func (s *Store) awaitTask(ctx context.Context, task string) (int, error) {
	for {
		var ans struct {
			Completed bool            `json:"completed"`
			Error     json.RawMessage `json:"error"`
			Response  struct {
				Total    int               `json:"total"`
				Created  int               `json:"created"`
				Updated  int               `json:"updated"`
				Failures []json.RawMessage `json:"failures"`
			} `json:"response"`
		}
		if err := s.do(ctx, "GET", "/_tasks/"+task, nil, &ans); err != nil {
			return 0, err
		}
		r := &ans.Response
		switch {
		case ans.Completed && (ans.Error != nil || len(r.Failures) > 0 || r.Created+r.Updated != r.Total):
			return 0, fmt.Errorf("elastic: copy: %d of %d documents, %s %s", r.Created+r.Updated, r.Total, ans.Error, r.Failures)
		case ans.Completed:
			return r.Total, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("elastic: copy: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

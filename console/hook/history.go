package hook

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"khien/console/audit"
)

// Reminded is the type of the event that a deadline of a report comes near, or is over.
const Reminded = "report.deadline"

// Event is one entry of the history: what happened to a decision, to a list or to the switch.
type Event struct {
	Number uint64    `json:"number"` // from 1, without gaps
	ID     string    `json:"id"`     // the same for the same event, whenever it is sent
	Type   string    `json:"type"`   // decision.proposed, …, decision.revoked, list.published, alarm, switch.kill, …
	Time   time.Time `json:"time"`
	User   string    `json:"user"`
	Object string    `json:"object,omitempty"` // id of a decision
	Detail string    `json:"detail,omitempty"`
}

// History is the hash-chained file of what happened. Safe for concurrent use by one process.
type History struct {
	path string
	log  *audit.Log
}

// OpenHistory opens or creates a history and checks its chain.
func OpenHistory(path string, now func() time.Time) (*History, error) {
	log, err := audit.Open(path, now)
	if err != nil {
		return nil, fmt.Errorf("hook: history: %w", err)
	}
	return &History{path: path, log: log}, nil
}

func (h *History) append(user, what, object, detail string) error {
	return h.appendAll([]audit.Entry{{User: user, Action: what, Object: object, Detail: detail}})
}

func (h *History) appendAll(entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	if err := h.log.Append(entries...); err != nil {
		return fmt.Errorf("hook: history: %w", err)
	}
	return nil
}

// Head returns the number of the latest event.
func (h *History) Head() uint64 { return h.log.Head().Number }

// Close closes the file.
func (h *History) Close() error { return h.log.Close() }

// Cursor is a place in a history: behind the event Number, which ends at Offset of the file.
type Cursor struct {
	Number uint64 `json:"number"`
	Offset int64  `json:"offset"`
}

// Read yields up to n events behind a cursor, each with the cursor behind it. What it costs does not depend on what stands
// before the cursor.
func (h *History) Read(from Cursor, n int) (events []Event, cursors []Cursor, err error) {
	f, err := os.Open(h.path)
	if err != nil {
		return nil, nil, fmt.Errorf("hook: history: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(from.Offset, io.SeekStart); err != nil {
		return nil, nil, fmt.Errorf("hook: history: %w", err)
	}
	in := bufio.NewReaderSize(f, 128<<10)
	for len(events) < n {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break // nothing more, or a line that is being written
		}
		if err != nil {
			return nil, nil, fmt.Errorf("hook: history: %w", err)
		}
		var e audit.Entry
		if err := json.Unmarshal(bytes.TrimSpace(line), &e); err != nil || e.Number != from.Number+1 {
			return nil, nil, fmt.Errorf("hook: history: no event %d at byte %d", from.Number+1, from.Offset)
		}
		from = Cursor{e.Number, from.Offset + int64(len(line))}
		events = append(events, Event{Number: e.Number, ID: "evt_" + e.Hash[:32], Type: e.Action, Time: e.Time, User: e.User, Object: e.Object, Detail: e.Detail})
		cursors = append(cursors, from)
	}
	return events, cursors, nil
}

// states returns the state of each decision as the history has it.
func (h *History) states() (map[string]State, error) {
	out := map[string]State{}
	for at := (Cursor{}); ; {
		events, cursors, err := h.Read(at, 10_000)
		if err != nil || len(events) == 0 {
			return out, err
		}
		for _, e := range events {
			if s, ok := stateOf[e.Type]; ok {
				out[e.Object] = s
			}
		}
		at = cursors[len(cursors)-1]
	}
}

// stateOf is the state in which an event leaves a decision.
var stateOf = map[string]State{"decision.proposed": Proposed, "decision.dry_run": DryRun, "decision.approved": Approved,
	"decision.active": Active, "decision.expired": Expired, "decision.revoked": Revoked}

// End returns the cursor behind the latest event.
func (h *History) End() (Cursor, error) {
	at := Cursor{}
	for {
		_, cursors, err := h.Read(at, 10_000)
		if err != nil || len(cursors) == 0 {
			return at, err
		}
		at = cursors[len(cursors)-1]
	}
}

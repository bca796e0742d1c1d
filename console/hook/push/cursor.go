package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"khien/console/hook"
	"khien/detector/store"
)

// Cursors keep how far each feed has come, on a shelf. The zero value with its fields set works. Safe for concurrent use.
type Cursors struct {
	Shelf hook.Shelf
	Now   func() time.Time

	mu sync.Mutex
	m  map[string]kept
}

type kept struct {
	at      hook.Cursor
	version int64
}

// cursorKind is the kind of their documents.
const cursorKind = "hook_cursor"

// get returns where a feed goes on. One that is new begins with what happens from now on.
func (c *Cursors) get(ctx context.Context, name string, h *hook.History) (hook.Cursor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.m[name]; ok {
		return k.at, nil
	}
	if c.m == nil {
		c.m = map[string]kept{}
	}
	d, err := c.Shelf.Document(ctx, cursorKind, name)
	if errors.Is(err, store.ErrNotFound) {
		at, err := h.End()
		if err != nil {
			return at, err
		}
		c.m[name] = kept{at: at}
		return at, c.write(ctx, name, at)
	}
	if err != nil {
		return hook.Cursor{}, fmt.Errorf("push: %s: %w", name, err)
	}
	k := kept{version: d.Version}
	if err := json.Unmarshal(d.Body, &k.at); err != nil {
		return k.at, fmt.Errorf("push: cursor of %s: %w", name, err)
	}
	c.m[name] = k
	return k.at, nil
}

func (c *Cursors) put(ctx context.Context, name string, at hook.Cursor) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(ctx, name, at)
}

func (c *Cursors) write(ctx context.Context, name string, at hook.Cursor) error {
	body, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	d, err := c.Shelf.PutDocument(ctx, store.Document{Kind: cursorKind, ID: name, Version: c.m[name].version, Updated: c.Now(), Body: body})
	if err != nil {
		return fmt.Errorf("push: keep the cursor of %s: %w", name, err)
	}
	c.m[name] = kept{at, d.Version}
	return nil
}

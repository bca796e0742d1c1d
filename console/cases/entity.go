package cases

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"khien/console/wrong"
	"khien/detector"
)

// Kinds of entities: those of the findings, and accounts of people or banks, which only people name.
const (
	Address = "ip"
	Host    = "host"
	File    = "sha256"
	Client  = "ja4"
	Cert    = "cert" // certificate of a server, by its fingerprint
	Account = "account"
)

// Limits of entities.
const (
	EntitiesMax    = 300
	entityMax      = 253  // bytes of a value
	entityNoteMax  = 1000 // bytes of a note
	WatchMax       = 90 * 24 * time.Hour
	watchedCaseMax = 100 // entities of one case that are watched
)

// Entity is something that a case is about.
type Entity struct {
	Kind  string    `json:"kind"`
	Value string    `json:"value"` // normal form
	Note  string    `json:"note,omitempty"`
	By    string    `json:"by"`
	Time  time.Time `json:"time"`
	Watch *Watch    `json:"watch,omitempty"`
}

// Watch says that shifts are to keep an eye on an entity.
type Watch struct {
	Until time.Time `json:"until"`
	Note  string    `json:"note"`
	By    string    `json:"by"`
	Time  time.Time `json:"time"`
}

// Normal returns the normal form of an entity's value.
func Normal(kind, value string) (string, error) {
	value = strings.TrimSpace(value)
	bad := func(what string) (string, error) {
		return "", &wrong.Input{Err: ErrInvalid, Name: "entity." + kind, Value: value, Why: fmt.Sprintf("%.60q is %s", value, what)}
	}
	if value == "" || len(value) > entityMax || !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return bad(fmt.Sprintf("no value of 1 to %d printable bytes", entityMax))
	}
	switch kind {
	case Address:
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" {
			return bad("no address")
		}
		return a.Unmap().String(), nil
	case Host:
		value = strings.ToLower(strings.TrimSuffix(value, "."))
		if value == "" || strings.ContainsAny(value, " /:@") {
			return bad("no host name")
		}
	case File:
		value = strings.ToLower(value)
		if b, err := hex.DecodeString(value); err != nil || len(b) != 32 {
			return bad("no SHA-256")
		}
	case Client:
		if strings.ContainsAny(value, " /") {
			return bad("no JA4")
		}
	case Cert:
		fingerprint := detector.Fingerprint(value)
		if fingerprint == "" {
			return bad("no fingerprint of a certificate")
		}
		value = fingerprint
	case Account:
	default:
		return "", fmt.Errorf("%w: kind %.20q: ip, host, sha256, ja4, cert, account", ErrInvalid, kind)
	}
	return value, nil
}

// AddEntity puts an entity into a case; one that is there gets the note, where there is one.
func (b *Book) AddEntity(ctx context.Context, user, id, kind, value, note string) (Case, error) {
	value, err := Normal(kind, value)
	note = strings.TrimSpace(note)
	if err == nil {
		err = checkNote(note, 0)
	}
	if err != nil {
		return Case{}, err
	}
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		if i := c.entity(kind, value); i >= 0 {
			if note != "" && note != c.Entities[i].Note {
				c.Entities[i].Note = note
				c.note(now, user, "entity.note:"+value)
			}
			return nil
		}
		if len(c.Entities) >= EntitiesMax {
			return fmt.Errorf("%w: %s holds %d entities already", ErrInvalid, id, EntitiesMax)
		}
		c.Entities = append(c.Entities, Entity{Kind: kind, Value: value, Note: note, By: user, Time: now})
		c.note(now, user, "entity:"+value)
		return nil
	})
}

// DropEntity takes an entity out; the history keeps its value.
func (b *Book) DropEntity(ctx context.Context, user, id, kind, value string) (Case, error) {
	return b.onEntity(ctx, id, kind, value, func(c *Case, i int, now time.Time) error {
		c.Entities = slices.Delete(c.Entities, i, i+1)
		c.note(now, user, "entity.dropped:"+value)
		return nil
	})
}

// SetWatch has an entity watched until a time; a zero time ends that.
func (b *Book) SetWatch(ctx context.Context, user, id, kind, value, note string, until time.Time) (Case, error) {
	note = strings.TrimSpace(note)
	least := 1 // who comes on shift has to know what to look for
	if until.IsZero() {
		least = 0
	}
	if err := checkNote(note, least); err != nil {
		return Case{}, err
	}
	return b.onEntity(ctx, id, kind, value, func(c *Case, i int, now time.Time) error {
		e := &c.Entities[i]
		if until.IsZero() {
			e.Watch = nil
			c.note(now, user, "unwatched:"+value)
			return nil
		}
		if !until.After(now) || until.Sub(now) > WatchMax {
			return &wrong.Input{Err: ErrInvalid, Name: "watch.until", Why: fmt.Sprintf("watching until %s: a time in the next %d days", until.UTC().Format(time.RFC3339), WatchMax/(24*time.Hour))}
		}
		watched := 0
		for _, x := range c.Entities {
			if x.Watch != nil {
				watched++
			}
		}
		if e.Watch == nil && watched >= watchedCaseMax {
			return fmt.Errorf("%w: %d entities of %s are watched already", ErrInvalid, watched, id)
		}
		e.Watch = &Watch{Until: until.UTC(), Note: note, By: user, Time: now}
		c.note(now, user, "watched:"+value)
		return nil
	})
}

func (b *Book) onEntity(ctx context.Context, id, kind, value string, f func(c *Case, i int, now time.Time) error) (Case, error) {
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		i := c.entity(kind, value)
		if i < 0 {
			return fmt.Errorf("%w: %s holds no %.20q %.60q", ErrNotFound, id, kind, value)
		}
		return f(c, i, now)
	})
}

func (c *Case) entity(kind, value string) int {
	return slices.IndexFunc(c.Entities, func(e Entity) bool { return e.Kind == kind && e.Value == value })
}

func checkNote(note string, least int) error {
	if len(note) > entityNoteMax {
		return fmt.Errorf("%w: a note of %d bytes, at most %d", ErrInvalid, len(note), entityNoteMax)
	}
	return checkText("note", note, least)
}

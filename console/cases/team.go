package cases

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// MembersMax is how many people take part in a case beside its owner.
const MembersMax = 50

// nameMax is how many bytes the name of a person has.
const nameMax = 64

// SetOwner makes a person the owner, "" nobody. The owner is no member.
func (b *Book) SetOwner(ctx context.Context, user, id, owner string) (Case, error) {
	if len(owner) > nameMax {
		return Case{}, fmt.Errorf("%w: a name of %d bytes", ErrInvalid, len(owner))
	}
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		if c.Owner == owner {
			return nil
		}
		c.Owner = owner
		c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == owner })
		c.note(now, user, "owner:"+owner)
		return nil
	})
}

// Join lets a person take part.
func (b *Book) Join(ctx context.Context, user, id, member string) (Case, error) {
	if member == "" || len(member) > nameMax {
		return Case{}, fmt.Errorf("%w: a name of %d bytes", ErrInvalid, len(member))
	}
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		switch {
		case c.Owner == member || slices.Contains(c.Members, member):
			return nil
		case len(c.Members) >= MembersMax:
			return fmt.Errorf("%w: %s has %d members already", ErrInvalid, id, MembersMax)
		}
		c.Members = append(c.Members, member)
		c.note(now, user, "joined:"+member)
		return nil
	})
}

// Leave ends a person's part.
func (b *Book) Leave(ctx context.Context, user, id, member string) (Case, error) {
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		i := slices.Index(c.Members, member)
		if i < 0 {
			return fmt.Errorf("%w: %s has no member %.40q", ErrNotFound, id, member)
		}
		c.Members = slices.Delete(c.Members, i, i+1)
		c.note(now, user, "left:"+member)
		return nil
	})
}

// Reopen takes up a closed case again; a reason is needed.
func (b *Book) Reopen(ctx context.Context, user, id, reason string) (Case, error) {
	if err := checkText("reason", reason, 1); err != nil {
		return Case{}, err
	}
	return b.write(ctx, id, func(c *Case, now time.Time) error {
		if c.Status != Closed {
			return fmt.Errorf("%w: %s is open", ErrInvalid, id)
		}
		c.Status, c.Closed = Open, time.Time{}
		c.note(now, user, "reopened: "+reason)
		return nil
	})
}

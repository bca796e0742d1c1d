package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"khien/console/wrong"
)

// Limits of tasks.
const (
	TasksMax    = 200
	TaskTextMax = 1000 // bytes
	briefMax    = 80   // characters of a task that the history keeps
)

// Task is something to do about a case.
type Task struct {
	ID       int       `json:"id"` // from 1 in each case, never given twice
	Text     string    `json:"text"`
	Assignee string    `json:"assignee,omitempty"`
	Due      time.Time `json:"due,omitzero"`
	By       string    `json:"by"`
	Time     time.Time `json:"time"`
	Done     time.Time `json:"done,omitzero"`
	DoneBy   string    `json:"done_by,omitempty"`
}

// Want is what a task is to be.
type Want struct {
	Text     string    `json:"text"`
	Assignee string    `json:"assignee"`
	Due      time.Time `json:"due"`
	Done     bool      `json:"done"`
}

func (w *Want) check() error {
	w.Text = strings.TrimSpace(w.Text)
	switch {
	case len(w.Text) > TaskTextMax:
		return fmt.Errorf("%w: a task of %d bytes, at most %d", ErrInvalid, len(w.Text), TaskTextMax)
	case len(w.Assignee) > nameMax:
		return fmt.Errorf("%w: a name of %d bytes", ErrInvalid, len(w.Assignee))
	case !w.Due.IsZero() && (w.Due.Year() < 2000 || w.Due.Year() > 2999):
		return &wrong.Input{Err: ErrInvalid, Name: "task.due", Why: fmt.Sprintf("due in the year %d", w.Due.Year())}
	}
	return checkText("task", w.Text, 1)
}

func (t *Task) set(w Want, user string, now time.Time) {
	t.Text, t.Assignee, t.Due = w.Text, w.Assignee, w.Due.UTC()
	switch {
	case w.Done && t.Done.IsZero():
		t.Done, t.DoneBy = now, user
	case !w.Done:
		t.Done, t.DoneBy = time.Time{}, ""
	}
}

// AddTask adds a task.
func (b *Book) AddTask(ctx context.Context, user, id string, w Want) (Case, error) {
	if err := w.check(); err != nil {
		return Case{}, err
	}
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		if len(c.Tasks) >= TasksMax {
			return fmt.Errorf("%w: %s has %d tasks already", ErrInvalid, id, TasksMax)
		}
		c.LastTask++
		t := Task{ID: c.LastTask, By: user, Time: now}
		t.set(w, user, now)
		c.Tasks = append(c.Tasks, t)
		c.note(now, user, "task:"+brief(w.Text))
		return nil
	})
}

// SetTask changes a task; doing it again as done keeps who did it first.
func (b *Book) SetTask(ctx context.Context, user, id string, task int, w Want) (Case, error) {
	if err := w.check(); err != nil {
		return Case{}, err
	}
	return b.onTask(ctx, id, task, func(c *Case, i int, now time.Time) {
		t := &c.Tasks[i]
		was := *t
		t.set(w, user, now)
		switch {
		case *t == was:
		case was.Done.IsZero() && w.Done:
			c.note(now, user, "task.done:"+brief(t.Text))
		case !was.Done.IsZero() && !w.Done:
			c.note(now, user, "task.open:"+brief(t.Text))
		default:
			c.note(now, user, "task.changed:"+brief(t.Text))
		}
	})
}

// DropTask removes a task; the history keeps its text.
func (b *Book) DropTask(ctx context.Context, user, id string, task int) (Case, error) {
	return b.onTask(ctx, id, task, func(c *Case, i int, now time.Time) {
		c.note(now, user, "task.dropped:"+brief(c.Tasks[i].Text))
		c.Tasks = slices.Delete(c.Tasks, i, i+1)
	})
}

func (b *Book) onTask(ctx context.Context, id string, task int, f func(c *Case, i int, now time.Time)) (Case, error) {
	return b.change(ctx, id, func(c *Case, now time.Time) error {
		i := slices.IndexFunc(c.Tasks, func(t Task) bool { return t.ID == task })
		if i < 0 {
			return fmt.Errorf("%w: %s has no task %d", ErrNotFound, id, task)
		}
		f(c, i, now)
		return nil
	})
}

// brief is as much of a text as a history keeps.
func brief(s string) string {
	n := 0
	for i := range s {
		if n++; n > briefMax {
			return s[:i] + "…"
		}
	}
	return s
}

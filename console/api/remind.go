package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/clock"
	"khien/console/scope"
	"khien/detector/store"
)

// remindEvery is how often the deadlines of the law are looked at.
const remindEvery = time.Minute

// remindKind is the kind of the documents that say what people were told of, so that no restart tells it again.
const remindKind = "reminder"

// Remind tells of the deadlines of open cases when 50, 75 and 90 % of their time have passed and when it is over, each once,
// until ctx ends. tell gets a sentence in both languages without facts of the case. trouble gets what went wrong; it is tried
// again.
func (a *API) Remind(ctx context.Context, tell func(key, text string) error, trouble func(error)) {
	tick := time.NewTicker(remindEvery)
	defer tick.Stop()
	for {
		if err := a.RemindNow(ctx, tell); err != nil && ctx.Err() == nil {
			trouble(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// RemindNow does so once.
func (a *API) RemindNow(ctx context.Context, tell func(key, text string) error) error {
	ctx = scope.Whole(ctx)
	open, err := a.cfg.Reports.Cases.List(ctx, cases.Open)
	if err != nil {
		return fmt.Errorf("api: remind: %w", err)
	}
	list, err := a.deadlines(ctx, "", open)
	if err != nil {
		return fmt.Errorf("api: remind: %w", err)
	}
	for _, l := range list {
		percent := passed(&l.Clock)
		if percent == 0 {
			continue
		}
		key := fmt.Sprintf("%s.%s.%d.%d", l.Case, l.Duty, l.Due.Unix(), percent)
		if _, err := a.cfg.Store.Document(ctx, remindKind, key); err == nil {
			continue
		} else if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("api: remind: %w", err)
		}
		// Told first and noted then: what was told and not noted is told twice, and never left out.
		if err := tell(key, reminder(l.Case, &l.Clock, percent)); err != nil {
			return fmt.Errorf("api: remind: %w", err)
		}
		_, err := a.cfg.Store.PutDocument(ctx, store.Document{Kind: remindKind, ID: key, Updated: a.cfg.Now().UTC(), Body: []byte("{}")})
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return fmt.Errorf("api: remind: %w", err)
		}
	}
	return nil
}

// passed is the latest warning of a clock that is not done: percent of its time, 100 when it is over, 0 for none.
func passed(k *clock.Clock) int {
	switch {
	case k.Sent != nil:
		return 0
	case k.State == clock.Overdue:
		return 100
	case len(k.Warned) > 0:
		return k.Warned[len(k.Warned)-1]
	}
	return 0
}

// reminder names a duty and when it is due, and nothing of what happened.
func reminder(id string, k *clock.Clock, percent int) string {
	due := k.Due.In(report.Zone).Format("15:04 02/01/2006")
	of, ofEN := "", ""
	if id != "" {
		of, ofEN = "Vụ việc "+id+": ", "Case "+id+": "
	}
	if percent == 100 {
		return strings.TrimSpace(fmt.Sprintf("%s%s đã quá hạn (%s). / %s%s is overdue (%s).", of, k.VI, due, ofEN, k.EN, due))
	}
	return strings.TrimSpace(fmt.Sprintf("%s%s đến hạn lúc %s, đã qua %d %% thời gian. / %s%s is due at %s, %d %% of the time have passed.", of, k.VI, due, percent, ofEN, k.EN, due, percent))
}

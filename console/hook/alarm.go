package hook

import "time"

// Alarm is something that a person must look at.
type Alarm struct {
	Key   string    `json:"key"`
	Since time.Time `json:"since"`
	Cause
}

// Cause is what raised an alarm.
type Cause struct {
	What   string         `json:"what"`             // names it: the pages' catalogues have its words under "alarm.why."
	Values map[string]any `json:"values,omitempty"` // that stand in the words: numbers, texts, "since" a time, "seconds" a duration
	Text   string         `json:"text"`             // in English, for programs and logs
}

type values = map[string]any

// Failure is a cause that is told by the system's own words; before stands in front of them in English.
func Failure(before string, err error) Cause {
	return Cause{"error", values{"error": err.Error()}, before + err.Error()}
}

// alarm raises an alarm once.
func (b *Book) alarm(key string, c Cause) {
	a, was := b.alarms[key]
	if !was {
		a = Alarm{Key: key, Since: b.clock.now()}
	}
	a.Cause = c
	b.alarms[key] = a
	if !was {
		// An alarm must not fail for want of its record; it stands in the status.
		_ = b.cfg.History.append("khien", "alarm", key, c.Text)
	}
}

// Raise raises an alarm on behalf of a consumer; Clear ends it.
func (b *Book) Raise(key string, c Cause) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alarm(key, c)
}

// Clear ends an alarm.
func (b *Book) Clear(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.alarms, key)
}

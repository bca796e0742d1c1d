// Package output brings findings, and telemetry where it is asked for, to other systems: files, syslog, Kafka. Records come
// from a spool, of which every output is a follower of its own: one that is away waits for nobody and nobody waits for it.
// What goes out is a JSON object a record, in one of two forms, with secrets masked. Every record goes out at least once,
// those of a sensor in order; a repeat has the id of the first.
//
// A Message belongs to whoever gets it, and its Line too.
package output

import (
	"context"
	"fmt"
	"time"

	"khien/detector"
)

// Message is a record as it goes out.
type Message struct {
	ID       string // of the finding; of telemetry a hash of its line
	Kind     string // finding, or the event type of telemetry: dns, http, flow, …
	Time     time.Time
	Sensor   string
	Severity detector.Severity // 0 for telemetry
	Source   detector.Source   // "" for telemetry
	Rule     string            // name of what found it; "" for telemetry
	Line     []byte            // JSON without line end
}

// Place is where messages go.
type Place interface {
	// Write returns nil when all messages have arrived, and a *RejectedError when all have but those that the place will
	// never take. After any other error all come again. It returns soon after ctx ends. No two calls at a time.
	Write(ctx context.Context, ms []Message) error
	Close() error
}

// Rejected is a message that a place will never take.
type Rejected struct {
	Message Message
	Reason  string
}

// RejectedError holds the messages that a place will never take.
type RejectedError struct{ Messages []Rejected }

func (e *RejectedError) Error() string {
	return fmt.Sprintf("output: %d messages are not taken, the first: %s", len(e.Messages), e.Messages[0].Reason)
}

// Reject returns an error that holds the messages; nil when there are none.
func Reject(r []Rejected) error {
	if len(r) == 0 {
		return nil
	}
	return &RejectedError{r}
}

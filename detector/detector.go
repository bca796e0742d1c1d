package detector

import "khien/sensor"

// Detector reads events and reports findings. It belongs to one worker and is never called concurrently.
type Detector interface {
	sensor.Handler
}

// Sink takes findings. e is the event that completed the finding, valid until Found returns, so that a sink may add
// what is known of the flow and the transaction; it is nil for findings that no single event completes.
type Sink interface {
	Found(f *Finding, e *sensor.Event)
}

package health

import (
	"cmp"
	"slices"

	"khien/detector"
	"khien/sensor/pipeline"
)

// States of a sensor, and of what there is to say about it.
const (
	OK       = "ok"
	Warning  = "warning"
	Critical = "critical"
)

var ranks = map[string]int{OK: 0, Warning: 1, Critical: 2}

// Note is something that is not as it should be.
type Note struct {
	Code  string `json:"code"`
	State string `json:"state"`
	detector.Text
}

// Sum sorts notes, the worst first, and returns the state of the worst.
func Sum(notes []Note) string {
	slices.SortStableFunc(notes, func(a, b Note) int {
		return cmp.Or(-cmp.Compare(ranks[a.State], ranks[b.State]), cmp.Compare(a.Code, b.Code))
	})
	if len(notes) == 0 {
		return OK
	}
	return notes[0].State
}

// Lost is what one stage has lost.
type Lost struct {
	Stage string  `json:"stage"`
	Lost  uint64  `json:"lost"`
	Share float64 `json:"share,omitempty"` // of what came to the stage; 0 where there is no such thing
	detector.Text
	severity detector.Severity
}

// LostBetween returns what was lost between two counts, in the order of the data's way.
func LostBetween(a, b *pipeline.Stats) []Lost {
	out := []Lost{}
	for i := range stages {
		if l, ok := lostAt(&stages[i], a, b); ok {
			out = append(out, Lost{l.name, l.n, l.share, l.reason(), l.severity()})
		}
	}
	return out
}

// LossNotes are the notes about what was lost of late: from a percent on.
func LossNotes(lost []Lost) []Note {
	var out []Note
	for _, l := range lost {
		switch {
		case l.severity >= detector.High:
			out = append(out, Note{"loss", Critical, l.Text})
		case l.severity >= detector.Medium:
			out = append(out, Note{"loss", Warning, l.Text})
		}
	}
	return out
}

package archive

import (
	"context"
	"maps"
	"slices"

	"khien/detector"
	"khien/detector/store"
)

// Sensor says what a store has of a sensor.
type Sensor struct {
	Name     string  `json:"name"`
	Findings int     `json:"findings"`
	First    uint64  `json:"first"` // sequence numbers; 0 when none of its findings has one
	Last     uint64  `json:"last"`
	Missing  uint64  `json:"missing"` // numbers between First and Last that no finding has
	Gaps     []Range `json:"gaps,omitempty"`
}

// Range is a range of numbers, both ends included.
type Range struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// gapsMax bounds the gaps that are listed for a sensor; Missing counts all.
const gapsMax = 100

// Verify reads all findings and looks for gaps in the sequence numbers of each sensor. A finding that was reported more than
// store.SequenceMax times has only the latest numbers. rejected are findings that stand elsewhere.
func Verify(ctx context.Context, s store.Store, rejected []detector.Finding) ([]Sensor, error) {
	type seen struct {
		findings int
		numbers  []uint64
	}
	by := map[string]*seen{}
	of := func(f *detector.Finding) *seen {
		x := by[f.Sensor]
		if x == nil {
			x = &seen{}
			by[f.Sensor] = x
		}
		x.numbers = append(x.numbers, f.Sequence...)
		return x
	}
	err := eachFinding(ctx, s, func(f *detector.Finding) error {
		of(f).findings++
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range rejected {
		of(&rejected[i])
	}
	var out []Sensor
	for _, name := range slices.Sorted(maps.Keys(by)) {
		x := by[name]
		r := Sensor{Name: name, Findings: x.findings}
		slices.Sort(x.numbers)
		for i, n := range x.numbers {
			if i == 0 {
				r.First = n
			} else if n > r.Last+1 {
				r.Missing += n - r.Last - 1
				if len(r.Gaps) < gapsMax {
					r.Gaps = append(r.Gaps, Range{r.Last + 1, n - 1})
				}
			}
			r.Last = n
		}
		out = append(out, r)
	}
	return out, nil
}

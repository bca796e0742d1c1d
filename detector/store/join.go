package store

import (
	"slices"

	"khien/detector"
)

// Join returns what a store keeps of two findings with the same ID: the one that tells more (the larger Count; the newer
// on a tie), with the larger Count, the earlier First and the later Last of the two.
func Join(stored, written detector.Finding) detector.Finding {
	out := written
	if stored.Count > written.Count {
		out = stored
	}
	out.Count = max(stored.Count, written.Count)
	if !stored.First.IsZero() && (written.First.IsZero() || stored.First.Before(written.First)) {
		out.First = stored.First
	} else {
		out.First = written.First
	}
	if stored.Last.After(written.Last) {
		out.Last = stored.Last
	} else {
		out.Last = written.Last
	}
	out.Sequence = joinSequence(stored.Sequence, written.Sequence)
	return out
}

// SequenceMax is how many sequence numbers a store keeps of a finding: the latest.
const SequenceMax = 64

func joinSequence(a, b []uint64) []uint64 {
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
	return all[max(0, len(all)-SequenceMax):]
}

// Same reports whether Join has left a stored finding as it was.
func Same(joined, stored *detector.Finding) bool {
	return joined.Count == stored.Count && joined.First.Equal(stored.First) && joined.Last.Equal(stored.Last) &&
		slices.Equal(joined.Sequence, stored.Sequence)
}

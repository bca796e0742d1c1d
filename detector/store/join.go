package store

import "khien/detector"

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
	return out
}

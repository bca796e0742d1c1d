package bus

import (
	"testing"
	"time"

	"khien/detector/spool"
)

func TestClockIsTheMedianOfRoundTrips(t *testing.T) {
	start := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	trips := func(ahead time.Duration, ways ...[2]int) (out []trip) { // milliseconds there and back
		for i, w := range ways {
			at := start.Add(time.Duration(i) * time.Second)
			there, back := time.Duration(w[0])*time.Millisecond, time.Duration(w[1])*time.Millisecond
			out = append(out, trip{at.Add(ahead), at.Add(there), at.Add(ahead + there + back)})
		}
		return out
	}
	f := func(in []trip, skew, rtt int64) {
		t.Helper()
		got := clockOf(in)
		if got == nil || got.SkewMS != skew || got.RTTMS != rtt || got.Samples != len(in) {
			t.Errorf("%+v, want %d and %d ms", got, skew, rtt)
		}
	}
	f(trips(0, [2]int{5, 5}, [2]int{5, 5}, [2]int{5, 5}), 0, 10)
	f(trips(time.Hour, [2]int{5, 5}, [2]int{5, 5}, [2]int{5, 5}), 3600_000, 10)
	f(trips(-3*time.Second, [2]int{5, 5}, [2]int{900, 5}, [2]int{5, 5}, [2]int{5, 700}, [2]int{20, 20}), -3000, 40) // two that were held up
	if c := clockOf(trips(0, [2]int{5, 5}, [2]int{5, 5})); c != nil {
		t.Errorf("of two: %+v", c)
	}
}

func TestLag(t *testing.T) {
	now := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	f := func(findings, telemetry time.Time, seconds int64) {
		t.Helper()
		s := spool.Stats{Findings: spool.LaneStats{Records: 2, Bytes: 10, Oldest: findings}, Telemetry: spool.LaneStats{Records: 3, Bytes: 5, Oldest: telemetry}}
		if l := LagOf(s, now); l.Records != 5 || l.Bytes != 15 || l.OldestSeconds != seconds || l.Oldest.IsZero() != (findings.IsZero() && telemetry.IsZero()) {
			t.Errorf("%+v, want %d s", l, seconds)
		}
	}
	f(time.Time{}, time.Time{}, 0)
	f(now.Add(-time.Minute), time.Time{}, 60)
	f(time.Time{}, now.Add(-time.Hour), 3600)
	f(now.Add(-time.Minute), now.Add(-time.Hour), 3600)
	f(now.Add(time.Minute), now.Add(2*time.Minute), 0) // the clock was put back
}

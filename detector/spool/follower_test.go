package spool

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// following has a follower of each lane beside the store.
func following(t *testing.T, dir string, quota int64) *Spool {
	t.Helper()
	return open(t, Config{Dir: dir, Quota: 64 << 20, SegmentBytes: segmentMin, FollowQuota: quota,
		Followers: map[Class][]string{Findings: {"away"}, Telemetry: {"away"}},
		Damaged:   func(err error) { t.Error(err) }})
}

// pass puts n records into a lane and lets the store take them.
func pass(t *testing.T, s *Spool, store *Reader, n int) {
	t.Helper()
	for i := range n {
		put(t, s, store.l.class, fmt.Sprintf("%s %d %s", store.l.class, i, strings.Repeat("x", 1000)))
	}
	sync1(t, s)
	got := rest(t, store)
	if len(got) != n {
		t.Fatalf("the store got %d of %d %s", len(got), n, store.l.class)
	}
	if err := store.Ack(got[n-1].Seq + 1); err != nil {
		t.Fatal(err)
	}
}

// TestNobodyWaitsForAFollower: what only a follower lacks is bounded, its telemetry goes before its findings, all of it is
// counted, and the store gets everything meanwhile.
func TestNobodyWaitsForAFollower(t *testing.T) {
	const quota = 128 << 10
	dir := t.TempDir()
	s := following(t, dir, quota)
	findings, events := reader(t, s, Findings, "store"), reader(t, s, Telemetry, "store")
	pass(t, s, events, 60)
	pass(t, s, findings, 40)
	if a, b := s.ReaderStats(Findings, "away"), s.ReaderStats(Telemetry, "away"); a.Dropped+b.Dropped > 0 || a.Records != 40 || b.Records != 60 {
		t.Fatalf("below the quota: findings %+v, telemetry %+v", a, b)
	}
	pass(t, s, findings, 60)
	if a, b := s.ReaderStats(Findings, "away"), s.ReaderStats(Telemetry, "away"); a.Dropped > 0 || a.Records != 100 || b.Dropped == 0 || b.Dropped+b.Records != 60 {
		t.Errorf("telemetry has not gone first: findings %+v, telemetry %+v", a, b)
	}
	pass(t, s, findings, 400)
	a, b := s.ReaderStats(Findings, "away"), s.ReaderStats(Telemetry, "away")
	if b.Records > 5 || a.Dropped == 0 || a.Dropped+a.Records != 500 { // a segment that is written to stays
		t.Errorf("findings %+v, telemetry %+v", a, b)
	}
	st := s.Stats()
	if n := st.Findings.Bytes + st.Telemetry.Bytes; n > quota+2*(segmentMin+2000) {
		t.Errorf("%d bytes on disk, with a quota of %d for the follower", n, quota)
	}
	if st.Findings.Dropped+st.Telemetry.Dropped+st.Findings.Waited+st.Findings.Records+st.Telemetry.Records > 0 {
		t.Errorf("the store was held up: %+v", st)
	}
	away := reader(t, s, Findings, "away")
	got := rest(t, away)
	if uint64(len(got)) != a.Records || got[0].Seq != a.Dropped+1 || got[len(got)-1].Seq != 500 {
		t.Errorf("the follower gets %d records from %d on, its stats are %+v", len(got), got[0].Seq, a)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Its place on the disk is older than what was dropped.
	s = following(t, dir, quota)
	if again := s.ReaderStats(Findings, "away"); again.Records != a.Records || again.Dropped != a.Dropped {
		t.Errorf("after opening again %+v, want %+v", again, a)
	}
	if got := rest(t, reader(t, s, Findings, "away")); uint64(len(got)) != a.Records {
		t.Errorf("%d records after opening again, want %d", len(got), a.Records)
	}
}

// TestOnlyFollowers: a spool that nobody but followers reads takes everything at once.
func TestOnlyFollowers(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir(), Quota: 64 << 10, SegmentBytes: segmentMin, FollowQuota: 32 << 10, Readers: map[Class][]string{},
		Followers: map[Class][]string{Findings: {"a", "b"}}})
	quick := reader(t, s, Findings, "a")
	start := time.Now()
	for range 20 {
		pass(t, s, quick, 10)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	a, b := s.ReaderStats(Findings, "a"), s.ReaderStats(Findings, "b")
	if a != (ReaderStats{Acked: 200}) || b.Dropped == 0 || b.Dropped+b.Records != 200 || b.Records < 20 {
		t.Errorf("the quick one %+v, the other %+v", a, b)
	}
}

// TestWhatIsInHandIsNotDropped: records that a follower has taken when they are dropped are its own until it acknowledges
// them, and every record is counted once: acknowledged, dropped or waiting.
func TestWhatIsInHandIsNotDropped(t *testing.T) {
	s := following(t, t.TempDir(), 64<<10)
	store, away := reader(t, s, Findings, "store"), reader(t, s, Findings, "away")
	made, got := 0, 0
	check := func(when string) {
		t.Helper()
		if st := s.ReaderStats(Findings, "away"); st.Acked+st.Dropped+st.Records != uint64(made) || st.Acked != uint64(got) {
			t.Errorf("%s: %+v of %d records, %d acknowledged", when, st, made, got)
		}
	}
	for round := range 5 {
		pass(t, s, store, 20)
		made += 20
		recs, err := away.Next(t.Context(), 7, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		check("taken")
		dropped := s.ReaderStats(Findings, "away").Dropped
		pass(t, s, store, 200) // the segment of what was taken goes
		made += 200
		check("passed")
		if st := s.ReaderStats(Findings, "away"); st.Dropped <= dropped || st.Acked != uint64(got) {
			t.Errorf("round %d: %+v", round, st)
		}
		if err := away.Ack(recs[len(recs)-1].Seq + 1); err != nil {
			t.Fatal(err)
		}
		got += len(recs)
		check("acknowledged")
	}
	left := rest(t, away)
	if err := away.Ack(left[len(left)-1].Seq + 1); err != nil {
		t.Fatal(err)
	}
	got += len(left)
	check("at the end")
	if st := s.ReaderStats(Findings, "away"); st.Records != 0 {
		t.Errorf("%+v after everything was read", st)
	}
}

package health

import (
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/sensor/pipeline"
)

var noon = time.Date(2026, 11, 23, 3, 2, 0, 0, time.UTC) // 10:02 in Vietnam

func at(after time.Duration, packets, ring uint64) Sample {
	s := Sample{Time: noon.Add(after)}
	s.Stats.Packets, s.Stats.Lost.RingPackets = packets, ring
	return s
}

func TestLossIsTold(t *testing.T) {
	w := NewWatch("eth1")
	for _, s := range []Sample{at(0, 1000, 0), at(time.Minute, 50_000, 1000), at(3*time.Minute, 98_900, 2100)} {
		if f := w.Observe(s); f != nil {
			t.Fatalf("told while it goes on: %+v", f)
		}
	}
	if in := w.Incomplete(noon.Add(time.Minute), noon.Add(2*time.Minute)); len(in) != 1 || !strings.Contains(in[0].EN, "10:02:00 and 10:05:00") {
		t.Errorf("a finding of the window: %v", in)
	}
	if in := w.Incomplete(noon.Add(-time.Hour), noon.Add(-time.Minute)); in != nil {
		t.Errorf("a finding from before: %v", in)
	}
	f := w.Observe(at(4*time.Minute+time.Second, 100_000, 2100))
	if f == nil {
		t.Fatal("not told after a quiet minute")
	}
	want := detector.Text{
		VI: "2,1 % số gói tin bị mất từ 10:02:00 đến 10:05:00 trên eth1: vùng đệm thu gói của nhân hệ điều hành đã đầy; kết quả phát hiện trong khoảng này có thể chưa đầy đủ",
		EN: "2.1 % of packets were lost between 10:02:00 and 10:05:00 on eth1: kernel ring full; findings of that window may be incomplete"}
	if f.Summary != want {
		t.Errorf("%+v", f.Summary)
	}
	if f.Source != detector.FromHealth || f.Severity != detector.Medium || f.ID == "" || f.Interface != "eth1" || f.Sensor != "" || len(f.Reasons) != 1 ||
		f.Reasons[0].EN != "2100 packets: kernel ring full" {
		t.Errorf("%+v", f)
	}
	if w.Observe(at(5*time.Minute, 200_000, 2100)) != nil || w.Close() != nil {
		t.Error("told twice")
	}
	if w.Incomplete(noon.Add(200*time.Second), noon.Add(200*time.Second)) == nil || w.Incomplete(noon.Add(20*time.Minute), noon.Add(21*time.Minute)) != nil {
		t.Error("the stretch is not remembered as it was")
	}
}

func TestLongLossIsToldInParts(t *testing.T) {
	w := NewWatch("eth1")
	told := map[string]bool{}
	for i := range 16 * 60 {
		if f := w.Observe(at(time.Duration(i)*time.Second, uint64(1000*i), uint64(i))); f != nil {
			told[f.ID] = true
		}
	}
	if f := w.Close(); f != nil {
		told[f.ID] = true
	}
	if len(told) != 4 {
		t.Errorf("%d findings of 16 minutes, want 4", len(told))
	}
}

func TestStagesAndSeverities(t *testing.T) {
	f := func(change func(*pipeline.Stats), severity detector.Severity, text string) {
		t.Helper()
		w := NewWatch("mirror")
		w.Observe(Sample{Time: noon})
		s := Sample{Time: noon.Add(time.Second)}
		s.Stats.Packets, s.Stats.Segments, s.Stats.Flows, s.Stats.Files, s.Stats.StreamBytes = 1e6, 1e6, 1e4, 100, 1e8
		change(&s.Stats)
		w.Observe(s)
		got := w.Close()
		switch {
		case severity == 0:
			if got != nil {
				t.Errorf("told %q", got.Summary.EN)
			}
		case got == nil:
			t.Errorf("%q is not told", text)
		case got.Severity != severity || !strings.Contains(got.Summary.EN, text):
			t.Errorf("%v %q, want %v %q", got.Severity, got.Summary.EN, severity, text)
		}
	}
	f(func(*pipeline.Stats) {}, 0, "")
	f(func(s *pipeline.Stats) { s.Lost.GapBytes = 1000 }, 0, "")
	f(func(s *pipeline.Stats) { s.Lost.RingPackets = 10 }, detector.Low, "less than 0.1 % of packets")
	f(func(s *pipeline.Stats) { s.Lost.RingPackets = 1e6 }, detector.High, "50.0 % of packets")
	f(func(s *pipeline.Stats) { s.Lost.InterfacePackets, s.Lost.RingPackets = 10, 1e5 }, detector.Medium, "9.1 % of packets")
	f(func(s *pipeline.Stats) { s.Lost.MemcapFlows = 1 }, detector.Medium, "less than 0.1 % of flows were lost")
	f(func(s *pipeline.Stats) { s.Lost.MemcapSegments, s.Lost.GapBytes = 1, 5000 }, detector.Medium, "limit on memory reached")
}

func TestStretchesAreBounded(t *testing.T) {
	w := NewWatch("eth1")
	for i := range 3 * stretchesMax {
		at0 := time.Duration(i) * time.Hour
		w.Observe(at(at0, uint64(i)*1000, uint64(i)))
		w.Observe(at(at0+time.Second, uint64(i)*1000, uint64(i)+1))
		w.Observe(at(at0+2*quiet, uint64(i)*1000, uint64(i)+1))
	}
	if len(w.past) != stretchesMax {
		t.Errorf("%d stretches are remembered, want %d", len(w.past), stretchesMax)
	}
}

package behaviour

import (
	"fmt"
	"slices"
	"time"

	"khien/detector"
	"khien/detector/window"
	"khien/sensor"
)

// A beacon calls home at even intervals with even amounts. So do many honest programs: by itself it is a hint.
const (
	beaconCalls   = 15
	beaconKept    = 64 // latest calls that are measured
	beaconEvery   = 2 * time.Second
	beaconJitter  = 0.15 // median absolute deviation of intervals, and of bytes, in shares of their median
	beaconSpan    = 24 * time.Hour
	beaconCertain = 60 // calls that are more than a hint
)

type beacons struct {
	seen *window.Map[beaconKey, beacon]
}

type beaconKey struct {
	pair
	port uint16
}

type beacon struct {
	growth
	calls  int
	starts []int64 // the latest, oldest first
	bytes  []int64
}

func newBeacons() *beacons { return &beacons{window.New[beaconKey, beacon](keysMax/2, beaconSpan)} }

func (p *beacons) see(n *note) *detector.Finding {
	if n.kind != flowEnded || n.proto != sensor.IPProtoTCP || !n.established || n.midstream ||
		inside(n.server) || n.bytes[sensor.ToServer] == 0 {
		return nil
	}
	e := p.seen.At(beaconKey{pair{n.capture, n.client, n.server}, n.port}, n.time)
	v, start := &e.Value, e.Start
	v.calls++
	if len(v.starts) == beaconKept {
		v.starts, v.bytes = append(v.starts[:0], v.starts[1:]...), append(v.bytes[:0], v.bytes[1:]...)
	}
	v.starts, v.bytes = append(v.starts, n.time), append(v.bytes, int64(n.bytes[sensor.ToServer]))
	if v.calls < beaconCalls || v.calls < v.next {
		return nil
	}
	every, jitter := even(intervals(v.starts))
	size, uneven := even(slices.Clone(v.bytes))
	if every < int64(beaconEvery) || jitter > beaconJitter || uneven > beaconJitter {
		return nil
	}
	v.tell(&e.Held, v.calls, beaconCalls)
	f := finding(n, "beacon", start, v.calls, detector.Text{EN: "Regular calls to one server"}, fmt.Sprint("beacon ", n.client, " ", n.server, " ", n.port))
	f.Severity, f.Score = detector.Low, 0.4
	if v.calls >= beaconCertain {
		f.Severity, f.Score = detector.Medium, 0.55
	}
	f.Summary = detector.Text{VI: n.client.String() + " gọi đều đặn tới " + n.server.String(), EN: n.client.String() + " calls " + n.server.String() + " regularly"}
	f.Reasons = []detector.Reason{
		reason(0.6, "%d lần, cách nhau %v, lệch %.0f %%", "%d times, %v apart, with a jitter of %.0f %%", v.calls, span(0, every), jitter*100),
		reason(0.4, "mỗi lần gửi khoảng %d byte, lệch %.0f %%", "about %d bytes sent each time, with a jitter of %.0f %%", size, uneven*100),
	}
	f.NotSeen = []detector.Text{{VI: "chương trình lành mạnh cũng có thể gọi đều đặn (cập nhật, giám sát)", EN: "honest programs call regularly, too (updates, monitoring)"}}
	f.Techniques = []detector.Technique{{ID: "T1071", Name: "Application Layer Protocol", Tactic: "Command and Control", TacticID: "TA0011"}}
	f.RelatedIPs = []string{n.client.String(), n.server.String()}
	return f
}

// intervals returns the gaps between times, which need not be in order.
func intervals(at []int64) []int64 {
	at = slices.Sorted(slices.Values(at))
	out := make([]int64, 0, len(at))
	for i := 1; i < len(at); i++ {
		out = append(out, at[i]-at[i-1])
	}
	return out
}

// even returns the median of values and their median absolute deviation from it, in shares of it. It reorders values.
func even(values []int64) (median int64, deviation float64) {
	if len(values) == 0 {
		return 0, 1
	}
	slices.Sort(values)
	median = values[len(values)/2]
	if median == 0 {
		return 0, 1
	}
	for i := range values {
		values[i] = max(values[i]-median, median-values[i])
	}
	slices.Sort(values)
	return median, float64(values[len(values)/2]) / float64(median)
}

package health

import (
	"fmt"
	"time"

	"khien/detector"
	"khien/sensor/pipeline"
)

// stage is a place where something is lost, with the words for it.
type stage struct {
	name  string // that of the count in pipeline.Loss, as JSON
	lost  func(*pipeline.Loss) uint64
	of    func(*pipeline.Stats) uint64 // what came through, in the same unit; nil where there is no share
	what  detector.Text                // the things, as in "2.1 % of packets"
	cause detector.Text
	floor detector.Severity // the least severity
}

// Of what something was lost.
var (
	thePackets   = detector.Text{VI: "gói tin", EN: "packets"}
	theFragments = detector.Text{VI: "gói tin bị phân mảnh", EN: "fragmented packets"}
	theBytes     = detector.Text{VI: "byte của các kết nối TCP", EN: "bytes of TCP connections"}
	theSegments  = detector.Text{VI: "gói tin TCP", EN: "TCP segments"}
	theFlows     = detector.Text{VI: "kết nối", EN: "flows"}
	theFiles     = detector.Text{VI: "tệp", EN: "files"}
	theTimes     = detector.Text{VI: "lần", EN: "times"}

	memoryReached = detector.Text{VI: "đã dùng hết giới hạn bộ nhớ", EN: "limit on memory reached"}
)

func packets(s *pipeline.Stats) uint64   { return s.Packets }
func segments(s *pipeline.Stats) uint64  { return s.Segments }
func flows(s *pipeline.Stats) uint64     { return s.Flows }
func files(s *pipeline.Stats) uint64     { return s.Files }
func delivered(s *pipeline.Stats) uint64 { return s.StreamBytes }

// stages are in the order of the data's way.
var stages = [...]stage{
	{"interface_packets", func(l *pipeline.Loss) uint64 { return l.InterfacePackets }, packets, thePackets,
		detector.Text{VI: "hàng đợi của card mạng hoặc của nhân hệ điều hành đã đầy", EN: "queue of the network card or the kernel full"}, detector.Low},
	{"ring_packets", func(l *pipeline.Loss) uint64 { return l.RingPackets }, packets, thePackets,
		detector.Text{VI: "vùng đệm thu gói của nhân hệ điều hành đã đầy", EN: "kernel ring full"}, detector.Low},
	{"decode_segments", func(l *pipeline.Loss) uint64 { return l.DecodeSegments }, segments, thePackets,
		detector.Text{VI: "sai định dạng nên không đọc được", EN: "malformed and not readable"}, detector.Low},
	{"fragment_packets", func(l *pipeline.Loss) uint64 { return l.FragmentPackets }, packets, theFragments,
		detector.Text{VI: "không đủ mảnh hoặc hết chỗ chờ ghép", EN: "fragments missing, or no room to wait for them"}, detector.Low},
	{"gap_bytes", func(l *pipeline.Loss) uint64 { return l.GapBytes }, delivered, theBytes,
		detector.Text{VI: "không có trong dữ liệu thu được", EN: "not in what was captured"}, detector.Low},
	{"memcap_segments", func(l *pipeline.Loss) uint64 { return l.MemcapSegments }, segments, theSegments, memoryReached, detector.Medium},
	{"memcap_flows", func(l *pipeline.Loss) uint64 { return l.MemcapFlows }, flows, theFlows, memoryReached, detector.Medium},
	{"memcap_files", func(l *pipeline.Loss) uint64 { return l.MemcapFiles }, files, theFiles, memoryReached, detector.Medium},
	{"parser_limit_flows", func(l *pipeline.Loss) uint64 { return l.ParserLimitFlows }, flows, theFlows,
		detector.Text{VI: "vượt giới hạn của bộ phân tích giao thức", EN: "limit of the protocol's parser exceeded"}, detector.Low},
	{"overload_rounds", func(l *pipeline.Loss) uint64 { return l.OverloadRounds }, nil, theTimes,
		detector.Text{VI: "khâu thu phải đợi khâu phát hiện", EN: "reading had to wait for detection"}, detector.Low},
}

// loss is what one stage has lost in a stretch.
type loss struct {
	*stage
	n     uint64
	share float64
}

// severity: from a percent on findings are likely to be missing, from a tenth on they certainly are.
func (l loss) severity() detector.Severity {
	switch {
	case l.of == nil:
		return detector.Low
	case l.share >= 0.1:
		return max(l.floor, detector.High)
	case l.share >= 0.01:
		return max(l.floor, detector.Medium)
	}
	return l.floor
}

// summary is the sentence of the finding.
func (l loss) summary(name string, from, to time.Time) detector.Text {
	p, a, b := percent(l.share), clock(from), clock(to)
	return detector.Text{
		VI: fmt.Sprintf("%s số %s bị mất từ %s đến %s trên %s: %s; kết quả phát hiện trong khoảng này có thể chưa đầy đủ",
			p.VI, l.what.VI, a, b, name, l.cause.VI),
		EN: fmt.Sprintf("%s of %s were lost between %s and %s on %s: %s; findings of that window may be incomplete",
			p.EN, l.what.EN, a, b, name, l.cause.EN),
	}
}

// reason tells the number behind the share.
func (l loss) reason() detector.Text {
	return detector.Text{VI: fmt.Sprintf("%d %s: %s", l.n, l.what.VI, l.cause.VI), EN: fmt.Sprintf("%d %s: %s", l.n, l.what.EN, l.cause.EN)}
}

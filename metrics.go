package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"khien/detector/metric"
	"khien/detector/output/outlets"
	"khien/detector/sink"
	"khien/sensor/pipeline"
	"khien/sensor/record"
)

// sensorMetric is one count of a sensor as Prometheus reads it.
type sensorMetric struct {
	name string
	help string
	get  func(*pipeline.Stats) uint64
}

var sensorMetrics = [...]sensorMetric{
	{"khien_capture_read_packets_total", "packets that were read", func(s *pipeline.Stats) uint64 { return s.Packets }},
	{"khien_capture_read_bytes_total", "bytes of packets on the wire", func(s *pipeline.Stats) uint64 { return s.Bytes }},
	{"khien_capture_interface_dropped_packets_total", "packets that the card or the kernel lost before the ring", func(s *pipeline.Stats) uint64 { return s.Lost.InterfacePackets }},
	{"khien_capture_ring_dropped_packets_total", "packets lost because the kernel's ring was full", func(s *pipeline.Stats) uint64 { return s.Lost.RingPackets }},
	{"khien_decode_read_segments_total", "network layers, those in tunnels included", func(s *pipeline.Stats) uint64 { return s.Segments }},
	{"khien_decode_invalid_segments_total", "segments that could not be decoded", func(s *pipeline.Stats) uint64 { return s.Lost.DecodeSegments }},
	{"khien_decode_checksum_segments_total", "segments not inspected because of a wrong checksum", func(s *pipeline.Stats) uint64 { return s.BadChecksum }},
	{"khien_decode_incomplete_packets_total", "fragmented packets given up before they were complete", func(s *pipeline.Stats) uint64 { return s.Lost.FragmentPackets }},
	{"khien_flow_opened_flows_total", "flows seen", func(s *pipeline.Stats) uint64 { return s.Flows }},
	{"khien_flow_ended_flows_total", "TCP flows that have ended, scans and handshakes aside", func(s *pipeline.Stats) uint64 { return s.TCPFlows }},
	{"khien_flow_onesided_flows_total", "TCP flows among them of which one direction was not there to be seen", func(s *pipeline.Stats) uint64 { return s.OneSided }},
	{"khien_flow_evicted_flows_total", "flows ended before their time because the table was full", func(s *pipeline.Stats) uint64 { return s.Lost.MemcapFlows }},
	{"khien_stream_delivered_bytes_total", "bytes of TCP streams delivered in order", func(s *pipeline.Stats) uint64 { return s.StreamBytes }},
	{"khien_stream_gap_bytes_total", "bytes of TCP streams missing in what was captured", func(s *pipeline.Stats) uint64 { return s.Lost.GapBytes }},
	{"khien_stream_memcap_segments_total", "TCP segments for which the limit on memory left no room", func(s *pipeline.Stats) uint64 { return s.Lost.MemcapSegments }},
	{"khien_stream_shunted_flows_total", "encrypted flows that are followed and not inspected any more", func(s *pipeline.Stats) uint64 { return s.ShuntedFlows }},
	{"khien_stream_shunted_bytes_total", "payload passed over in shunted flows", func(s *pipeline.Stats) uint64 { return s.ShuntedBytes }},
	{"khien_app_read_transactions_total", "transactions that were completed", func(s *pipeline.Stats) uint64 { return s.Transactions }},
	{"khien_app_limit_flows_total", "flows whose parser asked for more bytes than are kept", func(s *pipeline.Stats) uint64 { return s.Lost.ParserLimitFlows }},
	{"khien_app_lost_frames_total", "pieces of streams that no rule could look at: too many at a time", func(s *pipeline.Stats) uint64 { return s.Lost.Frames }},
	{"khien_app_failed_flows_total", "flows whose parser gave up", func(s *pipeline.Stats) uint64 { return s.ParserErrors }},
	{"khien_app_panicked_flows_total", "flows that lost their parser to a mistake of this program", func(s *pipeline.Stats) uint64 { return s.ParserBugs }},
	{"khien_file_opened_files_total", "transferred files", func(s *pipeline.Stats) uint64 { return s.Files }},
	{"khien_file_memcap_files_total", "files of which less was kept for want of room", func(s *pipeline.Stats) uint64 { return s.Lost.MemcapFiles }},
	{"khien_pipeline_overload_rounds_total", "times that reading had to wait for detection", func(s *pipeline.Stats) uint64 { return s.Lost.OverloadRounds }},
}

// writeMetrics writes all counts in Prometheus' text format, version 0.0.4.
func writeMetrics(w io.Writer, s *sensors, into *sink.Writer) error {
	b := bufio.NewWriter(w)
	type row struct {
		name string
		n    pipeline.Stats
		w    *wiring
	}
	var rows []row
	s.each(func(name string, n pipeline.Stats, w *wiring) { rows = append(rows, row{name, n, w}) })
	for i := range sensorMetrics {
		m := &sensorMetrics[i]
		metric.Head(b, m.name, m.help)
		for j := range rows {
			fmt.Fprintf(b, "%s{sensor=\"%s\"} %d\n", m.name, metric.Label(rows[j].name), m.get(&rows[j].n))
		}
	}
	const quiet = "khien_capture_quiet_seconds"
	metric.Head(b, quiet, "seconds since the last packet of an interface")
	for i := range rows {
		if rows[i].w != nil {
			fmt.Fprintf(b, "%s{sensor=\"%s\"} %d\n", quiet, metric.Label(rows[i].name), rows[i].w.quiet)
		}
	}
	writeImports(b, s)
	stored, waited := into.Counts()
	single := func(name, help string, v uint64) {
		metric.Head(b, name, help)
		fmt.Fprintf(b, "%s %s\n", name, strconv.FormatUint(v, 10))
	}
	if ring := s.stores.packets; ring != nil {
		n := ring.Stats()
		single("khien_ring_stored_packets_total", "packets that were kept on disk", n.Stored)
		single("khien_ring_dropped_packets_total", "packets that were not kept because the disk was too slow", n.Dropped)
		single("khien_ring_full_packets_total", "packets that were not kept because the disk had no room", n.Full)
	}
	single("khien_store_written_findings_total", "findings that were stored", stored)
	single("khien_store_waited_findings_total", "findings for which detection had to wait, as the store was slower", waited)
	outlets.WriteMetrics(b, into.Outputs())
	return b.Flush()
}

// importMetrics are the counts of a log of another sensor.
var importMetrics = [...]struct {
	name string
	help string
	get  func(*record.Stats) uint64
}{
	{"khien_record_read_lines_total", "lines of logs of other sensors that were read", func(s *record.Stats) uint64 { return s.Lines }},
	{"khien_record_read_records_total", "records among them that detection has looked at", func(s *record.Stats) uint64 { return s.Records }},
	{"khien_record_unreadable_lines_total", "lines that cannot be read", func(s *record.Stats) uint64 { return s.Bad }},
}

// writeImports writes the counts of logs of other sensors.
func writeImports(b *bufio.Writer, s *sensors) {
	logs := s.imports()
	if len(logs) == 0 {
		return
	}
	for i := range importMetrics {
		m := &importMetrics[i]
		metric.Head(b, m.name, m.help)
		for _, name := range slices.Sorted(maps.Keys(logs)) {
			n := logs[name]
			fmt.Fprintf(b, "%s{log=\"%s\"} %d\n", m.name, metric.Label(name), m.get(&n))
		}
	}
}

package outlets

import (
	"bufio"
	"fmt"
	"time"

	"khien/detector/metric"
	"khien/detector/output"
)

// count is a number of an output to another system. Those whose names do not end in _total go up and down.
type count struct {
	name string
	help string
	get  func(*output.State) uint64
}

var counts = [...]count{
	{"khien_output_sent_findings_total", "findings that an output has taken", func(s *output.State) uint64 { return s.Findings.Acked }},
	{"khien_output_sent_records_total", "records of telemetry that an output has taken", func(s *output.State) uint64 { return s.Telemetry.Acked }},
	{"khien_output_waiting_findings", "findings that wait for an output", func(s *output.State) uint64 { return s.Findings.Records }},
	{"khien_output_waiting_records", "records of telemetry that wait for an output", func(s *output.State) uint64 { return s.Telemetry.Records }},
	{"khien_output_dropped_findings_total", "findings that an output will not get, for want of room", func(s *output.State) uint64 { return s.Findings.Dropped }},
	{"khien_output_dropped_records_total", "records of telemetry that an output will not get, for want of room", func(s *output.State) uint64 { return s.Telemetry.Dropped }},
	{"khien_output_rejected_records_total", "findings and telemetry set aside since an output will never take them", func(s *output.State) uint64 { return s.Rejected }},
	{"khien_output_failing_seconds", "how long nothing has got through to an output that is tried; 0 when all is well", func(s *output.State) uint64 {
		if s.Since == nil {
			return 0
		}
		return uint64(max(0, time.Since(*s.Since)).Seconds()) + 1
	}},
}

// WriteMetrics writes the counts of outputs in Prometheus' text format.
func WriteMetrics(b *bufio.Writer, states []output.State) {
	for i := range counts {
		m := &counts[i]
		if len(states) > 0 {
			metric.Head(b, m.name, m.help)
		}
		for j := range states {
			fmt.Fprintf(b, "%s{output=\"%s\"} %d\n", m.name, metric.Label(states[j].Output), m.get(&states[j]))
		}
	}
}

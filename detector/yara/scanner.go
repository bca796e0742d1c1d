package yara

import (
	"fmt"
	"time"

	lib "github.com/hillu/go-yara/v4"

	"khien/detector"
	"khien/sensor"
)

// Limits of one worker's scanning.
const (
	scanTimeout = 2 * time.Second // for one buffer; libyara looks at the clock between blocks
	streamMax   = 64 << 10        // bytes of a direction that are kept of a flow nobody parses
	streamsMax  = 64 << 20        // bytes kept of all such flows
	membersMax  = 64              // files in an archive that are scanned
)

// Scanner scans what one worker sees. Not safe for concurrent use.
type Scanner struct {
	scan    *lib.Scanner
	sink    detector.Sink
	matches lib.MatchRules
	streams map[*sensor.Flow]*[2][]byte
	held    int
}

// NewScanner makes the scanner of one worker; its findings go to sink.
func (s *Set) NewScanner(sink detector.Sink) (*Scanner, error) {
	scan, err := lib.NewScanner(s.rules)
	if err != nil {
		return nil, fmt.Errorf("yara: scanner: %w", err)
	}
	x := &Scanner{sink: sink, streams: map[*sensor.Flow]*[2][]byte{}}
	x.scan = scan.SetTimeout(scanTimeout).SetCallback(&x.matches)
	return x, nil
}

// Wants returns the kinds that carry files and bytes that nobody parses.
func (x *Scanner) Wants() sensor.Kind {
	return sensor.KindFile | sensor.KindStream | sensor.KindFlowEnd
}

// Handle collects streams and scans what is complete.
func (x *Scanner) Handle(e *sensor.Event) {
	switch e.Kind {
	case sensor.KindFile:
		if e.File.State != sensor.FileOpen {
			x.file(e)
		}
	case sensor.KindStream:
		x.stream(e)
	case sensor.KindFlowEnd:
		x.flowEnd(e)
	}
}

// file scans a transferred file, and the files in it when it is an archive.
func (x *Scanner) file(e *sensor.Event) {
	f := e.File
	where := place{buffer: "file", file: f}
	x.buffer(e, f.Content, where)
	for i := range f.Members {
		if i == membersMax {
			break
		}
		where.member = f.Members[i].Path
		x.buffer(e, f.Members[i].Data, where)
	}
}

// stream keeps the first bytes of a flow whose protocol is not known. Those of a parsed protocol come as files.
func (x *Scanner) stream(e *sensor.Event) {
	kept := x.streams[e.Flow]
	if e.Flow.App > sensor.ProtoFailed {
		if kept != nil {
			x.forget(e.Flow, kept)
		}
		return
	}
	if kept == nil {
		if e.Offset != 0 || x.held >= streamsMax {
			return
		}
		kept = new([2][]byte)
		x.streams[e.Flow] = kept
	}
	room := min(streamMax-len(kept[e.Dir]), streamsMax-x.held, len(e.Data))
	if room <= 0 {
		return
	}
	kept[e.Dir] = append(kept[e.Dir], e.Data[:room]...)
	x.held += room
}

// flowEnd scans what was kept of a flow.
func (x *Scanner) flowEnd(e *sensor.Event) {
	kept := x.streams[e.Flow]
	if kept == nil {
		return
	}
	saved := e.Dir
	for dir, data := range kept {
		e.Dir = sensor.Dir(dir)
		x.buffer(e, data, place{buffer: "stream." + e.Dir.String()})
	}
	e.Dir = saved
	x.forget(e.Flow, kept)
}

func (x *Scanner) forget(f *sensor.Flow, kept *[2][]byte) {
	x.held -= len(kept[0]) + len(kept[1])
	delete(x.streams, f)
}

// buffer scans one buffer and reports the rules that match. A scan that takes too long ends without a finding of its own:
// what matched before the limit is reported.
func (x *Scanner) buffer(e *sensor.Event, data []byte, where place) {
	if len(data) == 0 {
		return
	}
	x.matches = x.matches[:0]
	if err := x.scan.ScanMem(data); err != nil && len(x.matches) == 0 {
		return
	}
	for i := range x.matches {
		x.report(e, &x.matches[i], data, where)
	}
}

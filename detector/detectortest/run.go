// Package detectortest runs detectors over traffic that is written as text (sensor/sensortest): the packets go through
// the real pipeline, the findings come out in the order of the engine.
package detectortest

import (
	"fmt"

	"khien/detector"
	"khien/sensor"
	"khien/sensor/pipeline"
	"khien/sensor/sensortest"
)

// Setup says what to run. The zero value of a field means none.
type Setup struct {
	Workers  int                                                    // 1 when 0
	Capture  string                                                 // name of the capture; "script" when empty
	Handlers func(rec *detector.Recorder) ([]sensor.Handler, error) // detectors of one worker
	After    []func(*detector.Finding) []*detector.Finding          // stages behind the detectors, as detector.NewEngine takes them
	Watch    []func(note any) []*detector.Finding                   // watchers of notes
}

// Run feeds packets through a pipeline and returns what was found, in order.
func Run(s Setup, packets []sensor.Packet) ([]*detector.Finding, error) {
	workers := max(s.Workers, 1)
	var found []*detector.Finding
	engine := detector.NewEngine(workers, func(r detector.Record) {
		if r.Finding != nil {
			found = append(found, r.Finding)
		}
	}, s.After...)
	for _, w := range s.Watch {
		engine.Watch(w)
	}
	var failed error
	cfg := pipeline.Config{
		Workers: workers,
		Handlers: func(worker int) []sensor.Handler {
			hs, err := s.Handlers(engine.Recorder(worker))
			if err != nil {
				failed = err
			}
			return hs
		},
		RoundDone: func(worker int, _ string) { engine.RoundDone(worker) },
	}
	cfg.File.Hash = true
	p := pipeline.New(cfg)
	defer p.Close()
	if failed != nil {
		return nil, fmt.Errorf("detectortest: %w", failed)
	}
	name := s.Capture
	if name == "" {
		name = "script"
	}
	if err := p.Run(sensortest.NewReader(packets), name); err != nil {
		return nil, fmt.Errorf("detectortest: %w", err)
	}
	return found, nil
}

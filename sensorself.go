package main

import (
	"encoding/json"
	"time"

	"khien/console/api"
	"khien/detector/cli"
	"khien/detector/sink"
)

// status is what the sensor of this process tells the console of itself.
func (o *runOptions) status(rules *reloader, into *sink.Writer) api.SensorStatus {
	s := api.SensorStatus{Name: o.name, Version: cli.Version(), Sent: time.Now().UTC(), Spool: into.Stats(), Rules: &api.SensorRules{}}
	s.Rules.Loaded, s.Rules.Rejected = rules.counts()
	counts, err := json.Marshal(o.sensors.value())
	if err != nil {
		panic("BUG: counts are numbers: " + err.Error())
	}
	s.Sensors = counts
	return s
}

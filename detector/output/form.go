package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"khien/detector"
	"khien/detector/eve"
	"khien/detector/spool"
	"khien/detector/store"
	"khien/sensor/evejson"
)

// eveTime is how EVE writes a time.
const eveTime = "2006-01-02T15:04:05.999999999-0700"

// finding makes the message of a finding as a spool has it. A sensor's finding that has no sequence number yet gets that of
// the spool.
func finding(r spool.Record, format string) (Message, error) {
	var f detector.Finding
	if err := json.Unmarshal(r.Payload, &f); err != nil {
		return Message{}, fmt.Errorf("output: %w", err)
	}
	if len(f.Sequence) == 0 && f.Sensor != "" {
		f.Sequence = []uint64{r.Seq}
	}
	m := Message{ID: f.ID, Kind: "finding", Time: f.Time, Sensor: f.Sensor, Severity: f.Severity, Source: f.Source, Rule: f.Rule.ID}
	var err error
	if format == EVE {
		m.Line, err = eve.AppendFinding(nil, &f)
	} else {
		m.Line, err = json.Marshal(f)
	}
	return m, err
}

// telemetry makes the message of a line of EVE. The line tells of the sensor, by the name that Suricata has for it.
func telemetry(r spool.Record, sensor string) (Message, error) {
	var head struct {
		Timestamp string `json:"timestamp"`
		Type      string `json:"event_type"`
		Host      string `json:"host"`
	}
	if err := json.Unmarshal(r.Payload, &head); err != nil {
		return Message{}, fmt.Errorf("output: %w", err)
	}
	at, err := time.Parse(eveTime, head.Timestamp)
	if err != nil {
		return Message{}, fmt.Errorf("output: %w", err)
	}
	line, err := store.MaskLine(r.Payload)
	if err != nil {
		return Message{}, err
	}
	if head.Host == "" && sensor != "" {
		head.Host, line = sensor, WithSensor(line, sensor)
	}
	h := sha256.Sum256(line)
	return Message{ID: hex.EncodeToString(h[:16]), Kind: head.Type, Time: at.UTC(), Sensor: head.Host, Line: line}, nil
}

// WithSensor returns a copy of a line of EVE with the name of its sensor.
func WithSensor(line []byte, sensor string) []byte {
	end := bytes.LastIndexByte(line, '}')
	if end < 0 {
		return bytes.Clone(line) // none, as whoever reads it will find
	}
	out := append(bytes.Clone(line[:end]), `,"host":`...)
	return append(evejson.AppendString(out, []byte(sensor)), '}')
}

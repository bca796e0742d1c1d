package main

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"khien/console/api"
	"khien/detector"
	"khien/sensor"
	"khien/sensor/pipeline"
	"khien/sensor/ring"
	"khien/sensor/sensortest"
)

// TestPacketSource: a finding gives the packets of its flow, or those between its addresses where no flow is named.
func TestPacketSource(t *testing.T) {
	if (&stores{}).packetSource() != nil {
		t.Error("no store, and yet a source")
	}
	script, err := sensortest.Parse("time 2026-11-21T07:29:02Z\nudp 10.0.0.1:1000 > 10.0.0.2:2000\n> a\n< b\nudp 10.0.0.1:1001 > 10.0.0.2:2000\n> c\nudp 10.0.0.1:1002 > 10.0.0.3:2000\n> d\n")
	if err != nil {
		t.Fatal(err)
	}
	s := &stores{}
	if s.packets, err = ring.Open(ring.Config{Dir: t.TempDir(), MinFree: 1}); err != nil {
		t.Fatal(err)
	}
	recorder := s.packets.Recorder("eth0")
	p := pipeline.New(pipeline.Config{Handlers: func(int) []sensor.Handler { return []sensor.Handler{recorder} }})
	if err := p.Run(sensortest.NewReader(script.Packets()), "test"); err != nil {
		t.Fatal(err)
	}
	p.Close()
	recorder.Close()
	if err := s.packets.Close(); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 7, 29, 2, 0, time.UTC)
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	flow := ring.FlowID(sensor.IPProtoUDP, netip.AddrPortFrom(a, 1000), netip.AddrPortFrom(b, 2000))
	f := func(in detector.Finding, want uint64, wantErr error) {
		t.Helper()
		var out bytes.Buffer
		n, err := s.packetSource()(t.Context(), &out, &in, 1<<20)
		if !errors.Is(err, wantErr) || n.Packets != want || n.Damaged || n.More {
			t.Errorf("%+v, %v, want %d packets, %v", n, err, want, wantErr)
		}
	}
	f(detector.Finding{Time: at, CommunityID: flow, SrcIP: a, DstIP: b}, 2, nil)
	f(detector.Finding{Time: at, SrcIP: a, DstIP: b}, 3, nil)
	f(detector.Finding{Time: at.Add(time.Hour), First: at, CommunityID: flow}, 2, nil)
	f(detector.Finding{Time: at.Add(time.Hour), CommunityID: flow}, 0, nil)
	f(detector.Finding{Time: at, SrcIP: a}, 0, api.ErrNoFlow)
}

package ring_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"time"

	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/pipeline"
	"khien/sensor/ring"
	"khien/sensor/sensortest"
)

// Packets are recorded by a pipeline, and those of a finding written out: its flow, ten seconds before and behind it.
func Example() {
	dir, err := os.MkdirTemp("", "ring")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	script, err := sensortest.Parse("time 2026-11-21T14:29:02Z\nudp 10.0.0.1:1000 > 10.0.0.2:2000\n> question\n< answer\nicmp 10.0.0.1 > 10.0.0.2\n")
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := ring.Open(ring.Config{Dir: dir, MinFree: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	recorder := store.Recorder("eth0")
	p := pipeline.New(pipeline.Config{Handlers: func(int) []sensor.Handler { return []sensor.Handler{recorder} }})
	fmt.Println(p.Run(sensortest.NewReader(script.Packets()), "example"))
	p.Close()
	recorder.Close()
	fmt.Println(store.Close())

	var out bytes.Buffer
	seen := time.Date(2026, 11, 21, 14, 29, 2, 0, time.UTC)
	id := ring.FlowID(sensor.IPProtoUDP, netip.MustParseAddrPort("10.0.0.1:1000"), netip.MustParseAddrPort("10.0.0.2:2000"))
	q := ring.Around(seen, seen, 10*time.Second, id) // a finding has it as network.community_id
	res, err := ring.Carve(dir, &out, q, capture.Section{Comment: "case 2026/17; sensor hanoi-1"})
	fmt.Println(res.Packets, res.Problems, err)
	// Output:
	// <nil>
	// <nil>
	// 2 [] <nil>
}

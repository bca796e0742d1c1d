package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/cli"
	"khien/sensor"
	"khien/sensor/sensortest"
)

// loopReader gives the same packets again and again, later each time, until stop is set.
type loopReader struct {
	packets []sensor.Packet
	first   int // packets at the head that come only once
	at      int
	shift   int64
	number  uint64
	stop    atomic.Bool
	ticks   int // packets with the word that rules look for
	passes  int
}

func (r *loopReader) Next(p *sensor.Packet) error {
	if r.at == len(r.packets) {
		if r.stop.Load() {
			return io.EOF
		}
		r.at = r.first
		r.passes++
		r.shift += r.packets[len(r.packets)-1].Time - r.packets[r.first].Time + 1e7
		time.Sleep(time.Millisecond) // two cores are shared with the loading of rules
	}
	*p = r.packets[r.at]
	r.at++
	r.number++
	p.Time, p.Number = p.Time+r.shift, r.number
	if bytes.Contains(p.Data, []byte("tick")) {
		r.ticks++
	}
	return nil
}

// tally counts findings by sid and looks for packets that two sets have inspected.
type tally struct {
	bySID    map[string]int
	last     uint64 // packet of the last finding of a rule that only one of the sets has
	twice    int
	switches int // times that the rules changed
	was      string
}

func (c *tally) record(r detector.Record) {
	f := r.Finding
	c.bySID[f.Rule.ID]++
	if f.Rule.ID != "10" && f.Rule.ID != "11" {
		return
	}
	if f.PacketNumber == c.last {
		c.twice++
	}
	if c.last = f.PacketNumber; f.Rule.ID != c.was {
		c.was = f.Rule.ID
		c.switches++
	}
}

// TestSwapWhileReplaying changes the rules a hundred times under a capture that goes on and on.
func TestSwapWhileReplaying(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // every set is new: none is worth keeping
	const swaps, deadline, growthMax = 100, 50 * time.Second, 48 << 20
	for _, workers := range []int{1, 3} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			script, err := sensortest.Parse("udp 10.20.3.14:5000 > 203.0.113.9:514\n> begin\nhttp 10.20.3.15:6000 > 203.0.113.9:80\n> GET /needle HTTP/1.1\n> Host: a.example\n>\n" +
				"< HTTP/1.1 200 OK\n<\n< needle\nudp 10.20.3.14:5000 > 203.0.113.9:514\n" + strings.Repeat("> tick\n~ 10ms\n", 123))
			if err != nil {
				t.Fatal(err)
			}
			r := &loopReader{packets: script.Packets(), first: 1}
			name := filepath.Join(t.TempDir(), "own.rules")
			writeSet := func(i int) {
				var b strings.Builder
				fmt.Fprintln(&b, `alert udp any any -> any any (msg:"bit"; content:"begin"; flowbits:set,begun; noalert; sid:9;)`)
				fmt.Fprintln(&b, `alert udp any any -> any any (msg:"stays"; content:"tick"; flowbits:isset,begun; sid:1;)`)
				fmt.Fprintln(&b, `alert http any any -> any any (msg:"transaction"; http.uri; content:"/needle"; sid:2;)`)
				fmt.Fprintln(&b, `alert udp any any -> any any (msg:"limit"; content:"tick"; threshold:type limit,track by_src,count 1,seconds 4000000000; sid:3;)`)
				fmt.Fprintln(&b, `alert udp 10.20.3.14 any -> any any (msg:"flow limit"; content:"tick"; threshold:type limit,track by_flow,count 2,seconds 4000000000; sid:4;)`)
				fmt.Fprintln(&b, `alert ip 10.20.3.14 any -> any any (msg:"address"; sid:5;)`)
				fmt.Fprintf(&b, "alert udp any any -> any any (msg:\"changes\"; content:\"tick\"; sid:%d;)\n", 10+i%2)
				for j := range 200 { // enough C memory for a leak to show
					fmt.Fprintf(&b, "alert http any any -> any any (msg:\"filler\"; http.uri; content:\"filler-%d-%d\"; pcre:\"/x[0-9]+(a|b)*%d/\"; sid:%d;)\n", j*7919, i, j, 1000+j)
				}
				if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			writeSet(0)
			o := detectionOptions{noDefault: true, rules: cli.List{name}}
			det, ok := loadDetection(o, os.Stderr)
			if !ok {
				t.Fatal("rules do not load")
			}
			rules := newReloader(o, det)
			count := &tally{bySID: map[string]int{}}
			p, end, err := rules.pipeline(replayOptions{workers: workers}, count.record, nil)
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- p.Run(r, "loop") }()
			start, level, n := time.Now(), int64(0), 0
			for n = 1; n <= swaps && time.Since(start) < deadline/2; n++ {
				writeSet(n)
				res := rules.reload()
				if !res.OK || res.Waiting != 0 || res.Errors != "" {
					t.Fatalf("reload %d: %+v", n, res)
				}
				if n == swaps/5 {
					level = residentNow()
				}
			}
			n--
			grown := residentNow() - level
			r.stop.Store(true)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			p.Close()
			end()
			got := count.bySID
			t.Logf("%d swaps, %d passes, %d packets in %v; resident memory %+d KiB after swap %d; %v", n, r.passes, r.number, time.Since(start),
				grown>>10, swaps/5, got["1"])
			want := map[string]int{"1": r.ticks, "2": r.passes + 1, "3": 1, "4": 2, "5": 1}
			for sid, n := range want {
				if got[sid] != n {
					t.Errorf("sid %s: %d findings, want %d", sid, got[sid], n)
				}
			}
			if sum := got["10"] + got["11"]; sum != r.ticks || count.twice != 0 {
				t.Errorf("%d of %d packets inspected by one set, %d by two", sum, r.ticks, count.twice)
			}
			if n < swaps {
				t.Logf("only %d swaps: a slow machine", n)
			} else if count.switches < swaps/2 || grown > growthMax {
				t.Errorf("%d changes of rules seen, memory grew by %d MiB", count.switches, grown>>20)
			}
		})
	}
}

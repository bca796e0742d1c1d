package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/store/embedded"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/sensortest"
)

const webShell = `
http 198.51.100.7 > 203.0.113.20:80
> POST /up.php HTTP/1.1
> Host: hoso.example
>
> <?php system($_GET['c']); ?>
< HTTP/1.1 200 OK
<
`

// shipped loads the rules that ship and opens a store.
func shipped(t *testing.T) (*detection, *embedded.Store) {
	t.Helper()
	det, ok := loadDetection(detectionOptions{}, os.Stderr)
	if !ok {
		t.Fatal("the rules that ship are not loaded")
	}
	st, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return det, st
}

// TestInputs runs the same traffic through everything that khien run reads from while it runs: each gives its finding.
func TestInputs(t *testing.T) {
	script, err := sensortest.Parse(webShell)
	if err != nil {
		t.Fatal(err)
	}
	packets := script.Packets()
	var file bytes.Buffer
	if err := sensortest.WritePCAP(&file, packets); err != nil {
		t.Fatal(err)
	}
	det, st := shipped(t)
	var mu sync.Mutex
	found := map[string]int{}
	into := testSink(t, st, func(fs []detector.Finding) {
		mu.Lock()
		defer mu.Unlock()
		for i := range fs {
			found[fs[i].Interface]++
		}
	})
	defer into.Close()

	free := func(network string) string {
		t.Helper()
		if network == "udp" {
			c, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			return c.LocalAddr().String()
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	server, err := net.Listen("tcp", "127.0.0.1:0") // sends the capture to whoever connects
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		if c, err := server.Accept(); err == nil {
			c.Write(file.Bytes())
			c.Close()
		}
	}()
	dir := t.TempDir()
	o := &runOptions{workers: 2, follow: true, sensors: &sensors{}, mirrors: cli.List{free("udp")}, senders: cli.List{free("tcp")}}
	client := capture.SchemeOverIP + server.Addr().String()
	o.captures = cli.List{dir, client}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := &inputs{o: o, rules: newReloader(o.detection, det), sink: into, warnings: io.Discard,
		report: func(err error) { t.Error(err) }}
	in.start(ctx, nil)

	if err := os.WriteFile(filepath.Join(dir, "1.pcap"), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sender, err := net.Dial("tcp", o.senders[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sender.Write(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	sender.Close()
	mirror, err := net.Dial("udp", o.mirrors[0])
	if err != nil {
		t.Fatal(err)
	}
	defer mirror.Close()
	for _, p := range packets {
		if _, err := mirror.Write(append([]byte("\x08\x00\x00\x00\x00\x00\x2a\x00"), p.Data...)); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && len(names) < 4; time.Sleep(50 * time.Millisecond) {
		mu.Lock()
		names = names[:0]
		for n := range found {
			names = append(names, n)
		}
		mu.Unlock()
	}
	slices.Sort(names)
	if len(names) != 4 || names[0] != dir || names[1] != "mirror "+o.mirrors[0] || !slices.Contains(names, client) ||
		!strings.HasPrefix(names[2], capture.SchemeOverIP) {
		t.Errorf("findings come from %q", names)
	}
	cancel()
	in.wg.Wait()
	if n := o.sensors.sum().Packets; n != uint64(4*len(packets)) {
		t.Errorf("%d packets were read, want %d", n, 4*len(packets))
	}
}

// TestFindingsOfAWindowWithLossSaySo gives a sensor packets, tells that others were lost, and looks at what it finds.
func TestFindingsOfAWindowWithLossSaySo(t *testing.T) {
	script, err := sensortest.Parse(webShell)
	if err != nil {
		t.Fatal(err)
	}
	det, st := shipped(t)
	var mu sync.Mutex
	var all []detector.Finding
	into := testSink(t, st, func(fs []detector.Finding) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, fs...)
	})
	o := &runOptions{workers: 1, sensors: &sensors{}}
	in := &inputs{o: o, rules: newReloader(o.detection, det), sink: into, report: func(error) {}}
	_, err = in.read(t.Context(), "eth1", &leaky{r: sensortest.NewReader(script.Packets())})
	if err == nil || !strings.Contains(err.Error(), "7 packets were lost before the ring and 3 as it was full") {
		t.Errorf("the end of the run says %v", err)
	}
	if err := into.Close(); err != nil {
		t.Fatal(err)
	}
	var health, signature *detector.Finding
	for i := range all {
		switch all[i].Source {
		case detector.FromHealth:
			health = &all[i]
		case detector.FromSignature:
			signature = &all[i]
		}
	}
	if health == nil || !strings.Contains(health.Summary.EN, "on eth1") || len(health.Reasons) != 2 {
		t.Errorf("the loss is told as %+v", health)
	}
	if signature == nil || len(signature.NotSeen) == 0 || !strings.Contains(signature.NotSeen[0].EN, "sensor eth1 lost data between") ||
		!strings.Contains(signature.NotSeen[0].VI, "cảm biến eth1 mất dữ liệu") {
		t.Errorf("the finding says %+v", signature)
	}
}

// leaky is an input that has lost packets, in real time.
type leaky struct{ r *sensortest.Reader }

func (l *leaky) Next(p *sensor.Packet) error {
	time.Sleep(sampleLeast / 4)
	err := l.r.Next(p)
	p.Time = time.Now().UnixNano()
	return err
}

func (l *leaky) Lost() (beforeRing, ringFull uint64) { return 7, 3 }
func (l *leaky) Stop()                               {}
func (l *leaky) Close() error                        { return nil }

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"khien/detector/output"
	"khien/detector/output/outlets"
	"khien/detector/output/outputtest"
	"khien/detector/sink"
	"khien/detector/store"
	"khien/detector/store/embedded"
	"khien/detector/store/intake"
	"khien/detector/trouble"
)

// The tests in this file break outputs to other systems, their receivers and the program between, and count: what the
// store has is what the receivers have; what they have twice is told.

// storedIDs are the ids of all findings of a store that another process writes.
func storedIDs(t *testing.T, dir string) map[string]int {
	t.Helper()
	st, err := embedded.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	return idsOf(t, st)
}

// fileIDs are the ids of the findings in a file of the output, ECS or EVE.
func fileIDs(t *testing.T, path string) map[string]int {
	t.Helper()
	ids := map[string]int{}
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		if line[len(line)-1] != '\n' {
			continue // it is being written
		}
		var r struct {
			Event struct{ ID string }
			Khien struct{ ID string }
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v: %q", path, err, line)
		}
		ids[r.Event.ID+r.Khien.ID]++
	}
	return ids
}

// kafkaIDs are the keys of all records of a topic.
func kafkaIDs(t *testing.T, c *kfake.Cluster) map[string]int {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("khien"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ids := map[string]int{}
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		n := 0
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { n++; ids[string(r.Key)]++ })
		cancel()
		if n == 0 {
			return ids
		}
	}
}

// sameIDs compares what a receiver has with what the store has.
func sameIDs(t *testing.T, who string, got, want map[string]int) {
	t.Helper()
	lost, strange, all := 0, 0, 0
	for id := range want {
		if got[id] == 0 {
			lost++
		}
	}
	for id, n := range got {
		all += n
		if want[id] == 0 {
			strange++
		}
	}
	t.Logf("%s: %d of %d findings, %d of them more than once", who, len(got), len(want), all-len(got))
	if lost+strange > 0 || len(want) == 0 {
		t.Errorf("%s: %d lost, %d that the store does not have", who, lost, strange)
	}
}

// TestKhienIsKilledAndReceiversAreAway: Kafka is away while khien finds and is killed, comes, takes a batch, khien is killed
// within the next, Kafka goes and comes again. Only the first run reads the capture: what the others send was in the spool.
func TestKhienIsKilledAndReceiversAreAway(t *testing.T) {
	if testing.Short() {
		t.Skip("runs khien three times")
	}
	capture, flags, _ := alertsOnNames(t, 4000, func(int) time.Duration { return 0 })
	dir, address := t.TempDir(), freeAddress(t)
	_, digits, _ := net.SplitHostPort(address)
	port, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	broker := func() *kfake.Cluster {
		t.Helper()
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.SeedTopics(2, "khien"), kfake.DataDir(at("kafka")), kfake.SyncWrites())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	run := func(more ...string) *exec.Cmd {
		t.Helper()
		return launch(t, exec.Command("khien", append([]string{"run", "--data", at("data"), "--store", "embedded:" + at("store"), "--listen", "127.0.0.1:0", "--workers", "1", "--telemetry=false",
			"--out", "file:" + at("ecs.json"), "--out", "file:" + at("eve.json") + "?format=eve", "--out", "kafka://" + address + "/khien"}, append(more, flags...)...)...))
	}
	cmd := run("-r", capture)
	waitFor(t, 60*time.Second, "some findings are in the file", func() bool { return len(fileIDs(t, at("ecs.json"))) >= 500 })
	kill(t, cmd)
	t.Logf("killed with %d findings in the file", len(fileIDs(t, at("ecs.json"))))
	c := broker()
	cmd = run()
	var asked atomic.Int32
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return nil, errors.New("gone"), asked.Add(1) > 1 // the connection ends
	})
	waitFor(t, 60*time.Second, "a batch is in Kafka, and the next is refused", func() bool { return asked.Load() > 1 })
	kill(t, cmd)
	t.Logf("killed with %d findings in Kafka", len(kafkaIDs(t, c)))
	c.Close()
	metrics, idle := freeAddress(t), regexp.MustCompile(`(?m)^khien_output_waiting_findings\{.*\} 0$`)
	cmd = run("--metrics", metrics)
	time.Sleep(2 * time.Second)
	c = broker()
	defer c.Close()
	// What the store has is not yet all while it takes the rest of the spool beside the outputs.
	waitFor(t, 90*time.Second, "nothing waits for an output", func() bool {
		res, err := http.Get("http://" + metrics + "/metrics")
		if err != nil {
			return false // it does not listen yet
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return err == nil && len(idle.FindAll(body, -1)) == 3
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	want := storedIDs(t, at("store"))
	sameIDs(t, "ECS file", fileIDs(t, at("ecs.json")), want)
	sameIDs(t, "EVE file", fileIDs(t, at("eve.json")), want)
	sameIDs(t, "Kafka", kafkaIDs(t, c), want)
}

// outMaker makes findings into a sink with outputs.
func outMaker(t *testing.T, st store.Store, stderr io.Writer, mb int64, outs ...string) *maker {
	t.Helper()
	specs, err := output.ParseAll(outs)
	if err != nil {
		t.Fatal(err)
	}
	dir, teller := t.TempDir(), &trouble.Teller{Stderr: stderr}
	into, err := sink.New(sink.Config{Dir: dir, Sensor: "a", Stderr: stderr, Trouble: teller, Outputs: specs, OutputQuota: mb << 20,
		Write: intake.New(st, dir, teller).Functions("a")})
	if err != nil {
		t.Fatal(err)
	}
	return &maker{sink: into, made: map[string]bool{}}
}

func openTestStore(t *testing.T) *embedded.Store {
	t.Helper()
	st, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// TestSlowReceiver: a receiver that does not read holds up neither the store nor another output, and gets all when it reads.
func TestSlowReceiver(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	read := make(chan struct{})
	var mu sync.Mutex
	got := map[string]int{}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if err := c.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
			t.Error(err)
		}
		<-read
		outputtest.Syslog(c, func(m string) {
			_, id, _ := strings.Cut(m, `[khien@32473 id="`)
			id, _, _ = strings.Cut(id, `"`)
			mu.Lock()
			defer mu.Unlock()
			got[id]++
		})
	}()
	st, path := openTestStore(t), filepath.Join(t.TempDir(), "eve.json")
	k := outMaker(t, st, io.Discard, 64, "syslog+tcp://"+l.Addr().String(), "file:"+path+"?format=eve")
	k.make(6000)
	waitFor(t, 60*time.Second, "the store and the file have all", func() bool {
		return k.sink.Stats().Findings.Records == 0 && k.sink.Outputs()[0].Findings.Records == 0
	})
	states := k.sink.Outputs()
	if st := k.sink.Stats(); st.Findings.Waited > 0 || states[1].Findings.Records < 1000 {
		t.Errorf("%d findings waited for the store; the outputs are %+v", st.Findings.Waited, states)
	}
	t.Logf("the store and the file have 6000 findings, %d wait for the slow receiver", states[1].Findings.Records)
	close(read)
	waitFor(t, 60*time.Second, "the receiver has all", func() bool { return k.sink.Outputs()[1].Findings.Records == 0 })
	k.finish(t, st)
	want := map[string]int{}
	for id := range k.made {
		want[id] = 1
	}
	sameIDs(t, "file", fileIDs(t, path), want)
	mu.Lock()
	defer mu.Unlock()
	sameIDs(t, "syslog", maps.Clone(got), want)
}

// TestOutputIsAwayForLong: what waits for it is bounded, what is given up is counted and told, and the store has everything.
func TestOutputIsAwayForLong(t *testing.T) {
	var told lockedBuffer
	st := openTestStore(t)
	k := outMaker(t, st, &told, 1, "kafka://"+freeAddress(t)+"/khien", "syslog+tls://"+freeAddress(t)+"?format=eve&telemetry=on")
	for range 8 {
		k.make(500)
		waitFor(t, 60*time.Second, "the store has what was made", func() bool { s := k.sink.Stats(); return s.Findings.Records+s.Telemetry.Records == 0 })
	}
	s := k.sink.Stats()
	if n := s.Findings.Bytes + s.Telemetry.Bytes; n > 3<<20 {
		t.Errorf("%d bytes wait on disk", n)
	}
	states := k.sink.Outputs()
	for _, o := range states {
		if o.Findings.Dropped == 0 || o.Findings.Dropped+o.Findings.Records != 4000 || o.Findings.Acked > 0 {
			t.Errorf("%+v", o)
		}
	}
	if o := states[1]; o.Error == "" || o.Since == nil || o.Telemetry.Dropped == 0 || o.Telemetry.Dropped+o.Telemetry.Records != 4000 {
		t.Errorf("%+v", o)
	}
	t.Logf("of 4000 findings %d wait for Kafka, %d were given up", states[0].Findings.Records, states[0].Findings.Dropped)
	waitFor(t, 30*time.Second, "it is told", func() bool { return strings.Contains(told.String(), "will not be sent: no room") })
	var b strings.Builder
	w := bufio.NewWriter(&b)
	outlets.WriteMetrics(w, k.sink.Outputs())
	w.Flush()
	for _, want := range []string{"# TYPE khien_output_waiting_findings gauge\n", fmt.Sprintf("khien_output_dropped_findings_total{output=%q} %d\n", states[0].Output, states[0].Findings.Dropped)} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	k.finish(t, st)
}

// lockedBuffer may be written by several.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestCoreIsKilledWithOutputs: what a core stores goes to its outputs, across a SIGKILL, with the sensor's name.
func TestCoreIsKilledWithOutputs(t *testing.T) {
	if testing.Short() {
		t.Skip("runs three processes")
	}
	capture, flags, ids := alertsOnNames(t, 3000, func(int) time.Duration { return 0 })
	dir, hub := t.TempDir(), freeAddress(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	khien(t, "sensor", "enroll", "--data", at("sensor"), newToken(t, "--data", at("core"), "--url", "tls://"+hub, "north"))
	s := &sites{}
	core := []string{"core", "--data", at("core"), "--listen", hub, "--store", "embedded:" + at("store"), "--out", "file:" + at("out.json"),
		"--out", "file:" + at("all.json") + "?format=eve&telemetry=on"}
	first := s.start(t, 0, core...)
	sensor := s.start(t, 0, append([]string{"sensor", "--data", at("sensor"), "-r", capture}, flags...)...)
	waitFor(t, 120*time.Second, "some findings have gone out", func() bool { return len(fileIDs(t, at("out.json"))) >= 300 })
	kill(t, first)
	t.Logf("the core is killed with %d of %d findings in the file", len(fileIDs(t, at("out.json"))), len(ids))
	s.start(t, 0, core...)
	if err := sensor.Wait(); err != nil {
		t.Error(err)
	}
	waitFor(t, 120*time.Second, "all findings are stored and have gone out", func() bool {
		return len(storedIDs(t, at("store"))) >= len(ids) && len(fileIDs(t, at("out.json"))) >= len(ids)
	})
	sameIDs(t, "file of the core", fileIDs(t, at("out.json")), storedIDs(t, at("store")))
	b, err := os.ReadFile(at("all.json"))
	if err != nil || !strings.Contains(string(b), `"event_type":"dns"`) || strings.Count(string(b), `"host":"north"`) != strings.Count(string(b), "\n") {
		t.Errorf("%v: telemetry without its sensor, or none: %.300s", err, b)
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/sink"
	"khien/detector/spool"
	"khien/detector/store"
	"khien/detector/store/elastic"
	"khien/detector/store/embedded"
	"khien/detector/store/intake"
	"khien/detector/trouble"
	"khien/sensor/sensortest"
)

// The tests in this file break the parts between detection and the store, against a real Elasticsearch, and count: what was
// made is what is stored, each once. They need
//
//	KHIEN_TEST_ELASTIC=http://127.0.0.1:PORT   a server
//	KHIEN_TEST_ELASTIC_DIR=DIR                 where deploy/elasticsearch/server has started it, for the tests that kill it
//	KHIEN_TEST_ABSENCE=60s                     how long it stays away then (3 s when unset)

func elasticURL(t *testing.T) string {
	t.Helper()
	u := os.Getenv("KHIEN_TEST_ELASTIC")
	if u == "" {
		t.Skip("no Elasticsearch: run deploy/elasticsearch/server start DIR and set KHIEN_TEST_ELASTIC=http://127.0.0.1:9200")
	}
	return u
}

func namespace(t *testing.T) string {
	return fmt.Sprintf("%s-%d", strings.ToLower(t.Name()), time.Now().UnixNano())
}

func openFaulty(t *testing.T, u, ns string) *elastic.Store {
	t.Helper()
	s, err := elastic.Open(t.Context(), elastic.Config{URLs: []string{u}, Namespace: ns, Patient: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// maker makes findings and remembers which.
type maker struct {
	sink *sink.Writer
	made map[string]bool
	n    int
}

func newMaker(t *testing.T, st store.Store) *maker {
	t.Helper()
	return &maker{sink: testSink(t, st, func([]detector.Finding) {}), made: map[string]bool{}}
}

func (k *maker) make(n int) {
	for range n {
		at := time.Date(2026, 11, 21, 7, 0, 0, k.n*1000, time.UTC)
		f := &detector.Finding{Time: at, First: at, Last: at, Source: detector.FromSignature, Severity: detector.Medium, Count: 1, FlowID: uint64(k.n),
			Rule: detector.Rule{ID: fmt.Sprint(k.n % 50), Name: "Made"}, SrcIP: netip.MustParseAddr("10.20.3.14"), DstIP: netip.MustParseAddr("203.0.113.9")}
		f.Identify()
		k.made[f.ID] = true
		k.n++
		k.sink.Record(detector.Record{Finding: f})
		k.sink.Record(detector.Record{EVE: fmt.Appendf(nil, `{"timestamp":"%s","event_type":"flow","n":%d}`, at.Format("2006-01-02T15:04:05.999999-0700"), k.n)})
	}
}

// finish waits until the store has everything, and counts it with another store.
func (k *maker) finish(t *testing.T, st store.Store) {
	t.Helper()
	k.sink.Await(90*time.Second, func(s spool.Stats) bool { return s.Findings.Records == 0 && s.Telemetry.Records == 0 })
	if err := k.sink.Close(); err != nil {
		t.Fatal(err)
	}
	checkStored(t, st, k.made)
	events := 0
	for q := (store.EventQuery{Limit: 1000}); ; {
		p, err := st.Events(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		events += len(p.Events)
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if events != k.n {
		t.Errorf("%d events were made, %d are stored", k.n, events)
	}
}

// checkStored compares what a store holds with what was made.
func checkStored(t *testing.T, st store.Store, made map[string]bool) {
	t.Helper()
	if s, ok := st.(*elastic.Store); ok {
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := idsOf(t, st)
	lost, twice, strange := 0, 0, 0
	for id := range made {
		switch {
		case got[id] == 0:
			lost++
		case got[id] > 1:
			twice++
		}
	}
	for id := range got {
		if !made[id] {
			strange++
		}
	}
	t.Logf("%d made, %d stored", len(made), len(got))
	if lost+twice+strange > 0 || len(got) != len(made) {
		t.Errorf("%d made, %d stored: %d lost, %d twice, %d that nobody made", len(made), len(got), lost, twice, strange)
	}
}

// idsOf are the ids of all findings of a store, and how often each is there.
func idsOf(t *testing.T, st store.Store) map[string]int {
	t.Helper()
	ids := map[string]int{}
	for q := (store.Query{Limit: 1000}); ; {
		p, err := st.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Findings {
			ids[f.ID]++
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return ids
		}
	}
}

func waitFor(t *testing.T, most time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(most); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, most)
		}
	}
}

// server runs deploy/elasticsearch/server.
func server(t *testing.T, what ...string) {
	t.Helper()
	if out, err := exec.Command("deploy/elasticsearch/server", what...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", what, err, out)
	}
}

func TestElasticsearchIsKilledAndAway(t *testing.T) {
	u, dir := elasticURL(t), os.Getenv("KHIEN_TEST_ELASTIC_DIR")
	if dir == "" {
		t.Skip("KHIEN_TEST_ELASTIC_DIR is not set: nobody knows how to kill the server")
	}
	absence := 3 * time.Second
	if s := os.Getenv("KHIEN_TEST_ABSENCE"); s != "" {
		var err error
		if absence, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	port := u[strings.LastIndexByte(u, ':')+1:]
	st := openFaulty(t, u, namespace(t))
	k := newMaker(t, st)
	k.make(2000)
	waitFor(t, 60*time.Second, "some findings are stored", func() bool { return k.sink.Stats().Findings.Records < 2000 })
	server(t, "kill", dir)
	restarted := false
	defer func() {
		if !restarted {
			server(t, "start", dir, port)
		}
	}()
	for end := time.Now().Add(absence); time.Now().Before(end); time.Sleep(absence / 30) {
		k.make(100)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	if mem.HeapAlloc > 256<<20 {
		t.Errorf("%d bytes in use while the server is away", mem.HeapAlloc)
	}
	server(t, "start", dir, port)
	restarted = true
	k.make(500)
	k.finish(t, st)
}

func TestDiskOfElasticsearchIsFull(t *testing.T) {
	u := elasticURL(t)
	ns := namespace(t)
	st := openFaulty(t, u, ns)
	k := newMaker(t, st)
	k.make(300)
	waitFor(t, 60*time.Second, "the first findings are stored", func() bool { s := k.sink.Stats(); return s.Findings.Records+s.Telemetry.Records == 0 })
	block := func(value string) { // what the server does at the flood stage of its disk
		for _, stream := range []string{"findings-khien.all-", "telemetry-khien.flow-"} {
			body := fmt.Sprintf(`{"index.blocks.read_only_allow_delete":%s}`, value)
			req, err := http.NewRequest("PUT", u+"/"+stream+ns+"/_settings", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s", body, res.Status)
			}
		}
	}
	block("true")
	k.make(1500)
	time.Sleep(2 * time.Second)
	if n := k.sink.Stats().Findings.Records; n != 1500 {
		t.Errorf("%d findings wait, want 1500", n)
	}
	block("null")
	k.finish(t, st)
}

// storm is a proxy in front of the server that answers some requests with 429, loses some answers after the server has
// carried out what was asked, and can cut all connections.
type storm struct {
	*httptest.Server
	mu     sync.Mutex
	random *rand.Rand
	busy   float64
	lose   float64
	cut    atomic.Bool
	told   atomic.Int64
}

func newStorm(t *testing.T, u string) *storm {
	to, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	s := &storm{random: rand.New(rand.NewPCG(7, 7))}
	proxy := httputil.NewSingleHostReverseProxy(to)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		x := s.random.Float64()
		s.mu.Unlock()
		switch {
		case s.cut.Load():
			panic(http.ErrAbortHandler)
		case x < s.busy:
			s.told.Add(1)
			http.Error(w, `{"error":"es_rejected_execution_exception"}`, http.StatusTooManyRequests)
		case x < s.busy+s.lose:
			s.told.Add(1)
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestStormOf429AndLostAnswers(t *testing.T) {
	u := elasticURL(t)
	ns := namespace(t)
	s := newStorm(t, u)
	k := newMaker(t, openFaulty(t, s.URL, ns))
	s.mu.Lock()
	s.busy, s.lose = 0.5, 0.2
	s.mu.Unlock()
	for range 10 {
		k.make(300)
		time.Sleep(50 * time.Millisecond)
	}
	waitFor(t, 60*time.Second, "20 refused or lost requests", func() bool {
		if k.sink.Stats().Findings.Records == 0 {
			k.make(20)
		}
		return s.told.Load() >= 20
	})
	s.mu.Lock()
	s.busy, s.lose = 0, 0
	s.mu.Unlock()
	k.finish(t, openFaulty(t, u, ns))
}

func TestUplinkIsCut(t *testing.T) {
	u := elasticURL(t)
	ns := namespace(t)
	s := newStorm(t, u)
	s.cut.Store(true) // it is away when the program starts, too
	k := newMaker(t, openFaulty(t, s.URL, ns))
	k.make(500)
	time.Sleep(time.Second)
	s.cut.Store(false)
	waitFor(t, 60*time.Second, "the first findings are stored", func() bool { return k.sink.Stats().Findings.Records == 0 })
	s.cut.Store(true)
	s.CloseClientConnections()
	k.make(500)
	time.Sleep(time.Second)
	s.cut.Store(false)
	k.finish(t, openFaulty(t, u, ns))
}

// alertsOnNames is a capture of n lookups that a rule each alerts on, and the ids of the findings.
func alertsOnNames(t *testing.T, n int, shift func(i int) time.Duration) (capture string, flags []string, ids map[string]bool) {
	t.Helper()
	dir := t.TempDir()
	script, err := sensortest.Parse(fmt.Sprintf("repeat %d every 20ms\ndns 10.20.3.14 tin.example A 203.0.113.9\nend\n", n))
	if err != nil {
		t.Fatal(err)
	}
	packets := script.Packets()
	for i := range packets {
		packets[i].Time += int64(shift(i * n / len(packets)))
	}
	var b bytes.Buffer
	if err := sensortest.WritePCAP(&b, packets); err != nil {
		t.Fatal(err)
	}
	capture = filepath.Join(dir, "names.pcap")
	rules := filepath.Join(dir, "names.rules")
	if err := errors.Join(os.WriteFile(capture, b.Bytes(), 0o600),
		os.WriteFile(rules, []byte(`alert dns any any -> any any (msg:"lookup"; dns.query; content:"tin.example"; sid:1; rev:1;)`), 0o600)); err != nil {
		t.Fatal(err)
	}
	flags = []string{"--no-default-rules", "--rules", rules}
	ids = map[string]bool{}
	for line := range strings.Lines(khien(t, append([]string{"replay", "--findings", "-"}, append(flags, capture)...)...)) {
		var f detector.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		ids[f.ID] = true
	}
	if len(ids) < n {
		t.Fatalf("%d findings of %d lookups", len(ids), n)
	}
	return capture, flags, ids
}

// khienRun starts the program on a capture.
func khienRun(t *testing.T, data, storeName, capture, ns string, flags []string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("khien", append([]string{"run", "--data", data, "--store", storeName, "--listen", "127.0.0.1:0", "-r", capture}, flags...)...)
	cmd.Env = append(os.Environ(), "KHIEN_ELASTIC_NAMESPACE="+ns)
	return launch(t, cmd)
}

func TestKhienIsKilledWhileIndexing(t *testing.T) {
	u := elasticURL(t)
	ns := namespace(t)
	st := openFaulty(t, u, ns)
	capture, flags, ids := alertsOnNames(t, 6000, func(int) time.Duration { return 0 })
	data := t.TempDir()
	count := func() int {
		if err := st.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		g, err := st.Groups(t.Context(), store.Query{})
		if err != nil || len(g.Groups) == 0 {
			return 0
		}
		return g.Groups[0].Count
	}
	for round := range 3 {
		before := count()
		cmd := khienRun(t, data, "elastic:"+u, capture, ns, flags)
		if round < 2 {
			waitFor(t, 60*time.Second, "more findings are stored", func() bool { return count() > before || count() == len(ids) })
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cmd.Wait() // killed: the error says so
			t.Logf("killed with %d of %d findings stored", count(), len(ids))
			continue
		}
		waitFor(t, 90*time.Second, "all findings are stored", func() bool { return count() >= len(ids) })
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError // repeats may still wait in the spool, which is told
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
	}
	checkStored(t, st, ids)
}

// TestClockJumps: packets whose clock jumps an hour ahead, back, and an hour into the past are all inspected, and what is
// found in them is stored once.
func TestClockJumps(t *testing.T) {
	capture, flags, ids := alertsOnNames(t, 2000, func(i int) time.Duration {
		switch {
		case i >= 500 && i < 1000:
			return time.Hour
		case i >= 1500:
			return -time.Hour
		}
		return 0
	})
	data := t.TempDir()
	cmd := khienRun(t, data, "embedded:"+data, capture, "", flags)
	count := func() (n int) {
		st, err := embedded.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		g, err := st.Groups(context.Background(), store.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range g.Groups {
			n += x.Count
		}
		return n
	}
	waitFor(t, 60*time.Second, "all findings are stored", func() bool { return count() >= len(ids) })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	st, err := embedded.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	checkStored(t, st, ids)
}

// testSink is the sink of a test that writes to a store.
func testSink(t *testing.T, st store.Store, notify func([]detector.Finding)) *sink.Writer {
	t.Helper()
	dir, teller := t.TempDir(), &trouble.Teller{Stderr: io.Discard}
	w := intake.New(st, dir, teller)
	w.Notify = notify
	into, err := sink.New(sink.Config{Dir: dir, Sensor: "a", Stderr: io.Discard, Trouble: teller, Write: w.Functions("a")})
	if err != nil {
		t.Fatal(err)
	}
	return into
}

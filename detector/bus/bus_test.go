package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/nats-io/nats.go"

	"khien/detector"
	"khien/detector/spool"
)

func startHub(t *testing.T, dir, listen string) *Hub {
	t.Helper()
	h, err := StartHub(t.Context(), HubConfig{Dir: dir, Listen: listen, FindingsBytes: 64 << 20, EventsBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func enroll(t *testing.T, dir, name, role string, h *Hub) Token {
	t.Helper()
	made, err := Accounts{dir}.Enroll(name, role, []string{"tls://" + h.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseToken(made.String())
	if err != nil || got.Secret != made.Secret {
		t.Fatalf("%v, %v", got, err)
	}
	return got
}

func dial(t *testing.T, token Token) *nats.Conn {
	t.Helper()
	nc, err := Dial(token, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func record(t *testing.T, n int) (spool.Record, string) {
	t.Helper()
	f := detector.Finding{Time: time.Unix(int64(n), 0).UTC(), Source: detector.FromSignature, SrcIP: netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), Count: 1}
	f.Identify()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return spool.Record{Seq: uint64(n + 1), Payload: b}, f.ID
}

// taken collects what a core takes.
type taken struct {
	mu       sync.Mutex
	ids      map[string]int
	order    map[int][]uint64
	fresh    int
	lines    []string
	statuses []Status
	refuse   bool
	odd      []string
}

func (x *taken) taker() Taker {
	return Taker{
		Findings: func(_ context.Context, p int, fresh bool, fs []detector.Finding) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			if x.refuse {
				return errors.New("the store is away")
			}
			if fresh {
				x.fresh++
			}
			for _, f := range fs {
				x.ids[f.ID]++
				x.order[p] = append(x.order[p], f.Sequence...)
				if f.Sensor != "so-y-te" || Partition(f.SrcIP) != p {
					x.odd = append(x.odd, f.Sensor)
				}
			}
			return nil
		},
		Lines: func(_ context.Context, sensor string, lines [][]byte) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			for _, l := range lines {
				x.lines = append(x.lines, sensor+":"+string(l))
			}
			return nil
		},
		Status: func(s Status, skew time.Duration) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.statuses = append(x.statuses, s)
			if skew.Abs() > 5*time.Second {
				x.odd = append(x.odd, skew.String())
			}
		},
		Unreadable: func(subject string, data []byte, _ error) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.odd = append(x.odd, subject+" "+string(data))
			return nil
		},
		Trouble: func(error) {},
	}
}

func (x *taken) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.ids)
}

func newTaken() *taken { return &taken{ids: map[string]int{}, order: map[int][]uint64{}} }

// feed runs a core until the returned function is called.
func feed(t *testing.T, nc *nats.Conn, x *taken) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := Feed(ctx, nc, x.taker()); err != nil {
			t.Error(err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: " + what)
		}
	}
}

func TestFindingsArriveAndAreAcknowledgedOnceStored(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, dir, "127.0.0.1:0")
	link, err := NewLink(dial(t, enroll(t, dir, "so-y-te", RoleSensor, h)), "so-y-te")
	if err != nil {
		t.Fatal(err)
	}
	x := newTaken()
	x.refuse = true
	feed(t, dial(t, enroll(t, dir, "core-2", RoleCore, h)), x)
	var recs []spool.Record
	want := map[string]bool{}
	for i := range 2000 {
		r, id := record(t, i)
		recs = append(recs, r)
		want[id] = true
	}
	waitFor(t, "the hub can be reached", func() bool { return link.SendFindings(t.Context(), recs[:1]) == nil })
	// What the sensor sends again after a crash before it noted the acknowledgement.
	for range 2 {
		if err := link.SendFindings(t.Context(), recs); err != nil {
			t.Fatal(err)
		}
	}
	if err := link.SendEvents(t.Context(), []spool.Record{{Seq: 1, Payload: []byte("a")}, {Seq: 2, Payload: []byte("")}, {Seq: 3, Payload: []byte("b")}}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a core hears the status", func() bool { return link.SendStatus(Status{Version: "v"}) == nil })
	if c := link.Clock(t.Context()); c == nil || c.Samples != clockTrips || c.SkewMS < -1000 || c.SkewMS > 1000 {
		t.Errorf("the clock of the same machine: %+v", c)
	}
	time.Sleep(200 * time.Millisecond)
	x.mu.Lock()
	x.refuse = false
	x.mu.Unlock()
	waitFor(t, "all findings", func() bool { return x.count() == len(want) })
	waitFor(t, "telemetry and status", func() bool { x.mu.Lock(); defer x.mu.Unlock(); return len(x.lines) == 3 && len(x.statuses) > 0 })
	x.mu.Lock()
	defer x.mu.Unlock()
	for id := range want {
		if x.ids[id] == 0 {
			t.Fatalf("%s has not come", id)
		}
	}
	if strings.Join(x.lines, " ") != "so-y-te:a so-y-te: so-y-te:b" || len(x.odd) > 0 || x.statuses[0].Name != "so-y-te" {
		t.Errorf("%q, %v, odd: %v", x.lines, x.statuses, x.odd)
	}
}

// TestCoresShareAndTakeOver: two cores have partitions of their own; what one leaves behind the other takes.
func TestCoresShareAndTakeOver(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, dir, "127.0.0.1:0")
	link, err := NewLink(dial(t, enroll(t, dir, "so-y-te", RoleSensor, h)), "so-y-te")
	if err != nil {
		t.Fatal(err)
	}
	a, b := newTaken(), newTaken()
	nc, err := h.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	stopA := feed(t, nc, a)
	feed(t, dial(t, enroll(t, dir, "core-2", RoleCore, h)), b)
	total := 0
	send := func(n int) {
		t.Helper()
		var recs []spool.Record
		for range n {
			r, _ := record(t, total)
			recs = append(recs, r)
			total++
		}
		waitFor(t, "the hub takes the findings", func() bool { return link.SendFindings(t.Context(), recs) == nil })
	}
	send(500)
	waitFor(t, "both have all", func() bool { return a.count()+b.count() >= total })
	for p := range a.order {
		if len(b.order[p]) > 0 {
			t.Errorf("partition %d went to both", p)
		}
	}
	stopA()
	before := b.count()
	send(500)
	waitFor(t, "the other has all", func() bool { return b.count()-before == 500 })
	if len(b.order) != Partitions {
		t.Errorf("%d partitions went over", len(b.order))
	}
}

func TestNobodySendsInAnothersName(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, dir, "127.0.0.1:0")
	token := enroll(t, dir, "a", RoleSensor, h)
	nc := dial(t, token)
	r, _ := record(t, 0)
	own, err := NewLink(nc, "a")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "its own name is right", func() bool { return own.SendFindings(t.Context(), []spool.Record{r}) == nil })
	other, err := NewLink(nc, "b")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := other.SendFindings(ctx, []spool.Record{r}); err == nil {
		t.Error("a sensor sent in the name of another")
	}
	refused := make(chan error, 8)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err })
	if _, err := nc.SubscribeSync(findingsSubject + ">"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-refused:
		if !strings.Contains(err.Error(), "permissions") && !strings.Contains(err.Error(), "Permissions") {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a sensor may listen to findings")
	}
	for _, subject := range []string{versionHead, partSubject + "1.0", "$JS.API.STREAM.PURGE." + versionsStream, directGet + findingsSubject + "0.a", clockSubject + "b"} {
		if err := nc.Publish(subject, []byte("x")); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refused:
			if !strings.Contains(err.Error(), subject) {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("a sensor may publish to %s", subject)
		}
	}
	token.Secret = strings.Repeat("0", 64)
	bad := dial(t, token)
	time.Sleep(500 * time.Millisecond)
	if bad.IsConnected() {
		t.Error("a wrong secret is enough")
	}
	for _, s := range []string{"", "x", Token{Name: "A", Secret: "s", URLs: []string{"u"}}.String()} {
		if _, err := ParseToken(s); err == nil {
			t.Errorf("%q is a token", s)
		}
	}
	if _, err := (Accounts{dir}).Enroll("a.b", RoleSensor, []string{"u"}); err == nil {
		t.Error("a name with a dot is taken")
	}
}

// FuzzUnpack: a batch is unpacked to exactly what was packed, or refused.
func FuzzUnpack(f *testing.F) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<20))
	if err != nil {
		f.Fatal(err)
	}
	w, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1, 'a', 0, 2, 'b', 'c'})
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := unpack(z, w.EncodeAll(b, nil))
		if err != nil {
			return
		}
		n := 0
		for _, l := range lines {
			n += len(l)
		}
		if n > len(b) {
			t.Fatal(fmt.Sprint(n, " bytes of ", len(b)))
		}
		unpack(z, b)
	})
}

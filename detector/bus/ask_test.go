package bus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// wantedFlow asks for the packets of a flow.
func wantedFlow(flow string) PacketsWanted {
	return PacketsWanted{Finding: "f1", From: 1, To: 2, Flow: flow, MaxBytes: PacketsMax}
}

// random is data that no two chunks of are alike.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{9}).Read(b)
	return b
}

// keepsOf gives the data of flows: in pieces, as a carving does.
func keepsOf(flows map[string][]byte) Keeps {
	return Keeps{Packets: func(w io.Writer, p PacketsWanted) (Given, error) {
		data, ok := flows[p.Flow]
		if !ok {
			return Given{}, fmt.Errorf("ring: %w", fs.ErrNotExist)
		}
		for piece := range len(data)/70_000 + 1 {
			if _, err := w.Write(data[piece*70_000 : min((piece+1)*70_000, len(data))]); err != nil {
				return Given{}, err
			}
		}
		return Given{Packets: 7, More: true, Damaged: true}, nil
	}}
}

// asking is a hub with a console that asks.
type asking struct {
	t      *testing.T
	dir    string
	hub    *Hub
	asker  *Asker
	tokens map[string]Token
}

// dial connects with an account, which is made first: another token for it would end the connections that it has.
func (x *asking) dial(name, role string) *nats.Conn {
	x.t.Helper()
	if _, ok := x.tokens[name]; !ok {
		x.tokens[name] = enroll(x.t, x.dir, name, role, x.hub)
	}
	nc := dial(x.t, x.tokens[name])
	waitFor(x.t, name+" is connected", nc.IsConnected)
	return nc
}

func newAsking(t *testing.T) *asking {
	t.Helper()
	x := &asking{t: t, dir: t.TempDir(), tokens: map[string]Token{}}
	x.hub = startHub(t, x.dir, "127.0.0.1:0")
	x.asker = NewAsker(x.dial("console-1", RoleConsole), "console-1")
	x.asker.quiet, x.asker.wait, x.asker.busy = 300*time.Millisecond, 2*time.Second, 0
	return x
}

// sensor answers in a name until the test ends, or end is called.
func (x *asking) sensor(name string, k Keeps) (nc *nats.Conn, end func()) {
	x.t.Helper()
	nc = x.dial(name, RoleSensor)
	link, err := NewLink(nc, name)
	if err != nil {
		x.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(x.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := link.Answer(ctx, k); err != nil {
			x.t.Error(err)
		}
	})
	end = func() { cancel(); wg.Wait() }
	x.t.Cleanup(end)
	waitFor(x.t, name+" answers", func() bool { return !errors.Is(x.asker.HasFile(x.t.Context(), name, "00"), ErrSensorAway) })
	return nc, end
}

func (x *asking) fails(sensor string, w io.Writer, p PacketsWanted, want error) {
	x.t.Helper()
	if given, err := x.asker.Packets(x.t.Context(), sensor, w, p); !errors.Is(err, want) || given != (Given{}) {
		x.t.Errorf("%s: %+v, %v; want %v", sensor, given, err, want)
	}
}

// TestPacketsOfSensors: what two sensors keep comes as it is, several mebibytes of it, and what they do not keep is told.
func TestPacketsOfSensors(t *testing.T) {
	x := newAsking(t)
	big, small := random(9<<20+17), random(1)
	var mu sync.Mutex
	var told []string
	k := keepsOf(map[string][]byte{"1:big": big, "1:none": nil, "1:exact": big[:2*chunkBytes]})
	k.Told = func(asker, what string, n int64, err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(asker, " ", what, " ", n, " ", err))
	}
	x.sensor("a", k)
	x.sensor("b", keepsOf(map[string][]byte{"1:big": small}))
	f := func(sensor, flow string, want []byte) {
		t.Helper()
		var got bytes.Buffer
		given, err := x.asker.Packets(t.Context(), sensor, &got, wantedFlow(flow))
		if err != nil || !bytes.Equal(got.Bytes(), want) || given != (Given{Packets: 7, More: true, Damaged: true}) {
			t.Errorf("%s, %s: %d bytes of %d, %+v, %v", sensor, flow, got.Len(), len(want), given, err)
		}
	}
	f("a", "1:big", big)
	f("b", "1:big", small)
	f("a", "1:none", nil)
	f("a", "1:exact", big[:2*chunkBytes])
	x.fails("a", io.Discard, wantedFlow("1:other"), fs.ErrNotExist)
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 4 || told[0] != fmt.Sprintf("console-1 packets of finding \"f1\" %d <nil>", len(big)) {
		t.Errorf("the sensor is told %q", told)
	}
}

// TestQuestionsAreBounded: nobody gets more than the packets of a finding.
func TestQuestionsAreBounded(t *testing.T) {
	x := newAsking(t)
	asked := atomic.Int32{}
	nc, _ := x.sensor("a", Keeps{Packets: func(io.Writer, PacketsWanted) (Given, error) { asked.Add(1); return Given{}, nil }})
	host := netip.MustParseAddr("10.0.0.1")
	for what, change := range map[string]func(*PacketsWanted){
		"neither flow nor addresses": func(p *PacketsWanted) { p.Flow = "" },
		"all of an address":          func(p *PacketsWanted) { p.Flow, p.Hosts = "", []netip.Addr{host} },
		"no time":                    func(p *PacketsWanted) { p.From, p.To = 0, 0 },
		"a time that ends first":     func(p *PacketsWanted) { p.From = 3 },
		"no limit":                   func(p *PacketsWanted) { p.MaxBytes = 0 },
		"too many bytes":             func(p *PacketsWanted) { p.MaxBytes = PacketsMax + 1 },
	} {
		p := wantedFlow("1:x")
		change(&p)
		if _, err := x.asker.Packets(t.Context(), "a", io.Discard, p); err == nil {
			t.Errorf("%s is asked for", what)
		}
		if _, err := x.asker.fetch(t.Context(), "a", question{Packets: &p}, io.Discard, answerMax); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: the sensor says %v", what, err)
		}
	}
	for _, q := range []question{{}, {Packets: &PacketsWanted{}, File: "00"}, {File: strings.Repeat("0", 65)}} {
		if _, err := x.asker.fetch(t.Context(), "a", q, io.Discard, answerMax); !errors.Is(err, ErrBroken) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if asked.Load() > 0 {
		t.Error("the store was read")
	}
	// What is no question at all is not answered, and ends nothing.
	for _, text := range []string{"", "{", strings.Repeat(" ", askMax) + `{"op":"has"}`, `{"op":"open","id":1}`} {
		if err := x.asker.nc.PublishRequest(askSubject+"a", answerSubject+"a.console-1.x.0", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.asker.HasFile(t.Context(), "a", "00"); !errors.Is(err, ErrNotKept) || !nc.IsConnected() {
		t.Errorf("afterwards: %v", err)
	}
}

// TestFilesOfSensors: a file comes whole or not at all.
func TestFilesOfSensors(t *testing.T) {
	x := newAsking(t)
	data := random(3 << 20)
	sum := sha256.Sum256(data)
	sha, other := hex.EncodeToString(sum[:]), strings.Repeat("ab", 32)
	dir := t.TempDir()
	for name, content := range map[string][]byte{sha: data, other: data[1:]} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x.sensor("a", Keeps{File: func(sha string) (*os.File, error) { return os.Open(filepath.Join(dir, filepath.Base(sha))) }})
	x.sensor("b", Keeps{})
	var got bytes.Buffer
	given, err := x.asker.File(t.Context(), "a", strings.ToUpper(sha), &got)
	if err != nil || !bytes.Equal(got.Bytes(), data) || time.Since(given.Time) > time.Minute {
		t.Errorf("%d bytes, %+v, %v", got.Len(), given, err)
	}
	if err := x.asker.HasFile(t.Context(), "a", strings.ToUpper(sha)); err != nil {
		t.Error(err)
	}
	if _, err := x.asker.File(t.Context(), "a", other, io.Discard); !errors.Is(err, ErrBroken) {
		t.Errorf("a file that was changed on the sensor: %v", err)
	}
	for sensor, want := range map[string]error{"a": fs.ErrNotExist, "b": ErrNotKept, "c": ErrSensorAway, "no.sensor": ErrSensorAway, "*": ErrSensorAway} {
		missing := strings.Repeat("00", 32)
		if _, err := x.asker.File(t.Context(), sensor, missing, io.Discard); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", sensor, err, want)
		}
		if err := x.asker.HasFile(t.Context(), sensor, missing); !errors.Is(err, want) {
			t.Errorf("%s has it: %v, want %v", sensor, err, want)
		}
	}
}

// slowWriter tells when so much has come, and waits each time for a word.
type slowWriter struct{ came, goOn chan struct{} }

func (w slowWriter) Write(b []byte) (int, error) {
	select {
	case w.came <- struct{}{}:
	default:
	}
	<-w.goOn
	return len(b), nil
}

// TestSlowReceiver: of what nobody takes little is under way, and others are told to wait for a place, which is free as
// soon as somebody gives up.
func TestSlowReceiver(t *testing.T) {
	x := newAsking(t)
	var written atomic.Int64
	data := random(16 << 20)
	x.sensor("a", Keeps{Packets: func(w io.Writer, p PacketsWanted) (Given, error) {
		for len(data) > int(written.Load()) && p.Flow == "1:slow" {
			if _, err := w.Write(data[:chunkBytes]); err != nil {
				return Given{}, err
			}
			written.Add(chunkBytes)
		}
		return Given{}, nil
	}})
	slow := slowWriter{make(chan struct{}, 1), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	errs := make(chan error, transfersMax)
	for range transfersMax {
		wg.Go(func() {
			_, err := x.asker.Packets(ctx, "a", slow, wantedFlow("1:slow"))
			errs <- err
		})
	}
	<-slow.came
	time.Sleep(300 * time.Millisecond)
	if n := written.Load(); n > transfersMax*(windowMax+2)*chunkBytes {
		t.Errorf("%d bytes are under way to who takes nothing", n)
	}
	x.fails("a", io.Discard, wantedFlow("1:x"), ErrSensorBusy)
	x.asker.busy = 20 * time.Second
	third := make(chan error, 1)
	go func() {
		_, err := x.asker.Packets(t.Context(), "a", io.Discard, wantedFlow("1:x"))
		third <- err
	}()
	cancel() // the browsers leave
	close(slow.goOn)
	wg.Wait()
	for range transfersMax {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
	}
	select {
	case err := <-third:
		if err != nil {
			t.Errorf("who waited: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("no place came free")
	}
}

// TestSensorGoesAway: before, and in the middle.
func TestSensorGoesAway(t *testing.T) {
	x := newAsking(t)
	x.fails("a", io.Discard, wantedFlow("1:big"), ErrSensorAway)
	nc, _ := x.sensor("a", keepsOf(map[string][]byte{"1:big": random(8 << 20)}))
	begun := time.Now()
	x.fails("a", writerFunc(func(b []byte) (int, error) { nc.Close(); return len(b), nil }), wantedFlow("1:big"), ErrSensorAway)
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("told after %v", d)
	}
	// One that was started again knows nothing of the transfer.
	_, end := x.sensor("b", keepsOf(map[string][]byte{"1:big": random(8 << 20)}))
	var once sync.Once
	x.fails("b", writerFunc(func(b []byte) (int, error) {
		once.Do(func() { end(); x.sensor("b", keepsOf(nil)) })
		return len(b), nil
	}), wantedFlow("1:big"), ErrBroken)
	x.asker.nc.Close()
	x.fails("b", io.Discard, wantedFlow("1:big"), ErrHubAway)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestAlteredAnswers: an answer that is not what the sensor says it sent is an error, however it was changed.
func TestAlteredAnswers(t *testing.T) {
	x := newAsking(t)
	data := random(4 * chunkBytes)
	sum := sha256.Sum256(data)
	for what, answer := range map[string]func(n int) (state string, b []byte){
		"a chunk is missing": func(n int) (string, []byte) { return "", nil },
		"bytes differ":       func(n int) (string, []byte) { return "", bytes.Repeat([]byte{byte(n)}, chunkBytes) },
		"the end is cut":     func(n int) (string, []byte) { return "", data[n*chunkBytes : (n+1)*chunkBytes-1] },
		"it ends early": func(n int) (string, []byte) {
			if n == 2 {
				return stateEnd, nil
			}
			return "", data[n*chunkBytes : (n+1)*chunkBytes]
		},
		"a word that nobody knows": func(n int) (string, []byte) { return "odd", nil },
		"an error of the disk":     func(n int) (string, []byte) { return stateFailed, []byte("disk") },
		"it goes on":               func(n int) (string, []byte) { return "", data[:chunkBytes] },
	} {
		nc := x.dial("liar", RoleSensor)
		sub, err := nc.Subscribe(askSubject+"liar", func(m *nats.Msg) {
			var n int
			if i := strings.LastIndexByte(m.Reply, '.'); i < 0 || !strings.Contains(m.Reply, ".console-1.") {
				t.Errorf("reply to %q", m.Reply)
			} else if _, err := fmt.Sscan(m.Reply[i+1:], &n); err != nil {
				return // not for a chunk
			}
			out := &nats.Msg{Subject: m.Reply, Header: nats.Header{}}
			state, b := "", []byte(nil)
			if n < 4 || what == "it goes on" {
				state, b = answer(n)
			} else {
				state = stateEnd
			}
			if what == "a chunk is missing" && state == "" {
				if b = data[n*chunkBytes : (n+1)*chunkBytes]; n == 1 {
					return
				}
			}
			if state != "" {
				out.Header.Set(stateHeader, state)
			}
			if out.Data = b; state == stateEnd {
				text, err := json.Marshal(ending{Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
				if err != nil {
					t.Error(err)
				}
				out.Data = text
			}
			if err := nc.PublishMsg(out); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the liar listens", func() bool { return nc.FlushTimeout(time.Second) == nil })
		var got bytes.Buffer
		p := wantedFlow("1:x")
		if _, err := x.asker.fetch(t.Context(), "liar", question{Packets: &p}, &got, 8*chunkBytes); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", what, err)
		}
		if got.Len() > 8*chunkBytes {
			t.Errorf("%s: %d bytes were taken", what, got.Len())
		}
		if err := sub.Unsubscribe(); err != nil {
			t.Error(err)
		}
		nc.Close()
	}
}

// TestNobodyAsksOrAnswersForOthers: a sensor hears its own questions only, asks nobody and answers in no other name; a
// console asks and does nothing else.
func TestNobodyAsksOrAnswersForOthers(t *testing.T) {
	x := newAsking(t)
	x.sensor("a", keepsOf(nil))
	sensor, console := x.dial("b", RoleSensor), x.dial("console-2", RoleConsole)
	for nc, subjects := range map[*nats.Conn]struct{ publish, listen []string }{
		sensor: {[]string{askSubject + "a", askSubject + "b", answerSubject + "a.console-1.x.0", inboxPrefix + "core.x"},
			[]string{askSubject + "a", askSubject + "*", askSubject + ">", answerSubject + "a.>", answerSubject + "b.>", ">"}},
		console: {[]string{findingsSubject + "0.a", statusSubject + "a", clockSubject + "a", versionHead, answerSubject + "a.console-1.x.0", answerSubject + "a.console-2.x.0",
			"$JS.API.STREAM.INFO." + findingsStream, directGet + versionHead},
			[]string{askSubject + "a", answerSubject + "a.console-1.>", answerSubject + "*.*.>", findingsSubject + ">", eventsSubject + ">", statusSubject + ">", versionHead}},
	} {
		refused := make(chan error, 64)
		nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err })
		f := func(what, subject string, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-refused:
				if !strings.Contains(err.Error(), `"`+subject+`"`) || !errors.Is(err, nats.ErrPermissionViolation) {
					t.Errorf("%s %s: %v", what, subject, err)
				}
			case <-time.After(10 * time.Second):
				t.Errorf("%s may %s %s", nc.Opts.Name, what, subject)
			}
		}
		for _, s := range subjects.publish {
			f("publish to", s, nc.Publish(s, []byte("{}")))
		}
		for _, s := range subjects.listen {
			_, err := nc.SubscribeSync(s)
			f("listen to", s, err)
		}
	}
	// What a console asks in another's name does not come back to it, and one that was made to ask a sensor for an answer
	// elsewhere than in its own name gets none.
	sub, err := console.SubscribeSync(answerSubject + "*.console-2.>")
	if err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{answerSubject + "a.console-1.x.0", inboxPrefix + "a.x", versionHead} {
		if err := console.PublishRequest(askSubject+"a", reply, []byte(`{"op":"has","file":"00"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := sub.NextMsg(500 * time.Millisecond); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("%v, %v", m, err)
	}
	x.fails("a", io.Discard, wantedFlow("1:x"), fs.ErrNotExist) // all is well
}

// TestTransferMemory: what a transfer holds does not depend on how much it carries.
func TestTransferMemory(t *testing.T) {
	x := newAsking(t)
	piece := random(1 << 20)
	x.sensor("a", Keeps{Packets: func(w io.Writer, p PacketsWanted) (Given, error) {
		for range PacketsMax >> 20 {
			if _, err := w.Write(piece); err != nil {
				return Given{}, err
			}
		}
		return Given{Packets: 1}, nil
	}})
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most, total := int64(0), 0
	begun := time.Now()
	_, err := x.asker.Packets(t.Context(), "a", writerFunc(func(b []byte) (int, error) {
		if total += len(b); total%(16<<20) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, int64(now.HeapAlloc)-int64(before.HeapAlloc))
		}
		return len(b), nil
	}), wantedFlow("1:x"))
	if err != nil || total != PacketsMax {
		t.Fatalf("%d bytes, %v", total, err)
	}
	t.Logf("%d MiB in %v; at most %d KiB held by sensor, hub and console together", total>>20, time.Since(begun), most>>10)
	if limit := int64(3*(windowMax+2)*chunkBytes + 4<<20); most > limit {
		t.Errorf("%d bytes are held, at most %d are to be", most, limit)
	}
}

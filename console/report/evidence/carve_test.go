package evidence

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"khien/detector/store"
	"khien/detector/store/teststore"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/decode"
	"khien/sensor/flow"
	"khien/sensor/sensortest"
)

const traffic = `
http 10.0.0.5 > 203.0.113.9:80
> GET /a HTTP/1.1
> Host: xau.example
>
< HTTP/1.1 200 OK
<

http 10.0.0.6 > 203.0.113.10:80
> GET /b HTTP/1.1
> Host: lanh.example
>
< HTTP/1.1 200 OK
<
`

func packets(t *testing.T, b []byte) (out []sensor.Packet) {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(b), "test")
	if err != nil {
		t.Fatal(err)
	}
	for {
		var p sensor.Packet
		err := r.Next(&p)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Data = bytes.Clone(p.Data)
		out = append(out, p)
	}
}

// TestCarve: of two flows the one that was asked for is cut, whole and unchanged.
func TestCarve(t *testing.T) {
	s, err := sensortest.Parse(traffic)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	if err := sensortest.WritePCAP(&all, s.Packets()); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, p := range packets(t, all.Bytes()) {
		if bytes.Contains(p.Data, []byte{203, 0, 113, 9}) {
			want++
		}
	}
	f := func(c Cut, want int) []byte {
		t.Helper()
		r, err := capture.NewReader(bytes.NewReader(all.Bytes()), "all")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		got, err := Carve(&out, r, c)
		if err != nil || got.Packets != want {
			t.Errorf("%d packets, %v, want %d", got.Packets, err, want)
		}
		return out.Bytes()
	}
	id := ""
	for _, p := range packets(t, all.Bytes()) {
		if bytes.Contains(p.Data, []byte{203, 0, 113, 9}) {
			id = communityID(t, p)
		}
	}
	cut := f(Cut{Case: "SC-2026-0001", Flows: []string{id}}, want)
	if want == 0 || !bytes.Contains(cut, []byte("case SC-2026-0001")) {
		t.Errorf("%d packets; the section's comment does not name the case", want)
	}
	original := map[string]int64{}
	for _, p := range packets(t, all.Bytes()) {
		original[string(p.Data)] = p.Time
	}
	for _, p := range packets(t, cut) {
		if at, ok := original[string(p.Data)]; !ok || at != p.Time {
			t.Error("a packet or its time was changed")
		}
	}
	f(Cut{Case: "c", Flows: []string{"1:nobody"}}, 0)
	f(Cut{Case: "c", Flows: []string{id}, To: time.Unix(1, 0)}, 0)
}

// TestCarveWithin: of those who asked for a name, only who is of the area is cut; what a flow of the case says stays.
func TestCarveWithin(t *testing.T) {
	s, err := sensortest.Parse("udp 10.1.0.5:1000 > 10.0.0.53:53\n> \\x03xau\\x07example\\x00\nudp 10.2.0.5:1000 > 10.0.0.53:53\n> \\x03xau\\x07example\\x00\n")
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	if err := sensortest.WritePCAP(&all, s.Packets()); err != nil {
		t.Fatal(err)
	}
	f := func(c Cut, want int) {
		t.Helper()
		r, err := capture.NewReader(bytes.NewReader(all.Bytes()), "all")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if got, err := Carve(&out, r, c); err != nil || got.Packets != want {
			t.Errorf("within %v: %d packets, %v, want %d", c.Within, got.Packets, err, want)
		}
	}
	names := []string{"xau.example"}
	a := &store.Area{Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	f(Cut{Names: names}, 2)
	f(Cut{Names: names, Within: a}, 1)
	f(Cut{Names: names, Within: &store.Area{}}, 0)
	f(Cut{Flows: []string{communityID(t, packets(t, all.Bytes())[1])}, Names: names, Within: a}, 2)
}

func communityID(t *testing.T, p sensor.Packet) string {
	t.Helper()
	table := flow.NewTable(flow.Config{})
	for _, s := range decode.New(decode.Config{}).Decode(&p) {
		if f, _, _ := table.Lookup(s); f != nil {
			return flow.CommunityID(f)
		}
	}
	t.Fatal("no flow")
	return ""
}

func TestCustody(t *testing.T) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	c := Custody{st, "SC-2026-0001"}
	for _, a := range []string{Collected, Sealed, HandedOn} {
		if _, err := c.Append(t.Context(), Event{Action: a, At: at, From: Person{Name: "An"}, Purpose: "thử"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Append(t.Context(), Event{Action: "burn", At: at}); err == nil {
		t.Error("an unknown action was taken")
	}
	events, err := c.Events(t.Context())
	if err != nil || len(events) != 3 || events[2].Previous != events[1].Hash {
		t.Fatalf("%+v, %v", events, err)
	}
	for i, change := range []func([]Event) []Event{
		func(e []Event) []Event { e[1].Purpose = "khác"; return e },
		func(e []Event) []Event { return append(e[:1], e[2:]...) },
		func(e []Event) []Event { e[0], e[1] = e[1], e[0]; return e },
	} {
		if err := CheckEvents(change(append([]Event(nil), events...))); !errors.Is(err, ErrBroken) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if other, err := (Custody{st, "SC-2026-0002"}).Events(t.Context()); err != nil || len(other) != 0 {
		t.Errorf("another case: %d events, %v", len(other), err)
	}
}

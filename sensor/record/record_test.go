package record

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/follow"
)

// numbers is a decoder of lines that hold a time; "-" tells nothing.
type numbers struct{ state string }

func (d *numbers) Decode(line []byte, r *Record) (bool, error) {
	if string(line) == "-" {
		return false, nil
	}
	n, err := strconv.ParseInt(string(line), 10, 64)
	r.Time, r.Done, r.Kind = n, n, sensor.KindFlowEnd
	d.state = string(line)
	return err == nil, err
}

func (d *numbers) State() []byte              { return []byte(d.state) }
func (d *numbers) Restore(state []byte) error { d.state = string(state); return nil }

// streamOf writes logs and reads them as one.
func streamOf(t *testing.T, logs ...string) *Stream {
	t.Helper()
	var lanes []Lane
	for i, text := range logs {
		name := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := follow.OpenFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lanes = append(lanes, Lane{Name: fmt.Sprint(i), Source: f, Decoder: &numbers{}})
	}
	return NewStream(lanes)
}

func TestStream(t *testing.T) {
	s := streamOf(t, "1\n5\n4\nx\n9\n", "2\n-\n3\n"+strings.Repeat("y", 1<<20)+"\n6\n")
	var got []int64
	var bad []string
	for {
		r, err := s.Next()
		var line *BadLine
		switch {
		case errors.As(err, &line):
			bad = append(bad, filepath.Base(line.File)+":"+strconv.Itoa(line.Line))
			if line.Line == 4 && filepath.Base(line.File) == "1" && !errors.Is(err, errTooLong) {
				t.Error(err)
			}
			continue
		case err == io.EOF:
		case err != nil:
			t.Fatal(err)
		default:
			if got = append(got, r.Time); r.Time == 3 {
				if p := s.Positions(); p["1"].Line != 3 || string(p["1"].State) != "3" || p["0"].Line != 1 {
					t.Errorf("behind the third: %+v", p)
				}
			}
			continue
		}
		break
	}
	// Within a log the order stays, as its lines come; across logs the earlier one is first.
	if !slices.Equal(got, []int64{1, 2, 3, 5, 4, 6, 9}) || !slices.Equal(bad, []string{"1:4", "0:4"}) {
		t.Errorf("records %v, bad lines %v", got, bad)
	}
	if n := s.Stats(); n != (Stats{Lines: 10, Records: 7, Bad: 2}) {
		t.Errorf("%+v", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	var r Record
	for i := range 1000 {
		r.Tx.Add(sensor.DNSAnswerData, sensor.ToClient, []byte("a"))
		r.Metadata(fmt.Sprint(i), "x")
		r.Metadata("0", "y")
		r.Reference("url")
	}
	if len(r.Tx.values) != valuesMax || len(r.Alert.Metadata) != metaMax || len(r.Alert.Metadata["0"]) != metaValues || len(r.Alert.References) != refsMax {
		t.Errorf("%d values, %d keys with %d values, %d references", len(r.Tx.values), len(r.Alert.Metadata), len(r.Alert.Metadata["0"]), len(r.Alert.References))
	}
	var a Addrs
	for i := range addrsMax + 10 {
		if _, ok := a.Parse(fmt.Appendf(nil, "10.%d.%d.%d", i>>16, i>>8&255, i&255)); !ok {
			t.Fatal(i)
		}
	}
	if len(a.known) > addrsMax {
		t.Errorf("%d addresses", len(a.known))
	}
	for _, bad := range []string{"", "1.2.3", "fe80::1%eth0", strings.Repeat("1", 100)} {
		if _, ok := a.Parse([]byte(bad)); ok {
			t.Errorf("%q is an address", bad)
		}
	}
	if x, ok := a.Parse([]byte("::ffff:10.0.0.1")); !ok || x.String() != "10.0.0.1" {
		t.Errorf("%v %v", x, ok)
	}
}

func TestAddHost(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		var tx Tx
		tx.AddHost([]byte(in))
		if got, _ := tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0); string(got) != want {
			t.Errorf("AddHost(%q) gives %q", in, got)
		}
	}
	f("A.Example", "a.example")
	f("a.example:8080", "a.example")
	f("[2001:db8::1]:80", "[2001:db8::1]")
	f("2001:db8::1", "2001:db8::1")
	f("", "")
}

// seen keeps what a handler was told.
type seen struct {
	kinds sensor.Kind
	got   []string
}

func (s *seen) Wants() sensor.Kind { return s.kinds }
func (s *seen) Handle(e *sensor.Event) {
	s.got = append(s.got, fmt.Sprint(e.Kind, e.Dir, e.Capture, e.Tx != nil && e.Tx.Base().Done[e.Dir] == sensor.ProgressComplete, e.Order.Number))
}

func TestPlayer(t *testing.T) {
	all, files := &seen{kinds: sensor.KindAll}, &seen{kinds: sensor.KindFile}
	p := NewPlayer("eve.json", []sensor.Handler{all, files})
	r := Record{Kind: sensor.KindTx}
	r.Tx.Proto = sensor.ProtoHTTP
	r.Tx.AddNumber(sensor.HTTPStatCode, sensor.ToClient, 200)
	r.Tx.AddHost([]byte("a"))
	p.Play(&r)
	r.Kind, r.Dir = sensor.KindFile, sensor.ToClient
	p.Play(&r)
	p.Play(&Record{}) // only kept
	r.Kind = sensor.KindFlowEnd
	if o := p.Play(&r); o.Number != 4 {
		t.Errorf("order %+v", o)
	}
	want := []string{"4 to_servereve.jsontrue 1", "4 to_clienteve.jsontrue 1", "8 to_clienteve.jsontrue 2", "32 to_clienteve.jsonfalse 4"}
	if fmt.Sprint(all.got) != fmt.Sprint(want) || len(files.got) != 1 {
		t.Errorf("%q, %q", all.got, files.got)
	}
}

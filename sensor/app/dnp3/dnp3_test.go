package dnp3

import (
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

// crcd appends the CRC of s, computed bit by bit.
func crcd(s string) string {
	c := uint16(0)
	for i := range len(s) {
		c ^= uint16(s[i])
		for range 8 {
			low := c & 1
			if c >>= 1; low != 0 {
				c ^= 0xa6bc
			}
		}
	}
	return s + string([]byte{byte(^c), byte(^c >> 8)})
}

// frame makes a link frame; control 0xc4 is a master's user data, 0x44 an outstation's.
func frame(control byte, user string) string {
	dst, src := byte(10), byte(1)
	if control&0x80 == 0 {
		dst, src = src, dst
	}
	s := crcd(string([]byte{5, 0x64, byte(len(user) + 5), control, dst, 0, src, 0}))
	for len(user) > 0 {
		n := min(16, len(user))
		s += crcd(user[:n])
		user = user[n:]
	}
	return s
}

func ask(seq byte, app string) string    { return frame(0xc4, string([]byte{0xc0 | seq})+app) }
func answer(seq byte, app string) string { return frame(0x44, string([]byte{0xc0 | seq})+app) }

func run(steps ...Step) *Log { return TCP(Protocol(), portDNP3, nil, 0, steps...) }

func TestFrames(t *testing.T) {
	// The frames of an example that others publish: their CRCs are right.
	if s := frame(0x44, "\xc0\xc0\x81\x00\x00"); s != "\x05\x64\x0a\x44\x01\x00\x0a\x00"+s[8:] || !headerChecked([]byte(s)) {
		t.Errorf("%x", s)
	}
	if !headerChecked([]byte("\x05\x64\x08\x44\x01\x00\x02\x00\x4d\x6c")) {
		t.Error("a header is refused")
	}
}

const (
	readHead = `{"type":"request","control":{"dir":true,"pri":true,"fcb":false,"fcv":false,"function_code":4},"src":1,"dst":10,"application":{"control":{"fir":true,"fin":true,"con":false,"uns":false,"sequence":2},"function_code":`
	respHead = `{"type":"response","control":{"dir":false,"pri":true,"fcb":false,"fcv":false,"function_code":4},"src":10,"dst":1,"application":{"control":{"fir":true,"fin":true,"con":true,"uns":false,"sequence":2},"function_code":129`
)

func TestMessages(t *testing.T) {
	f := func(want string, steps ...Step) {
		t.Helper()
		l := run(steps...)
		if got := l.EVE(0); got != want || l.Err != nil || len(l.Txs) != 1 {
			t.Errorf("got %s\nwant %s\n%s", got, want, l)
		}
		for _, a := range l.Txs[0].Base().Anomalies {
			if len(a) > 0 {
				t.Errorf("%q", a)
			}
		}
		SameCut(t, Protocol(), portDNP3, nil, steps...)
	}
	class := `{"group":60,"variation":2,"qualifier":6,"prefix_code":0,"range_code":6,"start":0,"stop":0,"count":0}`
	f(readHead+`1,"objects":[`+class+`,`+strings.Replace(class, `n":2`, `n":3`, 1)+`],"complete":true}}`, C(ask(1, "\xc2\x01\x3c\x02\x06\x3c\x03\x06")))
	f(readHead+`13,"complete":true}}`, C(ask(1, "\xc2\x0d")))
	f(readHead+`7,"objects":[{"group":20,"variation":0,"qualifier":0,"prefix_code":0,"range_code":0,"start":1,"stop":5,"count":5}],"complete":true}}`,
		C(ask(1, "\xc2\x07\x14\x00\x00\x01\x05")))
	f(readHead+`1,"objects":[{"group":30,"variation":0,"qualifier":23,"prefix_code":1,"range_code":7,"start":0,"stop":0,"count":2},`+class+`],"complete":true}}`,
		C(ask(1, "\xc2\x01\x1e\x00\x17\x02\x05\x06\x3c\x02\x06")))
	f(readHead+`5,"objects":[{"group":12,"variation":1,"qualifier":40,"prefix_code":2,"range_code":8,"start":0,"stop":0,"count":1,"points":[`+
		`{"prefix":260,"index":260,"op_type":1,"qu":0,"cr":0,"tcc":1,"count":1,"ontime":100,"offtime":200,"status_code":0,"reserved":0}]}],"complete":true}}`,
		C(ask(1, "\xc2\x05\x0c\x01\x28\x01\x00\x04\x01\x41\x01\x64\x00\x00\x00\xc8\x00\x00\x00\x00")))
	f(respHead+`,"objects":[{"group":1,"variation":1,"qualifier":0,"prefix_code":0,"range_code":0,"start":3,"stop":4,"count":2,"points":[`+
		`{"prefix":0,"index":3,"state":0},{"prefix":0,"index":4,"state":1}]},`+
		`{"group":30,"variation":1,"qualifier":1,"prefix_code":0,"range_code":1,"start":7,"stop":7,"count":1,"points":[`+
		`{"prefix":0,"index":7,"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0,"over_range":0,"reference_err":0,"reserved0":0,"value":-2}]},`+
		`{"group":32,"variation":7,"qualifier":23,"prefix_code":1,"range_code":7,"start":0,"stop":0,"count":1,"points":[`+
		`{"prefix":9,"index":9,"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0,"over_range":0,"reference_err":0,"reserved0":0,"value":1.5,"timestamp":1099511627776}]}`+
		`],"complete":true},"iin":{"indicators":["class_1_events","device_restart","object_unknown"]}}`,
		S(answer(1, "\xe2\x81\x82\x02"+"\x01\x01\x00\x03\x04\x02"+"\x1e\x01\x01\x07\x00\x07\x00\x01\xfe\xff\xff\xff"+
			"\x20\x07\x17\x01\x09\x01\x00\x00\xc0\x3f\x00\x00\x00\x00\x00\x01")))
	f(readHead+`2,"objects":[{"group":70,"variation":5,"qualifier":91,"prefix_code":5,"range_code":11,"start":0,"stop":0,"count":1,"points":[`+
		`{"prefix":12,"index":0,"file_handle":1,"block_number":2,"file_data":"abcd"}]}],"complete":true}}`,
		C(ask(1, "\xc2\x02\x46\x05\x5b\x01\x0c\x00\x01\x00\x00\x00\x02\x00\x00\x00abcd")))
	f(readHead+`32,"objects":[{"group":120,"variation":1,"qualifier":91,"prefix_code":5,"range_code":11,"start":0,"stop":0,"count":1,"points":[`+
		`{"prefix":12,"index":0,"csq":1,"usr":2,"mal":3,"reason":1,"data->challenge_data":"YWJjZA=="}]}],"complete":true}}`,
		C(ask(1, "\xc2\x20\x78\x01\x5b\x01\x0c\x00\x01\x00\x00\x00\x02\x00\x03\x01abcd")))
	f(readHead+`29,"objects":[{"group":70,"variation":2,"qualifier":91,"prefix_code":5,"range_code":11,"start":0,"stop":0,"count":1,"points":[`+
		`{"prefix":18,"index":0,"username_offset":12,"username_size":2,"password_offset":14,"password_size":4,"authentication_key":0,"username":"me"}]}],"complete":true}}`,
		C(ask(1, "\xc2\x1d\x46\x02\x5b\x01\x12\x00\x0c\x00\x02\x00\x0e\x00\x04\x00\x00\x00\x00\x00mepass")))
	// Two segments of transport, and link frames without data between.
	long := "\xc2\x01" + strings.Repeat("\x3c\x02\x06", 10)
	f(readHead+`1,"objects":[`+strings.Repeat(class+",", 9)+class+`],"complete":true}}`,
		C(frame(0xc4, "\x7f"+long[:20])+frame(0xc0, "")+frame(0xc4, "\x80"+long[20:])))
}

func TestAlert(t *testing.T) {
	l := run(C(ask(1, "\xc2\x0d")), S(answer(1, "\xe2\x81\x80\x00")))
	if got := string(l.Txs[0].(*Tx).AppendEVEAlert(nil, 0)); got != `{"request":`+readHead+`13,"complete":true}}}` {
		t.Error(got)
	}
	if got := string(l.Txs[1].(*Tx).AppendEVEAlert(nil, 1)); got != `{"response":`+respHead+`,"complete":true},"iin":{"indicators":["device_restart"]}}}` {
		t.Error(got)
	}
	f := func(i int, b sensor.Buffer, dir sensor.Dir, at int, want int) {
		t.Helper()
		if n, ok := l.Txs[i].Number(b, dir, at); ok != (want >= 0) || ok && int(n) != want {
			t.Errorf("%d %#x: %d %t", i, b, n, ok)
		}
	}
	f(0, sensor.DNP3Function, 0, 0, 13)
	f(0, sensor.DNP3Function, 1, 0, -1)
	f(0, sensor.DNP3Indicators, 0, 0, -1)
	f(1, sensor.DNP3Indicators, 1, 0, 0x8000)
	f(1, sensor.DNP3HasObject, 1, 0x0101, 0)
	if b, ok := l.Txs[0].Buffer(sensor.DNP3Data, 0, 0); !ok || string(b) != "\xc2\x0d" {
		t.Errorf("%x", b)
	}
}

// changed returns s with another byte at a place.
func changed(s string, at int) string { return s[:at] + string([]byte{s[at] ^ 1}) + s[at+1:] }

func TestAnomalies(t *testing.T) {
	f := func(want string, steps ...Step) {
		t.Helper()
		l := run(steps...)
		var got []string
		for _, tx := range l.Txs {
			b := tx.Base()
			word := strings.Join(append(b.Anomalies[0], b.Anomalies[1]...), "+")
			if tx.LogReady(0) {
				word = strings.TrimSpace("tx " + word)
			}
			got = append(got, word)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("got %q\nwant %q", s, want)
		}
		SameCut(t, Protocol(), portDNP3, nil, steps...)
	}
	good, reply := ask(1, "\xc0\x01"), answer(1, "\xc0\x81\x00\x00")
	f("bad_link_crc, tx policy_divergence, tx", C(changed(good, 4)+good), S(reply))
	f("bad_link_crc, tx policy_divergence", S(changed(reply, 4)+"\x05\x64\x05\x05"+reply))
	f("bad_transport_crc, tx", C(changed(good, 11)+good))
	f("len_too_small, tx", S(frame(0x44, "\xc1\xc1\x82")+reply))
	f("len_too_small, tx", C(frame(0xc4, "\xc1")+good))
	f("len_too_small, tx", C(crcd("\x05\x64\x04\xc4\x01\x00\x02\x00")+good))
	f("tx unknown_object", S(answer(1, "\xc0\x81\x00\x00\x00\xf2\x00\x00\x00\x01")))
	f("tx malformed", S(answer(1, "\xc0\x81\x00\x00\x1e\x01\x00\x00\x01\x01\x02")))
	f("tx malformed", C(ask(1, "\xc0\x01\x1e\x01")))
	f("tx malformed", C(ask(1, "\xc0\x01\x1e\x01\x70\x01")))
	f("tx malformed", C(ask(1, "\xc0\x01\x1e\x01\x00\x05\x04")))
	f("tx malformed", C(ask(1, "\xc0\x02\x46\x05\x5b\x01\x04\x00\x01\x00\x00\x00")))
	f("tx, tx", C(frame(0xc4, "\x41\xc0\x01\x3c")+good))            // begun, and not ended
	f("tx", C(frame(0xc4, "\x41\xc0\x01")+frame(0xc4, "\x83\x3c"))) // out of order
	f("", C(frame(0xc4, "\x83\xc0\x01")))
	var all []Step
	for range unansweredMax + 3 {
		all = append(all, C(good))
	}
	f(strings.Repeat("tx, ", unansweredMax)+"tx flooded, tx, tx", all...)
	f(strings.Repeat("tx, ", unansweredMax)+"tx, tx, tx, tx", slices.Insert(all, 3, S(reply))...)
	if l := run(C(good), C("x"+good)); l.Err == nil || len(l.Txs) != 1 || len(l.Anomalies) != 1 {
		t.Error(l)
	}
}

// series makes segments of one fragment.
func series(control byte, app string) (out []Step) {
	for i := 0; len(app) > 0; i++ {
		n := min(249, len(app))
		head := byte(i & 63)
		if i == 0 {
			head |= 0x40
		}
		if n == len(app) {
			head |= 0x80
		}
		out = append(out, Step{Dir: sensor.Dir(control>>7 ^ 1), Data: []byte(frame(control, string([]byte{head})+app[:n]))})
		app = app[n:]
	}
	return out
}

func TestLimits(t *testing.T) {
	f := func(control byte, app, want string) *Tx {
		t.Helper()
		l := run(series(control, app)...)
		tx := l.Txs[0].(*Tx)
		if got := tx.Anomalies[tx.dir]; len(l.Txs) != 1 || !slices.Equal(got, []string{want}) || tx.complete {
			t.Errorf("%q, want %s", got, want)
		}
		return tx
	}
	f(0xc4, "\xc0\x01"+strings.Repeat("A", fragmentMax), TooLong)
	f(0x44, "\xc0\x81\x00\x00"+strings.Repeat("A", fragmentMax), TooLong)
	if tx := f(0xc4, "\xc0\x01"+strings.Repeat("\x3c\x02\x06", objectsMax+1), TooManyObjects); len(tx.objects) != objectsMax {
		t.Error(len(tx.objects))
	}
	tx := f(0x44, "\xc0\x81\x00\x00\x01\x01\x08\xff\xff"+strings.Repeat("\xff", 8192), TooManyPoints)
	if n := strings.Count(string(tx.AppendEVE(nil, 0)), `"index"`); n != writtenMax || tx.objects[0].points != pointsMax {
		t.Error(n, tx.objects[0].points)
	}
}

func TestGap(t *testing.T) {
	good := ask(1, "\xc0\x01")
	l := run(C(frame(0xc4, "\x41\xc0\x01")), Step{Gap: 9}, C("\x05\x64\x09"+good), C(good))
	if len(l.Txs) != 3 || l.Err != nil || len(l.Txs[2].Base().Anomalies[0]) > 0 {
		t.Error(l)
	}
}

func TestProbe(t *testing.T) {
	f := func(port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(0, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%d %x: %d, want %d", port, s, got, want)
		}
	}
	good := ask(1, "\xc0\x01")
	f(20000, good, sensor.Yes)
	f(20000, changed(good, 4), sensor.Yes)
	f(19999, good, sensor.Yes)
	f(19999, changed(good, 4), sensor.No)
	f(20000, good[:9], sensor.More)
	f(20000, "GET", sensor.No)
}

func TestAllocations(t *testing.T) {
	l := NewLog(sensor.IPProtoTCP, portDNP3)
	p := Protocol().New(l.F, nil)
	NoAllocations(t, p, Quiet{Log: l}, C(ask(1, "\xc2\x01\x3c\x02\x06")), S(answer(1, "\xe2\x81\x82\x02\x01\x01\x00\x03\x04\x02")))
}

// Every layout can be read and written, cut anywhere, without leaving its bytes.
func TestLayouts(t *testing.T) {
	bytes := []byte(strings.Repeat("\x00", 60))
	n := 0
	for group := range table {
		for variation := range table[group] {
			l := layoutOf(byte(group), byte(variation))
			if l == nil {
				continue
			}
			if n++; len(l.fields) > fieldsMax {
				t.Errorf("%d,%d has %d fields", group, variation, len(l.fields))
			}
			bit := 0
			for _, f := range l.fields {
				if f.kind == bits {
					bit += f.n
				}
			}
			if bit%8 != 0 && l.packed == 0 {
				t.Errorf("%d,%d has %d bits", group, variation, bit)
			}
			whole := l.length(bytes)
			if whole < 0 {
				t.Errorf("%d,%d takes more than %d bytes", group, variation, len(bytes))
			}
			for cut := range whole {
				if got := l.length(bytes[:cut]); got > cut || got >= 0 && !l.sized && l.packed == 0 {
					t.Errorf("%d,%d takes %d of %d bytes", group, variation, got, cut)
				}
			}
		}
	}
	if n < 120 {
		t.Error(n, "layouts")
	}
}

// FuzzParse holds that cutting the stream anywhere changes nothing.
func FuzzParse(f *testing.F) {
	f.Add(Seed(C(ask(1, "\xc2\x01\x3c\x02\x06")), S(answer(1, "\xe2\x81\x82\x02\x01\x01\x00\x03\x04\x02"))))
	f.Add(Seed(C(changed(ask(1, "\xc2\x01"), 4)), C(frame(0xc4, "\x41\xc0\x01\x3c")), C(frame(0xc4, "\x82\x02\x06"))))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), portDNP3, nil, Dialogue(in)...) })
}

// FuzzObjects holds that points are within the fragment, whatever objects say; CRCs would keep a fuzzer from getting there.
func FuzzObjects(f *testing.F) {
	f.Add([]byte("\xe2\x81\x82\x02\x01\x01\x00\x03\x04\x02\x1e\x01\x01\x07\x00\x07\x00\x01\xfe\xff\xff\xff"))
	f.Add([]byte("\xc2\x02\x46\x05\x5b\x01\x0c\x00\x01\x00\x00\x00\x02\x00\x00\x00abcd"))
	f.Add([]byte("\xc2\x1b\x46\x01\x07\x01" + strings.Repeat("\x01\x00", 40)))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) < 4 || len(in) > fragmentMax {
			return
		}
		tx := &Tx{data: in}
		tx.read()
		sum := 0
		for i := range tx.objects {
			o := &tx.objects[i]
			sum += 3 + len(o.data)
			if o.points > o.count {
				t.Fatalf("%d points of %d", o.points, o.count)
			}
		}
		if sum > len(in) {
			t.Fatalf("%d bytes of objects in %d", sum, len(in))
		}
		if tx.complete == (len(tx.Anomalies[0]) > 0) {
			t.Fatal(tx.Anomalies)
		}
		l := NewLog(sensor.IPProtoTCP, portDNP3)
		tx.finished = true
		l.Tx(tx, 0)
	})
}

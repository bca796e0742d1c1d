package dns

import (
	"encoding/json"
	"slices"
	"testing"

	"khien/sensor"
)

// FuzzMessage holds that the record of any message is JSON, that its buffers can be read to their end, and that reading
// it again gives the same.
func FuzzMessage(f *testing.F) {
	q := name("a.vn") + "\x00\x01" + classIN
	f.Add([]byte(query + q))
	f.Add([]byte(answer + q + rr(pointer, "\x00\x41", "\x00\x01\x00\x00\x01\x00\x03\x02h2")))
	f.Add([]byte(answer + q + rr(pointer, "\x00\x23", "\x00\x01\x00\x02\x01u\x03sip\x00\x01x\x00")))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m, again Message
		err := m.Parse(data)
		line := m.AppendEVE(nil, true, 0)
		if !json.Valid(line) {
			t.Fatalf("not JSON: %s", line)
		}
		x := tx{Message: m, response: true, TxBase: sensor.TxBase{Proto: sensor.ProtoMDNS}}
		if local := x.AppendEVE(nil, 0); !json.Valid(local) {
			t.Fatalf("not JSON: %s", local)
		}
		for b := sensor.DNSQueryName; b <= sensor.DNSAnswerTTL; b++ {
			for i := 0; ; i++ {
				if _, ok := m.Buffer(b, i); !ok {
					break
				}
				if i > 4*recordsMax+txtMax*recordsMax {
					t.Fatal("a buffer does not end")
				}
			}
		}
		_ = again.Parse([]byte(query))
		if e := again.Parse(data); (e == nil) != (err == nil) || string(again.AppendEVE(nil, true, 0)) != string(line) {
			t.Fatal("a reused message differs")
		}
	})
}

// FuzzStream holds that cutting the stream anywhere changes nothing.
func FuzzStream(f *testing.F) {
	msg := query + name("a.vn") + "\x00\x01" + classIN
	one := string([]byte{0, byte(len(msg))}) + msg
	f.Add([]byte(one+one), uint16(7), uint16(33))
	f.Fuzz(func(t *testing.T, data []byte, a, b uint16) {
		cut := []int{int(a) % (len(data) + 1), int(b) % (len(data) + 1)}
		slices.Sort(cut)
		whole, parts := tcp(5, 53), tcp(5, 53)
		err := whole.feed(maker(sensor.ProtoDNS)(&whole.flow, nil), sensor.ToServer, data)
		p := maker(sensor.ProtoDNS)(&parts.flow, nil)
		var err2 error
		from := 0
		for _, to := range append(cut, len(data)) {
			if err2 = parts.feed(p, sensor.ToServer, data[from:to]); err2 != nil {
				break
			}
			from = to
		}
		if (err == nil) != (err2 == nil) || !slices.Equal(whole.log, parts.log) {
			t.Fatalf("%v %q\n%v %q", err, whole.log, err2, parts.log)
		}
	})
}

package capture

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/gopacket/pcapgo"

	"khien/sensor"
)

// TestWriter writes packets of two interfaces and reads them with another's reader and with our own.
func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, Section{Comment: "case 7; sensor a", Application: "khien"})
	if err != nil {
		t.Fatal(err)
	}
	var ifaces [2]uint32
	for i, d := range []Interface{{"eth0", sensor.LinkEthernet}, {"tun0", sensor.LinkRaw}} {
		if ifaces[i], err = w.Interface(d); err != nil {
			t.Fatal(err)
		}
	}
	var packets []sensor.Packet
	for i := range 9 {
		p := sensor.Packet{Time: 1764444444123456789 + int64(i), Data: bytes.Repeat([]byte{byte(i)}, 14+i), Length: 14 + 2*i,
			Link: sensor.LinkEthernet, Number: uint64(i + 1)}
		packets = append(packets, p)
		if err := w.Packet(ifaces[0], &p); err != nil {
			t.Fatal(err)
		}
	}
	raw := sensor.Packet{Time: 1764444445000000000, Data: []byte{0x45, 0}, Length: 2, Link: sensor.LinkRaw, Number: 10}
	if err := w.Packet(ifaces[1], &raw); err != nil {
		t.Fatal(err)
	}
	packets = append(packets, raw)

	oracle, err := pcapgo.NewNgReader(bytes.NewReader(out.Bytes()), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		data, ci, err := oracle.ReadPacketData()
		if err != nil || !bytes.Equal(data, p.Data) || ci.Timestamp.UnixNano() != p.Time || ci.Length != p.Length {
			t.Fatalf("packet %d: %x %+v %v", i, data, ci, err)
		}
	}
	if s := oracle.SectionInfo(); s.Comment != "case 7; sensor a" || s.Application != "khien" {
		t.Errorf("section %+v", s)
	}
	if i, err := oracle.Interface(1); err != nil || i.Name != "tun0" || oracle.NInterfaces() != 2 {
		t.Errorf("interface %+v %v", i, err)
	}

	r, err := NewReader(&out, "out")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var p sensor.Packet
	for i, want := range packets {
		if err := r.Next(&p); err != nil || !bytes.Equal(p.Data, want.Data) || p.Time != want.Time || p.Length != want.Length ||
			p.Link != want.Link || p.Number != want.Number {
			t.Fatalf("packet %d: %+v %v", i, p, err)
		}
	}
	if err := r.Next(&p); err != io.EOF {
		t.Errorf("after the last packet: %v", err)
	}
}

func TestWriterRefuses(t *testing.T) {
	w, err := NewWriter(io.Discard, Section{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Packet(0, &sensor.Packet{}); err == nil {
		t.Error("a packet of an interface that was not described")
	}
	if _, err := w.Interface(Interface{Link: sensor.LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	if err := w.Packet(0, &sensor.Packet{Data: make([]byte, maxPacket+1)}); err == nil {
		t.Error("a packet that no reader takes")
	}
}

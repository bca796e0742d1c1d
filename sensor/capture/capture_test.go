package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"khien/sensor"
)

// packet is what a Reader gave, with its own copy of the data.
type packet struct {
	time   int64
	data   string
	length int
	link   sensor.LinkType
}

func readAll(t testing.TB, file []byte) ([]packet, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), "test")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []packet
	var p sensor.Packet
	for {
		if err := r.Next(&p); err != nil {
			if again := r.Next(&p); !errors.Is(again, err) {
				t.Errorf("second Next: %v, first %v", again, err)
			}
			if err == io.EOF {
				err = nil
			}
			return out, err
		}
		if p.Number != uint64(len(out)+1) {
			t.Errorf("number %d, want %d", p.Number, len(out)+1)
		}
		if len(p.Data) > maxPacket || p.Length < len(p.Data) || cap(p.Data) != len(p.Data) {
			t.Errorf("packet of %d bytes, capacity %d, %d on the wire", len(p.Data), cap(p.Data), p.Length)
		}
		out = append(out, packet{p.Time, string(p.Data), p.Length, p.Link})
	}
}

// pcapFile writes a classic capture of packets, each a second and 123456 units of the fraction after the other.
func pcapFile(order binary.AppendByteOrder, magic uint32, link uint32, packets ...string) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = order.AppendUint64(b, 0)
	b = order.AppendUint32(b, 65535)
	b = order.AppendUint32(b, link)
	for i, p := range packets {
		b = order.AppendUint32(b, uint32(1700000000+i))
		b = order.AppendUint32(b, 123456)
		b = order.AppendUint32(b, uint32(len(p)))
		b = order.AppendUint32(b, uint32(len(p)+10))
		if magic == magicModified {
			b = append(b, 1, 0, 0, 0, 0, 8, 0, 0)
		}
		b = append(b, p...)
	}
	return b
}

func block(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n := uint32(12 + len(body))
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, n)
	return order.AppendUint32(append(b, body...), n)
}

func section(order binary.AppendByteOrder) []byte {
	b := order.AppendUint32(nil, byteOrderMagic)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0)
	return block(order, blockSection, order.AppendUint64(b, math.MaxUint64))
}

// description writes an interface; options are written as code, length, value.
func description(order binary.AppendByteOrder, link uint16, snap uint32, options ...any) []byte {
	b := order.AppendUint16(nil, link)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, snap)
	for i := 0; i < len(options); i += 2 {
		var v []byte
		switch o := options[i+1].(type) {
		case byte:
			v = []byte{o}
		case int64:
			v = order.AppendUint64(nil, uint64(o))
		case string:
			v = []byte(o)
		}
		b = order.AppendUint16(b, uint16(options[i].(int)))
		b = order.AppendUint16(b, uint16(len(v)))
		for b = append(b, v...); len(b)%4 != 0; {
			b = append(b, 0)
		}
	}
	return block(order, blockInterface, b)
}

func enhanced(order binary.AppendByteOrder, id uint32, ts uint64, data string) []byte {
	b := order.AppendUint32(nil, id)
	b = order.AppendUint32(b, uint32(ts>>32))
	b = order.AppendUint32(b, uint32(ts))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, uint32(len(data)))
	return block(order, blockEnhanced, append(b, data...))
}

func TestPcap(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for magic, frac := range map[uint32]int64{magicMicro: 123456000, magicNano: 123456, magicModified: 123456000} {
			got, err := readAll(t, pcapFile(order, magic, 1, "first", "", "third packet"))
			if err != nil || len(got) != 3 {
				t.Fatalf("%v %08x: %d packets, %v", order, magic, len(got), err)
			}
			if want := (packet{1700000002e9 + frac, "third packet", 22, sensor.LinkEthernet}); got[2] != want {
				t.Errorf("%v %08x: %+v, want %+v", order, magic, got[2], want)
			}
		}
	}
}

func TestPcapng(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		file := bytes.Join([][]byte{
			section(order),
			description(order, 1, 0),
			block(order, 0x0bad, make([]byte, 3*maxBlock)), // a block that nobody knows, larger than the buffer
			enhanced(order, 0, 1700000000123456, "micro"),
			description(order, 101, 8, 2, "eth1", 9, byte(9), 14, int64(-3600)),
			enhanced(order, 1, 1700000000123456789, "nano"),
			description(order, 113, 0, 9, byte(0x80|20)),
			enhanced(order, 2, 5<<20|1<<19, "binary"),
			block(order, blockSimple, append(order.AppendUint32(nil, 6), "simple"...)),
			block(order, blockPacket, append(order.AppendUint32(order.AppendUint32(order.AppendUint32(order.AppendUint32(
				order.AppendUint16(order.AppendUint16(nil, 1), 0), 0), 7), 3), 9), "old"...)),
			section(order), // forgets the interfaces
			description(order, 1, 3),
			block(order, blockSimple, append(order.AppendUint32(nil, 6), "sim"...)),
		}, nil)
		want := []packet{
			{1700000000123456000, "micro", 5, 1},
			{1700000000123456789 - 3600e9, "nano", 4, 101},
			{5.5e9, "binary", 6, 113},
			{5.5e9, "simple", 6, 1},
			{7 - 3600e9, "old", 9, 101},
			{7 - 3600e9, "sim", 6, 1},
		}
		got, err := readAll(t, file)
		if err != nil {
			t.Fatalf("%v: %v", order, err)
		}
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Fatalf("%v: packet %d: %+v, want %+v", order, i, got, want[i])
			}
		}
	}
}

func TestCompressed(t *testing.T) {
	plain := pcapFile(binary.LittleEndian, magicMicro, 1, "first", "second")
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	g.Write(plain[:30])
	g.Close()
	g = gzip.NewWriter(&gz) // a second member, as concatenated files have
	g.Write(plain[30:])
	g.Close()
	z, _ := zstd.NewWriter(&zs)
	z.Write(plain)
	z.Close()
	for name, file := range map[string][]byte{"gzip": gz.Bytes(), "zstd": zs.Bytes()} {
		if got, err := readAll(t, file); err != nil || len(got) != 2 || got[1].data != "second" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if _, err := readAll(t, file[:len(file)-9]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s cut off: %v", name, err)
		}
	}
}

func TestErrors(t *testing.T) {
	le := binary.LittleEndian
	good := pcapFile(le, magicMicro, 1, "first", "second")
	ng := bytes.Join([][]byte{section(le), description(le, 1, 0), enhanced(le, 0, 1, "x")}, nil)
	f := func(name string, file []byte, packets int, want string, is error) {
		t.Helper()
		got, err := readAll(t, file)
		if err == nil || len(got) != packets || !strings.Contains(err.Error(), want) || is != nil && !errors.Is(err, is) {
			t.Errorf("%s: %d packets, %v; want %d, %q", name, len(got), err, packets, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "capture: test: byte ") {
			t.Errorf("%s: %v does not say where", name, err)
		}
	}
	f("empty", nil, 0, "byte 0: the file is empty", ErrEmpty)
	f("short", []byte("ab"), 0, "not a pcap", ErrFormat)
	f("text", []byte("no capture at all"), 0, "magic number 6e 6f 20 63", ErrFormat)
	f("file header", good[:20], 0, "want 24 bytes, have 20", io.ErrUnexpectedEOF)
	f("record header", good[:24+16+5+7], 1, "byte 45: pcap record header: want 16 bytes, have 7", io.ErrUnexpectedEOF)
	f("record", good[:len(good)-1], 1, "want 6 bytes, have 5", io.ErrUnexpectedEOF)
	long := bytes.Clone(good)
	le.PutUint32(long[24+16+5+8:], 1<<31)
	f("length", long, 1, "a packet of 2147483648 bytes, want at most 262144", nil)
	f("link type", pcapFile(le, magicMicro, 195, "x"), 0, "link type 195", nil)
	f("version", append(le.AppendUint16(le.AppendUint32(nil, magicMicro), 9), make([]byte, 18)...), 0, "version 9", ErrFormat)
	f("block header", ng[:len(ng)-33], 0, "want 8 bytes, have 3", io.ErrUnexpectedEOF)
	f("block", ng[:len(ng)-1], 0, "want 36 bytes, have 35", io.ErrUnexpectedEOF)
	f("interface", bytes.Join([][]byte{section(le), enhanced(le, 0, 1, "x")}, nil), 0, "interface 0 of 0", nil)
	f("link", bytes.Join([][]byte{section(le), description(le, 195, 0), description(le, 1, 0), enhanced(le, 1, 1, "x"),
		enhanced(le, 0, 1, "x")}, nil), 1, "link type 195", nil)
	f("block length", append(section(le), 9, 0, 0, 0, 13, 0, 0, 0), 0, "length 13", nil)
	f("unequal lengths", append(bytes.Clone(ng[:len(ng)-4]), 0, 0, 0, 0), 0, "want the same", nil)
	f("huge block", append(ng, 6, 0, 0, 0, 0, 0, 0, 0x7f), 1, "want at most", nil)
	many := section(le)
	for range maxInterfaces + 1 {
		many = append(many, description(le, 1, 0)...)
	}
	f("interfaces", many, 0, "more than 4096 interfaces", nil)
	if got, err := readAll(t, pcapFile(le, magicMicro, 195)); err != nil || len(got) != 0 {
		t.Errorf("no packet of an unknown link: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestNanoseconds(t *testing.T) {
	f := func(ts, units uint64, offset, want int64) {
		t.Helper()
		if got := nanoseconds(ts, units, offset); got != want {
			t.Errorf("nanoseconds(%d, %d, %d) = %d, want %d", ts, units, offset, got, want)
		}
	}
	f(1500, 1e3, 0, 1.5e9)
	f(3, 2, -1, 0.5e9)
	f(math.MaxUint64, 1, 0, 9223372035e9)
	f(math.MaxUint64, 1, math.MaxInt64, 9223372035e9)
	f(0, 1, math.MinInt64, -9223372035e9)
	f(12345678901234567890, 1e19, 0, 1234567890)
}

func TestNoAllocation(t *testing.T) {
	packets := make([]string, 2000)
	for i := range packets {
		packets[i] = strings.Repeat("x", 1+i%1500)
	}
	for name, file := range map[string][]byte{
		"pcap":   pcapFile(binary.LittleEndian, magicMicro, 1, packets...),
		"pcapng": append(append(section(binary.LittleEndian), description(binary.LittleEndian, 1, 0)...), bytes.Repeat(enhanced(binary.LittleEndian, 0, 1, packets[700]), 2000)...),
	} {
		r, err := NewReader(bytes.NewReader(file), name)
		if err != nil {
			t.Fatal(err)
		}
		var p sensor.Packet
		if n := testing.AllocsPerRun(1500, func() {
			if err := r.Next(&p); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}

// TestOracle writes captures with pcapgo and reads them with both.
func TestOracle(t *testing.T) {
	var ng, classic bytes.Buffer
	w := pcapgo.NewWriterNanos(&classic)
	w.WriteFileHeader(65535, layers.LinkTypeEthernet)
	g, err := pcapgo.NewNgWriter(&ng, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		data := bytes.Repeat([]byte{byte(i)}, i*30)
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, int64(i)*1001), CaptureLength: len(data), Length: len(data) + i}
		if err := errors.Join(w.WritePacket(ci, data), g.WritePacket(ci, data)); err != nil {
			t.Fatal(err)
		}
	}
	g.Flush()
	compare(t, classic.Bytes())
	compare(t, ng.Bytes())
}

// compare reads a capture with pcapgo too, and reports whether pcapgo could read it to its end.
func compare(t testing.TB, file []byte) bool {
	t.Helper()
	var src interface {
		ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	}
	src, err := pcapgo.NewReader(bytes.NewReader(file))
	if err != nil {
		if src, err = pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{WantMixedLinkType: true}); err != nil {
			return false
		}
	}
	got, failed := readAll(t, file)
	for i := 0; ; i++ {
		data, ci, err := src.ReadPacketData()
		if err == io.EOF {
			if i != len(got) || failed != nil {
				t.Errorf("%d packets, %v; pcapgo has %d", len(got), failed, i)
			}
			return true
		}
		if err != nil {
			return false
		}
		if i >= len(got) {
			return failed == nil
		}
		if got[i].data != string(data) || got[i].time != ci.Timestamp.UnixNano() {
			t.Errorf("packet %d: %d bytes at %d, pcapgo %d at %d", i+1, len(got[i].data), got[i].time, len(data), ci.Timestamp.UnixNano())
		}
	}
}

// oneByte gives a byte at a time.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// FuzzReader checks that how a file arrives changes nothing, and that no file makes the reader fail otherwise than by an
// error that says where.
func FuzzReader(f *testing.F) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		f.Add(pcapFile(order, magicNano, 1, "first", "second"))
		f.Add(bytes.Join([][]byte{section(order), description(order, 1, 0, 9, byte(9)), enhanced(order, 0, 1<<40, "x"),
			block(order, blockSimple, append(order.AppendUint32(nil, 6), "simple"...))}, nil))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<12 {
			return
		}
		whole, err := readAll(t, file)
		if err != nil && !strings.HasPrefix(err.Error(), "capture: test: byte ") {
			t.Errorf("%v does not say where", err)
		}
		if len(file) >= 2 && file[0] == 0x1f {
			return
		}
		r, err2 := NewReader(oneByte{bytes.NewReader(file)}, "test")
		if err2 != nil {
			if err == nil || err.Error() != err2.Error() {
				t.Errorf("byte by byte: %v, at once: %v", err2, err)
			}
			return
		}
		defer r.Close()
		var p sensor.Packet
		n := 0
		for ; r.Next(&p) == nil; n++ {
			if n >= len(whole) || string(p.Data) != whole[n].data || p.Time != whole[n].time {
				t.Fatalf("packet %d differs byte by byte", n+1)
			}
		}
		if n != len(whole) {
			t.Errorf("%d packets byte by byte, %d at once", n, len(whole))
		}
	})
}

func BenchmarkNext(b *testing.B) {
	file := pcapFile(binary.LittleEndian, magicMicro, 1, strings.Repeat("x", 700))
	file = append(file, bytes.Repeat(file[24:], 10000)...)
	b.SetBytes(716)
	r, _ := NewReader(bytes.NewReader(file), "bench")
	var p sensor.Packet
	for b.Loop() {
		if r.Next(&p) != nil {
			r, _ = NewReader(bytes.NewReader(file), "bench")
		}
	}
}

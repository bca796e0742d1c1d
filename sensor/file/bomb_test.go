package file

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"runtime"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
)

// overlapping is a zip whose directory has n entries that share one packed body of size bytes: a bomb without nesting.
func overlapping(t *testing.T, n, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = w.Write(make([]byte, size))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	crc := crc32.ChecksumIEEE(make([]byte, size))
	head := func(b []byte, kind string, central bool) []byte {
		b = append(b, kind...)
		if central {
			b = append(b, 20, 0)
		}
		b = append(b, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, crc)
		b = binary.LittleEndian.AppendUint32(b, uint32(packed.Len()))
		b = binary.LittleEndian.AppendUint32(b, uint32(size))
		b = binary.LittleEndian.AppendUint16(b, 1)
		b = append(b, 0, 0)
		if central {
			b = append(b, make([]byte, 14)...) // comment, disk, attributes, and the offset 0
		}
		return append(b, 'x')
	}
	out := append(head(nil, "PK\x03\x04", false), packed.Bytes()...)
	at := len(out)
	for range n {
		out = head(out, "PK\x01\x02", true)
	}
	length := len(out) - at
	out = append(out, "PK\x05\x06\x00\x00\x00\x00"...)
	out = binary.LittleEndian.AppendUint16(out, uint16(n))
	out = binary.LittleEndian.AppendUint16(out, uint16(n))
	out = binary.LittleEndian.AppendUint32(out, uint32(length))
	out = binary.LittleEndian.AppendUint32(out, uint32(at))
	return append(out, 0, 0)
}

// nested is a zip in a zip in a zip, depth times. The heads of all lie in front, their ends behind.
func nested(depth int) []byte {
	const head, tail = zipLocal + 1, zipCentral + 1 + zipEnd
	var front, back []byte
	for i := range depth {
		size := uint32((depth - 1 - i) * (head + tail))
		h := append([]byte("PK\x03\x04\x14\x00"), make([]byte, zipLocal-6)...)
		binary.LittleEndian.PutUint32(h[18:], size)
		binary.LittleEndian.PutUint32(h[22:], size)
		binary.LittleEndian.PutUint16(h[26:], 1)
		front = append(append(front, h...), 'n')
	}
	for i := range depth {
		size := uint32(i * (head + tail))
		c := append([]byte("PK\x01\x02\x14\x00\x14\x00"), make([]byte, zipCentral-8)...)
		binary.LittleEndian.PutUint32(c[20:], size)
		binary.LittleEndian.PutUint32(c[24:], size)
		binary.LittleEndian.PutUint16(c[28:], 1)
		back = append(append(back, c...), 'n')
		e := append([]byte("PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"), make([]byte, zipEnd-12)...)
		binary.LittleEndian.PutUint32(e[12:], zipCentral+1)
		binary.LittleEndian.PutUint32(e[16:], head+size)
		back = append(back, e...)
	}
	return append(front, back...)
}

// TestBombs gives the reader what is made to exhaust it. Every one is told by an anomaly, and what reading it allocates in
// all, which its peak cannot be above, stays under a bound that does not depend on the bomb.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 4<<20)
	// As 42.zip: five layers of 16 archives around a member that is as large as a zip can make it.
	layers := archive(t, zip.Deflate, "0.dll", zeros)
	for range 5 {
		var files []string
		for i := range 16 {
			files = append(files, fmt.Sprintf("lib %d.zip", i), string(layers))
		}
		layers = archive(t, zip.Deflate, files...)
	}
	gzips := gz(t, "", []byte(zeros))
	for range 10 {
		gzips = gz(t, "", gzips)
	}
	var thousands []byte
	inner := nested(1)
	for range 10_000 {
		h := nested(1)[:zipLocal+1]
		binary.LittleEndian.PutUint32(h[18:], uint32(len(inner)))
		binary.LittleEndian.PutUint32(h[22:], uint32(len(inner)))
		thousands = append(append(thousands, h...), inner...)
	}
	f := func(name string, data []byte, most uint64, wanted ...string) {
		t.Helper()
		a := NewArchive(ArchiveConfig{})
		whole := len(data) <= defaultContent // as a transfer gives it
		data = data[:min(len(data), defaultContent)]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		list, anomalies := a.Members(data, whole)
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		for _, w := range wanted {
			if !slices.Contains(anomalies, w) {
				t.Errorf("%s: anomalies %v, want %s", name, anomalies, w)
			}
		}
		if allocated > most {
			t.Errorf("%s: %d bytes allocated, want at most %d", name, allocated, most)
		}
		if a.work > a.cfg.Total*workFactor+inflateStepMax {
			t.Errorf("%s: %d bytes unpacked", name, a.work)
		}
		t.Logf("%s: %d bytes, %d members, %d bytes allocated, %d unpacked, %v", name, len(data), len(list), allocated, a.work, anomalies)
	}
	const mb = 1 << 20
	f("10,000 zips within one another", nested(10_000), 12*mb, BombDepth)
	f("10,000 zips in one", thousands, 12*mb, BombMembers)
	f("like 42.zip", layers, 16*mb, BombDepth)
	f("gzip in gzip in gzip", gzips, 12*mb, BombDepth)
	f("one body, 2,000 entries", overlapping(t, 2000, 60*mb), 8*mb, BombRatio, BombTotal)
	f("one body below the ratio, 2,000 entries", overlapping(t, 2000, 60<<10), 16*mb, BombTotal)
	f("zeros", archive(t, zip.Deflate, "a", zeros), 4*mb, BombRatio)
}

// TestBombInTransfer: what a worker holds while many bombs are open is bounded by its memory for files.
func TestBombInTransfer(t *testing.T) {
	tr := New(Config{Memory: 1 << 20})
	bomb := overlapping(t, 2000, 4<<20)
	var files []*sensor.File
	for range 20 {
		x := tr.Open(nil, sensor.ToClient, []byte("bomb.zip"))
		tr.Write(x, bomb)
		files = append(files, x)
	}
	for _, x := range files {
		tr.Close(x, true)
		if x.Content != nil && !slices.Contains(x.Anomalies, BombRatio) {
			t.Fatalf("anomalies %v", x.Anomalies)
		}
		tr.Release(x)
	}
	if tr.memory != 0 {
		t.Errorf("%d bytes are held", tr.memory)
	}
}

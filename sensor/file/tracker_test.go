package file

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"khien/sensor"
)

func TestTracker(t *testing.T) {
	tr := New(Config{Content: 10, Hash: true})
	f := tr.Open(nil, sensor.ToClient, []byte("a.txt"))
	tr.Write(f, []byte("hello, "))
	tr.Write(f, []byte("world and more"))
	tr.Close(f, true)
	if string(f.Content) != "hello, wor" || f.Size != 21 || f.State != sensor.FileClosed || string(f.Name) != "a.txt" {
		t.Errorf("%+v", f)
	}
	if want := sha256.Sum256([]byte("hello, world and more")); !f.Hashed || f.SHA256 != want {
		t.Errorf("SHA-256 %x, want %x", f.SHA256, want)
	}
	tr.Release(f)

	f = tr.Open(nil, sensor.ToClient, nil)
	tr.Write(f, []byte("one"))
	tr.Gap(f, 5)
	tr.Write(f, []byte("two"))
	tr.Close(f, true)
	if string(f.Content) != "one" || f.Size != 11 || f.State != sensor.FileTruncated || f.Hashed || !f.Gaps {
		t.Errorf("%+v", f)
	}
}

func TestTrackerMemory(t *testing.T) {
	tr := New(Config{Memory: 64 << 10})
	var open []*sensor.File
	for range 100 {
		f := tr.Open(nil, sensor.ToClient, nil)
		tr.Write(f, make([]byte, 8<<10))
		open = append(open, f)
	}
	if tr.memory > 64<<10 {
		t.Errorf("%d bytes held", tr.memory)
	}
	for _, f := range open {
		tr.Close(f, true)
		tr.Release(f)
	}
	if tr.memory != 0 {
		t.Errorf("%d bytes held after the last release", tr.memory)
	}
}

func TestTrackerNoAllocation(t *testing.T) {
	tr := New(Config{Hash: true})
	data := bytes.Repeat([]byte("\x01\x02\x03\xff"), 4096)
	name := []byte("file.bin")
	round := func() {
		f := tr.Open(nil, sensor.ToClient, name)
		for i := 0; i < len(data); i += 1460 {
			tr.Write(f, data[i:min(i+1460, len(data))])
		}
		tr.Close(f, true)
		tr.Release(f)
	}
	round()
	round()
	if n := testing.AllocsPerRun(50, round); n != 0 {
		t.Errorf("%v allocations a file", n)
	}
}

package nfs

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func u(list ...uint32) string {
	var b []byte
	for _, v := range list {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return string(b)
}

func op(s string) string { return u(uint32(len(s))) + s + strings.Repeat("\x00", -len(s)&3) }

func calling(xid, version, proc uint32, args string) string {
	return u(xid, 0, 2, program, version, proc, 1, 24) + u(0) + op("box") + u(7, 8, 0) + u(0, 0) + args
}

func replying(xid uint32, results string) string { return u(xid, 1, 0, 0, 0, 0) + results }

func frame(s string) string { return u(1<<31|uint32(len(s))) + s }

func TestVersion3(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", (headMax+4096)/16)
	steps := []Step{C(frame(calling(1, 3, v3Lookup, op("dir")+op("a.exe")))), S(frame(replying(1, u(0)+op("file")+u(0, 0)))),
		C(frame(calling(2, 3, v3Write, op("file")+u(0, 5, 5, 0)+op("world")))),
		C(frame(calling(3, 3, v3Write, op("file")+u(0, 0, 5, 0)+op("hello")))),
		C(frame(calling(4, 3, v3Read, op("file")+u(0, 0, 99)))), S(frame(replying(4, u(0, 0, uint32(len(long)), 0)+op(long)))),
		C(frame(calling(5, 3, v3Commit, op("file")+u(0, 0, 0)))), S(frame(replying(5, u(0))))}
	l := TCP(Protocol(), 2049, nil, 0, steps...)
	if l.Err != nil || len(l.Files) != 2 {
		t.Fatalf("%.500s", l)
	}
	if b, ok := l.Txs[0].Buffer(sensor.NFSProcedureName, sensor.ToClient, 0); !ok || string(b) != "LOOKUP" {
		t.Errorf("procedure %q", b)
	}
	want := `{"version":3,"procedure":"LOOKUP","filename":"a.exe","hhash":"` // the hash is of the handle
	if got := l.EVE(0); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `"id":1,"file_tx":false,"type":"response","status":"OK"},"rpc":{"xid":1,"status":"ACCEPTED","auth_type":"UNIX","creds":{"machine_name":"box","uid":7,"gid":8}}`) {
		t.Error(got)
	}
	f := func(i int, dir sensor.Dir, want string) {
		t.Helper()
		if f := l.Files[i]; f.Dir != dir || string(f.Name) != "a.exe" || string(l.Contents[f]) != want {
			t.Errorf("file %d: %.200s", i, l)
		}
	}
	f(0, sensor.ToServer, "helloworld")
	f(1, sensor.ToClient, long)
	SameCut(t, Protocol(), 2049, nil, steps...)
}

func TestOrder(t *testing.T) {
	w := func(xid, offset uint32, s string) Step {
		return C(calling(xid, 3, v3Write, op("file")+u(0, offset, uint32(len(s)), 0)+op(s)))
	}
	l := UDP(Protocol(), 2049, w(1, 0, "ab"), w(2, 4, "ef"), w(3, 2, "cd"), w(4, 0, "XX"))
	if len(l.Files) != 1 || string(l.Contents[l.Files[0]]) != "abcdef" || l.Files[0].State != sensor.FileClosed {
		t.Errorf("%s", l)
	}
}

func TestVersion4(t *testing.T) {
	args := op("") + u(1, 3) + u(opSequence) + strings.Repeat("s", 32) + u(opPutFH) + op("file") + u(opWrite) + strings.Repeat("i", 16) + u(0, 0, 2) + op("data")
	steps := []Step{C(frame(calling(1, 4, v4Compound, args))),
		C(frame(calling(2, 4, v4Compound, op("")+u(1, 2, opPutFH)+op("file")+u(opClose)+strings.Repeat("i", 20)))), S(frame(replying(2, u(0)+op("")+u(0))))}
	l := TCP(Protocol(), 2049, nil, 0, steps...)
	if len(l.Files) != 1 || string(l.Contents[l.Files[0]]) != "data" || !strings.Contains(l.EVE(0), `"write":{"first":true,"last":true,"last_xid":1,"chunks":1}`) {
		t.Errorf("%s", l)
	}
	SameCut(t, Protocol(), 2049, nil, steps...)
}

func TestLimits(t *testing.T) {
	p := &parser{datagrams: true}
	l := NewLog(sensor.IPProtoUDP, 2049)
	for i := range uint32(2 * handlesMax) {
		p.Parse(sensor.ToServer, []byte(calling(i, 3, v3Write, op(u(i))+u(0, 1, 1, 0)+op("x"))), l)
		p.Parse(sensor.ToServer, []byte(calling(i, 3, v3Lookup, op("d")+op(u(i)))), l)
		p.Parse(sensor.ToClient, []byte(replying(i, u(0)+op(u(i)))), l)
	}
	if len(p.files) > handlesMax || len(p.names) > handlesMax || len(p.pending) > pendingMax || len(p.open) > pendingMax+2*handlesMax {
		t.Errorf("%d files, %d names, %d calls, %d open", len(p.files), len(p.names), len(p.pending), len(p.open))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(slices.Concat([]Step{C(frame(calling(1, 3, v3Lookup, op("dir")+op("a.exe")))), S(frame(replying(1, u(0)+op("file")+u(0, 0))))})...))
	f.Add(Seed(C(frame(calling(1, 4, v4Compound, op("")+u(1, 1, opPutFH)+op("file"))))))
	f.Fuzz(func(t *testing.T, in []byte) {
		SameCut(t, Protocol(), 2049, nil, Dialogue(in)...)
		UDP(Protocol(), 2049, Dialogue(in)...)
	})
}

package smb

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func wide(s string) string {
	var b []byte
	for _, r := range s {
		b = binary.LittleEndian.AppendUint16(b, uint16(r))
	}
	return string(b)
}

// fields puts numbers and texts together, little endian.
func fields(list ...any) string {
	var b []byte
	for _, v := range list {
		switch v := v.(type) {
		case uint8:
			b = append(b, v)
		case uint16:
			b = binary.LittleEndian.AppendUint16(b, v)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		case string:
			b = append(b, v...)
		case int:
			b = append(b, make([]byte, v)...)
		default:
			panic("BUG: field")
		}
	}
	return string(b)
}

func frame(s string) string {
	return fields(uint8(0), uint8(len(s)>>16), uint8(len(s)>>8), uint8(len(s)), s)
}

func v2(command uint16, reply bool, id uint64, tree uint32, body string) string {
	flags := uint32(0)
	if reply {
		flags = 1
	}
	return fields(magic2, uint16(64), uint16(0), uint32(0), command, uint16(1), flags, uint32(0), id, uint32(0), tree, uint64(7), 16, body)
}

func treeConnect(id uint64, path string) string {
	p := wide(path)
	return v2(cmd2TreeConnect, false, id, 0, fields(uint16(9), uint16(0), uint16(72), uint16(len(p)), p))
}

func treeConnected(id uint64, tree uint32, kind uint8) string {
	return v2(cmd2TreeConnect, true, id, tree, fields(uint16(16), kind, uint8(0), 12))
}

func create(id uint64, tree uint32, name string) string {
	p := wide(name)
	return v2(cmd2Create, false, id, tree, fields(uint16(57), 34, uint32(1), uint32(0x1000), uint16(64+56), uint16(len(p)), 8, p))
}

func created(id uint64, tree uint32, fid uint64) string {
	return v2(cmd2Create, true, id, tree, fields(uint16(89), 46, uint64(99), 8, fid, fid, 8))
}

func write(id uint64, tree uint32, fid, offset uint64, data string) string {
	return v2(cmd2Write, false, id, tree, fields(uint16(49), uint16(112), uint32(len(data)), offset, fid, fid, 16, data))
}

func readReq(id uint64, tree uint32, fid, offset uint64) string {
	return v2(cmd2Read, false, id, tree, fields(uint16(49), uint16(0), uint32(9), offset, fid, fid, 16))
}

func readRes(id uint64, tree uint32, data string) string {
	return v2(cmd2Read, true, id, tree, fields(uint16(17), uint8(80), uint8(0), uint32(len(data)), 8, data))
}

func closing(id uint64, tree uint32, fid uint64) string {
	return v2(cmd2Close, false, id, tree, fields(uint16(24), 6, fid, fid))
}

func share(name string, kind uint8) []Step {
	return []Step{C(frame(treeConnect(1, `\\h\`+name))), S(frame(treeConnected(1, 5, kind)))}
}

func opened(name string) []Step {
	return append(share("data", 1), C(frame(create(2, 5, name))), S(frame(created(2, 5, 42))))
}

func closed(id uint64) []Step {
	return []Step{C(frame(closing(id, 5, 42))), S(frame(v2(cmd2Close, true, id, 5, fields(uint16(60), 58))))}
}

func TestFiles(t *testing.T) {
	f := func(name string, dir sensor.Dir, want string, state sensor.FileState, anomalies int, steps ...Step) {
		t.Helper()
		all := slices.Concat(opened("a.exe"), steps, closed(99))
		l := TCP(Protocol(), 445, nil, 0, all...)
		if l.Err != nil || len(l.Files) != 1 || string(l.Contents[l.Files[0]]) != want || l.Files[0].State != state ||
			string(l.Files[0].Name) != "a.exe" || l.Files[0].Dir != dir || len(l.Files[0].Tx.Base().Anomalies[dir]) != anomalies {
			t.Errorf("%s: %.600s", name, l)
		}
		SameCut(t, Protocol(), 445, nil, all...)
	}
	w := func(id, offset uint64, data string) Step { return C(frame(write(id, 5, 42, offset, data))) }
	f("write", sensor.ToServer, "hello", sensor.FileClosed, 0, w(3, 0, "hel"), w(4, 3, "lo"))
	f("out of order", sensor.ToServer, "hello", sensor.FileClosed, 0, w(3, 3, "lo"), w(4, 0, "hel"))
	f("overlap", sensor.ToServer, "hello", sensor.FileClosed, 1, w(3, 0, "he"), w(4, 0, "XXllo"))
	f("hole", sensor.ToServer, "helo", sensor.FileTruncated, 0, w(3, 0, "he"), w(4, 3, "lo"))
	long := strings.Repeat("0123456789abcdef", (headMax+1024)/16)
	f("long", sensor.ToServer, long+"!", sensor.FileClosed, 0, w(3, 0, long), w(4, uint64(len(long)), "!"))
	f("read", sensor.ToClient, "hello", sensor.FileClosed, 0, C(frame(readReq(3, 5, 42, 0)+"")), C(frame(readReq(4, 5, 42, 3))),
		S(frame(readRes(4, 5, "lo"))), S(frame(readRes(3, 5, "hel"))))
}

func TestCommands(t *testing.T) {
	l := TCP(Protocol(), 445, nil, 0, opened("x")...)
	f := func(i int, want string) {
		t.Helper()
		if got := l.EVE(i); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	f(0, `{"id":1,"dialect":"unknown","command":"SMB2_COMMAND_TREE_CONNECT","status":"STATUS_SUCCESS","status_code":"0x0","session_id":7,"tree_id":5,"share":"\\\\h\\data","share_type":"FILE"}`)
	f(1, `{"id":2,"dialect":"unknown","command":"SMB2_COMMAND_CREATE","status":"STATUS_SUCCESS","status_code":"0x0","session_id":7,"tree_id":5,"filename":"x","disposition":"FILE_OPEN","access":"delete on close","created":0,"accessed":0,"modified":0,"changed":0,"size":99,"fuid":"0000002a-0000-0000-2a00-000000000000"}`)
	if b, ok := l.Txs[0].Buffer(sensor.SMBShare, sensor.ToServer, 0); !ok || string(b) != `\\h\data` {
		t.Errorf("share %q", b)
	}
	l = TCP(Protocol(), 445, nil, 0, share("IPC$", 2)...)
	if b, ok := l.Txs[0].Buffer(sensor.SMBNamedPipe, sensor.ToServer, 0); !ok || string(b) != `\\h\IPC$` {
		t.Errorf("pipe %q", b)
	}
}

func TestPipe(t *testing.T) {
	bind := "\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00" + fields(uint32(0), uint32(0), uint32(1), uint16(0), uint16(1),
		"\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03", uint32(2), 20)
	steps := slices.Concat(share("IPC$", 2), []Step{C(frame(create(2, 5, "svcctl"))), S(frame(created(2, 5, 42))),
		C(frame(write(3, 5, 42, 0, bind[:20]))), C(frame(write(4, 5, 42, 0, bind[20:])))}, closed(9))
	l := TCP(Protocol(), 445, nil, 0, steps...)
	if len(l.Files) != 0 || len(l.Txs) != 4 || !strings.Contains(l.EVE(2), `"dcerpc":{"request":"BIND","response":"UNREPLIED","interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003"`) {
		t.Errorf("%s", l)
	}
	SameCut(t, Protocol(), 445, nil, steps...)
}

func TestCompound(t *testing.T) {
	related := func(s string) string { return s[:16] + "\x04" + s[17:] }
	part := func(s string) string { // with the offset of the next command
		s += strings.Repeat("\x00", (8-len(s)%8)%8)
		return s[:20] + fields(uint32(len(s))) + s[24:]
	}
	all := ^uint64(0)
	steps := append(share("data", 1), C(frame(part(create(2, 5, "n"))+part(related(write(3, 5, all, 0, "body")))+related(closing(4, 5, all)))),
		S(frame(part(created(2, 5, 42))+v2(cmd2Close, true, 4, 5, fields(uint16(60), 58)))))
	l := TCP(Protocol(), 445, nil, 0, steps...)
	if len(l.Files) != 1 || string(l.Contents[l.Files[0]]) != "body" || string(l.Files[0].Name) != "n" || l.Files[0].State != sensor.FileClosed {
		t.Errorf("%s", l)
	}
}

func TestLimits(t *testing.T) {
	var steps []Step
	for i := range uint64(2 * handlesMax) {
		steps = append(steps, C(frame(write(i, 5, i, 0, "x"))))
	}
	l := TCP(Protocol(), 445, nil, 0, steps...)
	if len(l.Files) != 2*handlesMax {
		t.Errorf("%d files", len(l.Files))
	}
	p := newParser()
	l = NewLog(6, 445)
	for i := range uint64(1000) {
		b := frame(write(i, 5, 1, 2*i+5000, strings.Repeat("x", 1)))
		p.Parse(sensor.ToServer, []byte(b), l)
	}
	if len(p.pending) > pendingMax {
		t.Errorf("%d requests", len(p.pending))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(slices.Concat(opened("a"), []Step{C(frame(write(3, 5, 42, 0, "hello")))}, closed(9))...))
	f.Add(Seed(C(frame(fields(magic1, uint8(cmd1Negotiate), 5, uint16(0), 12, 8, uint8(0), uint16(12), "\x02NT LM 0.12\x00")))))
	f.Add(Seed(C(frame(fields(magic1, uint8(cmd1WriteAndX), 27, uint8(12), uint8(255), 3, uint16(1), 14, uint16(3), uint16(60), uint16(3), "abc")))))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 445, nil, Dialogue(in)...) })
}

package ftp

import (
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func TestCommands(t *testing.T) {
	f := func(name, want string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 21, nil, 0, steps...)
		if got := l.EVE(len(l.Txs) - 1); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		SameCut(t, Protocol(), 21, nil, steps...)
	}
	f("greeting", `{"completion_code":["220","220"],"reply":["a","b"],"reply_received":"yes","reply_truncated":false}`, S("220-a\r\n220 b\r\n"))
	f("reply", `{"command":"PASS","command_data":"x y","command_truncated":false,"completion_code":["230"],"reply":["ok"],"reply_received":"yes","reply_truncated":false}`,
		C("pass x y\r\n"), S("230 ok\r\n"))
	f("preliminary", `{"command":"NLST","command_truncated":false,"completion_code":["150","226"],"reply":["a","b"],"reply_received":"yes","reply_truncated":false}`,
		C("NLST\r\n"), S("150 a\r\n226 b\r\n"))
	f("lines without code", `{"command":"FEAT","command_truncated":false,"completion_code":["211","211"],"reply":["a"," EPRT","end"],"reply_received":"yes","reply_truncated":false}`,
		C("FEAT\r\n"), S("211-a\r\n EPRT\r\n211 end\r\n"))
	f("no reply", `{"command":"QUIT","command_truncated":false,"reply_received":"no","reply_truncated":false}`, C("QUIT\r\n"))
	f("port", `{"command":"PORT","command_data":"192,0,2,1,1,2","command_truncated":false,"completion_code":["200"],"reply":["k"],"mode":"active","dynamic_port":258,"reply_received":"yes","reply_truncated":false}`,
		C("PORT 192,0,2,1,1,2\r\n"), S("200 k\r\n"))
	f("epsv", `{"command":"EPSV","command_truncated":false,"completion_code":["229"],"reply":["x (|||6446|)"],"mode":"passive","dynamic_port":6446,"reply_received":"yes","reply_truncated":false}`,
		C("EPSV\r\n"), S("229 x (|||6446|)\r\n"))
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("A", 9000)
	steps := []Step{C("RETR " + long + "\r\n"), S("500 x\r\n"), C("PASV\r\n"), S("227 " + long + "\r\n")}
	l := TCP(Protocol(), 21, nil, 0, steps...)
	a, b := l.Txs[0].(*Tx), l.Txs[1].(*Tx)
	if len(l.Txs) != 2 || len(a.data) != lineMax-5 || !a.cut[0] || a.cut[1] || !b.cut[1] || a.Anomalies[0][0] != CommandTooLong || b.Anomalies[1][0] != ResponseTooLong {
		t.Errorf("%.300s", l)
	}
	SameCut(t, Protocol(), 21, nil, steps...)
	l = TCP(Protocol(), 21, nil, 0, C(strings.Repeat("NOOP\r\n", 3*queueMax)))
	if len(l.Txs) != 3*queueMax {
		t.Errorf("%d transactions", len(l.Txs))
	}
}

func TestTransfer(t *testing.T) {
	f := func(name, server, command string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 21, nil, 0, steps...)
		if len(l.Expected) != 1 || l.Expected[0].Server.Addr.String() != server {
			t.Errorf("%s: %s", name, l)
			return
		}
		d := TCP(DataProtocol(), l.Expected[0].Server.Port, l.Expected[0].Context, 3, S("content"))
		want := `{"filename":"f","command":"` + command + `"}`
		if d.EVE(0) != want || len(d.Files) != 1 || string(d.Contents[d.Files[0]]) != "content" || d.Files[0].State != sensor.FileClosed {
			t.Errorf("%s: %s", name, d)
		}
	}
	f("passive", "192.0.2.2", "RETR", C("PASV\r\n"), S("227 Entering Passive Mode (10,0,0,1,185,13).\r\n"), C("RETR f\r\n"))
	f("active", "192.0.2.1", "STOR", C("PORT 192,0,2,1,1,2\r\n"), S("200 k\r\n"), C("STOR f\r\n"), S("150 k\r\n"))
	f("eprt", "192.0.2.1", "APPE", C("EPRT |1|192.0.2.1|5282|\r\n"), S("200 k\r\n"), C("APPE f\r\n"), S("150 k\r\n"))
	l := TCP(Protocol(), 21, nil, 0, C("PORT 10,0,0,9,1,2\r\n"), S("200 k\r\n"))
	if n, ok := l.Txs[0].Number(sensor.FTPBounce, sensor.ToServer, 0); n != 1 || !ok || len(l.Expected) != 0 {
		t.Errorf("bounce: %s", l)
	}
}

func TestUpgrade(t *testing.T) {
	if l := TCP(Protocol(), 21, nil, 0, C("AUTH TLS\r\n"), S("234 go\r\n")); !l.Upgraded {
		t.Errorf("%s", l)
	}
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := Protocol().Probe(dir, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%q port %d: %d, want %d", s, port, got, want)
		}
	}
	f(sensor.ToServer, 6667, "PASS x\r\n", sensor.No)
	f(sensor.ToServer, 21, "quit\r\n", sensor.Yes)
	f(sensor.ToServer, 21, "US", sensor.More)
	f(sensor.ToClient, 2121, "220 (vsFTPd 2.3.5)\r\n", sensor.Yes)
	f(sensor.ToClient, 2121, "220 x\r\n", sensor.No)
	f(sensor.ToClient, 21, "220 x\r\n", sensor.Yes)
	f(sensor.ToClient, 21, "220 x ESMTP\r\n", sensor.No)
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(S("220-a\r\n220 b\r\n"), C("PORT 192,0,2,1,1,2\r\nRETR x\r\n"), S("200 k\r\n150 x\r\n226 y\r\n")))
	f.Add(Seed(C("EPSV\r\nPASV\r\nAUTH TLS\r\n"), S("229 (|||1|)\r\n227 =1,2,3,4,5,6\r\n234\r\n")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 21, nil, Dialogue(in)...) })
}

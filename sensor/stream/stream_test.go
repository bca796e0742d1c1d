package stream

import (
	"fmt"
	"slices"
	"testing"

	"khien/sensor"
)

// recorder is a Sink that keeps what it is told.
type recorder struct {
	data [2][]byte
	gaps [2]int
	ends [2]int
	bad  string
}

func (r *recorder) Bytes(dir sensor.Dir, data []byte, offset uint64) {
	if want := uint64(len(r.data[dir]) + r.gaps[dir]); offset != want {
		r.bad = fmt.Sprintf("%v: bytes at %d, want %d", dir, offset, want)
	}
	if r.ends[dir] > 0 {
		r.bad = fmt.Sprintf("%v: bytes behind the end", dir)
	}
	r.data[dir] = append(r.data[dir], data...)
}

func (r *recorder) Gap(dir sensor.Dir, n int, offset uint64) {
	if want := uint64(len(r.data[dir]) + r.gaps[dir]); offset != want || n <= 0 {
		r.bad = fmt.Sprintf("%v: gap of %d at %d, want %d", dir, n, offset, want)
	}
	r.gaps[dir] += n
}

func (r *recorder) End(dir sensor.Dir) { r.ends[dir]++ }

// talk is a connection under test and the numbers of both sides.
type talk struct {
	t    testing.TB
	pool *Pool
	conn *Conn
	flow sensor.Flow
	out  recorder
	pkt  sensor.Packet
	last sensor.Segment
	isn  [2]uint32
}

func newTalk(t testing.TB, c Config) *talk {
	k := &talk{t: t, pool: NewPool(c), isn: [2]uint32{1000, 5000}}
	k.conn = k.pool.Get()
	return k
}

// send gives a segment to the connection; seq and ack are relative to the initial numbers.
func (k *talk) send(dir sensor.Dir, flags uint8, seq, ack uint32, data string) bool {
	k.pkt.Number++
	k.pkt.Time += 1e6
	k.last = sensor.Segment{Packet: &k.pkt, IPVersion: 4, IPProto: sensor.IPProtoTCP, Flags: flags,
		Seq: k.isn[dir] + seq, Window: 65535, WindowScale: -1, Payload: []byte(data)}
	if flags&sensor.ACK != 0 {
		k.last.Ack = k.isn[dir.Reverse()] + ack
	}
	return k.conn.Segment(&k.flow, &k.last, dir, &k.out)
}

const (
	toServer, toClient = sensor.ToServer, sensor.ToClient
	syn, ack, fin, rst = sensor.SYN, sensor.ACK, sensor.FIN, sensor.RST
	push               = sensor.ACK | sensor.PSH
)

func (k *talk) handshake() {
	k.t.Helper()
	ok := k.send(toServer, syn, 0, 0, "") && k.send(toClient, syn|ack, 0, 1, "") && k.send(toServer, ack, 1, 1, "")
	if !ok || k.conn.State() != sensor.TCPEstablished {
		k.t.Fatalf("handshake: %v, state %v, %v", ok, k.conn.State(), k.last.Anomalies)
	}
}

// finish ends the flow and checks what was delivered and that no memory is left behind.
func (k *talk) finish(toServerWant, toClientWant string) {
	k.t.Helper()
	k.conn.Flush(&k.out)
	k.conn.Flush(&k.out)
	if k.out.bad != "" {
		k.t.Error(k.out.bad)
	}
	for d, want := range [2]string{toServerWant, toClientWant} {
		if got := string(k.out.data[d]); got != want {
			k.t.Errorf("%v: %q, want %q", sensor.Dir(d), got, want)
		}
		if k.out.ends[d] > 1 {
			k.t.Errorf("%v: %d ends", sensor.Dir(d), k.out.ends[d])
		}
	}
	k.pool.Put(k.conn)
	if n := k.pool.Held(); n != 0 {
		k.t.Errorf("%d bytes still held", n)
	}
}

func TestDelivery(t *testing.T) {
	k := newTalk(t, Config{})
	k.handshake()
	k.send(toServer, push, 1, 1, "GET / HTTP/1.1\r\n")
	if len(k.out.data[0]) != 0 {
		t.Error("delivered before it was acknowledged")
	}
	k.send(toClient, ack, 1, 17, "")
	if got := string(k.out.data[0]); got != "GET / HTTP/1.1\r\n" {
		t.Errorf("after the acknowledgement: %q", got)
	}
	k.send(toServer, push, 17, 1, "\r\n")
	k.send(toClient, push, 1, 19, "200 OK")
	k.send(toServer, fin|ack, 19, 7, "")
	if k.flow.TCPState != sensor.TCPCloseWait || k.flow.State != sensor.FlowEstablished {
		t.Errorf("after the client's FIN: %v %v", k.flow.TCPState, k.flow.State)
	}
	k.send(toClient, fin|ack, 7, 20, "")
	if k.flow.TCPState != sensor.TCPLastAck || k.out.ends[0] != 1 {
		t.Errorf("after the server's FIN: %v, %d ends", k.flow.TCPState, k.out.ends[0])
	}
	k.send(toServer, ack, 20, 8, "")
	if k.flow.TCPState != sensor.TCPClosed || k.flow.State != sensor.FlowClosed || k.out.ends[1] != 1 {
		t.Errorf("at the end: %v %v, %d ends", k.flow.TCPState, k.flow.State, k.out.ends[1])
	}
	if k.flow.StreamSize != [2]uint64{18, 6} {
		t.Errorf("stream sizes %v", k.flow.StreamSize)
	}
	k.finish("GET / HTTP/1.1\r\n\r\n", "200 OK")
}

func TestEvents(t *testing.T) {
	f := func(name string, script func(k *talk), state sensor.TCPState) {
		t.Helper()
		k := newTalk(t, Config{})
		script(k)
		if name != "" && !slices.Contains(k.last.Anomalies, name) {
			t.Errorf("%s: anomalies %v", name, k.last.Anomalies)
		}
		if k.conn.State() != state {
			t.Errorf("%s: state %v, want %v", name, k.conn.State(), state)
		}
	}
	half := func(k *talk) { k.send(toServer, syn, 0, 0, ""); k.send(toClient, syn|ack, 0, 1, "") }
	f("stream.rst_but_no_session", func(k *talk) { k.send(toServer, rst, 1, 0, "") }, sensor.TCPNone)
	f("stream.fin_but_no_session", func(k *talk) { k.send(toServer, fin|ack, 1, 1, "") }, sensor.TCPNone)
	f("stream.3whs_synack_with_wrong_ack", func(k *talk) {
		k.send(toServer, syn, 0, 0, "")
		k.send(toClient, syn|ack, 0, 7, "")
	}, sensor.TCPSynSent)
	f("stream.3whs_synack_in_wrong_direction", func(k *talk) {
		k.send(toServer, syn, 0, 0, "")
		k.send(toServer, syn|ack, 0, 1, "")
	}, sensor.TCPSynSent)
	f("stream.3whs_ack_in_wrong_dir", func(k *talk) { half(k); k.send(toClient, ack, 9, 1, "") }, sensor.TCPSynRecv)
	f("stream.3whs_right_seq_wrong_ack_evasion", func(k *talk) { half(k); k.send(toServer, ack, 1, 77, "") }, sensor.TCPSynRecv)
	f("stream.3whs_wrong_seq_wrong_ack", func(k *talk) { half(k); k.send(toServer, ack, 1<<20, 77, "") }, sensor.TCPSynRecv)
	f("stream.3whs_synack_toserver_on_syn_recv", func(k *talk) { half(k); k.send(toServer, syn|ack, 0, 1, "") }, sensor.TCPSynRecv)
	f("stream.3whs_synack_resend_with_different_ack", func(k *talk) { half(k); k.send(toClient, syn|ack, 0, 9, "") }, sensor.TCPSynRecv)
	f("stream.3whs_synack_resend_with_diff_seq", func(k *talk) { half(k); k.send(toClient, syn|ack, 9, 1, "") }, sensor.TCPSynRecv)
	f("", func(k *talk) { half(k); k.send(toClient, syn|ack, 9, 1, ""); k.send(toServer, ack, 1, 10, "") }, sensor.TCPEstablished)
	f("stream.3whs_synack_flood", func(k *talk) {
		half(k)
		for i := range uint32(maxSynAcks + 1) {
			k.send(toClient, syn|ack, 10+i, 1, "")
		}
	}, sensor.TCPSynRecv)
	f("stream.3whs_syn_toclient_on_syn_recv", func(k *talk) { half(k); k.send(toClient, syn, 0, 0, "") }, sensor.TCPSynRecv)
	f("stream.3whs_syn_resend_diff_seq_on_syn_recv", func(k *talk) { half(k); k.send(toServer, syn, 3, 0, "") }, sensor.TCPSynRecv)
	f("stream.est_packet_out_of_window", func(k *talk) { k.handshake(); k.send(toServer, ack, 1<<20, 1, "x") }, sensor.TCPEstablished)
	f("stream.est_invalid_ack", func(k *talk) { k.handshake(); k.send(toServer, ack, 1, 1<<20, "") }, sensor.TCPEstablished)
	f("stream.est_synack_toserver", func(k *talk) { k.handshake(); k.send(toServer, syn|ack, 0, 1, "") }, sensor.TCPEstablished)
	f("stream.est_synack_resend", func(k *talk) { k.handshake(); k.send(toClient, syn|ack, 0, 1, "") }, sensor.TCPEstablished)
	f("stream.est_synack_resend_with_diff_seq", func(k *talk) { k.handshake(); k.send(toClient, syn|ack, 4, 1, "") }, sensor.TCPEstablished)
	f("stream.est_synack_resend_with_different_ack", func(k *talk) { k.handshake(); k.send(toClient, syn|ack, 0, 2, "") }, sensor.TCPEstablished)
	f("stream.est_syn_resend", func(k *talk) { k.handshake(); k.send(toServer, syn, 0, 0, "") }, sensor.TCPEstablished)
	f("stream.est_syn_resend_diff_seq", func(k *talk) { k.handshake(); k.send(toServer, syn, 5, 0, "") }, sensor.TCPEstablished)
	f("stream.est_syn_toclient", func(k *talk) { k.handshake(); k.send(toClient, syn, 5, 0, "") }, sensor.TCPEstablished)
	f("stream.fin_out_of_window", func(k *talk) { k.handshake(); k.send(toServer, fin|ack, 1<<20, 1, "") }, sensor.TCPEstablished)
	f("stream.shutdown_syn_resend", func(k *talk) {
		k.handshake()
		k.send(toServer, fin|ack, 1, 1, "")
		k.send(toServer, syn, 0, 0, "")
	}, sensor.TCPCloseWait)
	f("", func(k *talk) { k.handshake(); k.send(toClient, fin|ack, 1, 1, "") }, sensor.TCPFinWait1)
	f("", func(k *talk) { k.handshake(); k.send(toClient, fin|ack, 1, 1, ""); k.send(toServer, ack, 1, 2, "") }, sensor.TCPFinWait2)
	f("", func(k *talk) {
		k.handshake()
		k.send(toClient, fin|ack, 1, 1, "")
		k.send(toServer, fin|ack, 1, 1, "")
	}, sensor.TCPClosing)
	f("", func(k *talk) {
		k.handshake()
		k.send(toClient, fin|ack, 1, 1, "")
		k.send(toServer, fin|ack, 1, 2, "")
	}, sensor.TCPTimeWait)
	f("stream.pkt_broken_ack", func(k *talk) {
		k.handshake()
		s := k.last
		s.Flags, s.Ack, s.Anomalies = sensor.PSH, 7, nil
		k.conn.Segment(&k.flow, &s, toServer, &k.out)
		k.last = s
	}, sensor.TCPEstablished)
	f("stream.fin_syn", func(k *talk) { k.send(toServer, syn|fin, 0, 0, "") }, sensor.TCPNone)
	f("stream.rst_invalid_ack", func(k *talk) { k.handshake(); k.send(toServer, rst|ack, 1, 1<<20, "") }, sensor.TCPEstablished)
	f("", func(k *talk) { k.handshake(); k.send(toServer, rst|ack, 1, 1, "") }, sensor.TCPClosed)
	f("", func(k *talk) { k.handshake(); k.send(toServer, rst|ack, 99, 1, "") }, sensor.TCPEstablished)
	f("stream.suspected_rst_inject", func(k *talk) {
		k.handshake()
		k.send(toServer, rst|ack, 1, 1, "")
		k.send(toServer, push, 1, 1, "GET")
	}, sensor.TCPEstablished)
	f("stream.pkt_spurious_retransmission", func(k *talk) {
		k.handshake()
		k.send(toServer, push, 1, 1, "abc")
		k.send(toClient, ack, 1, 4, "")
		k.send(toServer, push, 1, 1, "ab")
	}, sensor.TCPEstablished)
	f("stream.reassembly_overlap_different_data", func(k *talk) {
		k.handshake()
		k.send(toServer, push, 1, 1, "abc")
		k.send(toServer, push, 1, 1, "aXc")
	}, sensor.TCPEstablished)
	f("stream.reassembly_seq_gap", func(k *talk) {
		k.handshake()
		k.send(toServer, push, 4, 1, "def")
		k.send(toClient, ack, 1, 7, "")
	}, sensor.TCPEstablished)
}

func TestTimestamps(t *testing.T) {
	k := newTalk(t, Config{})
	stamped := func(dir sensor.Dir, flags uint8, seq, ackn uint32, data string, ts uint32) bool {
		k.pkt.Time += 1e6
		k.last = sensor.Segment{Packet: &k.pkt, Flags: flags, Seq: k.isn[dir] + seq, Window: 65535, WindowScale: -1,
			Payload: []byte(data), HasTS: true, TSVal: ts}
		if flags&ack != 0 {
			k.last.Ack = k.isn[dir.Reverse()] + ackn
		}
		return k.conn.Segment(&k.flow, &k.last, dir, &k.out)
	}
	stamped(toServer, syn, 0, 0, "", 100)
	stamped(toClient, syn|ack, 0, 1, "", 900)
	stamped(toServer, push, 1, 1, "abc", 110)
	if stamped(toServer, push, 4, 1, "old", 90) || !slices.Contains(k.last.Anomalies, "stream.pkt_invalid_timestamp") {
		t.Error("a segment with an old timestamp was taken")
	}
	stamped(toServer, push, 4, 1, "new", 110)
	stamped(toClient, ack, 1, 7, "", 901)
	k.finish("abcnew", "")
}

func TestGapAndDepth(t *testing.T) {
	k := newTalk(t, Config{})
	k.handshake()
	k.send(toServer, push, 1, 1, "abc")
	k.send(toServer, push, 7, 1, "ghi")
	k.send(toClient, ack, 1, 10, "")
	if k.out.gaps[0] != 3 || !k.flow.Gap {
		t.Errorf("gap of %d, flow %v", k.out.gaps[0], k.flow.Gap)
	}
	k.finish("abcghi", "")

	k = newTalk(t, Config{})
	k.handshake()
	k.send(toServer, push, 4, 1, "def")
	k.conn.Flush(&k.out)
	if k.out.gaps[0] != 3 || !k.flow.Gap {
		t.Errorf("at the end: gap of %d, flow %v", k.out.gaps[0], k.flow.Gap)
	}
	k.finish("def", "")

	k = newTalk(t, Config{Depth: 4})
	k.handshake()
	k.send(toServer, push, 1, 1, "abc")
	k.send(toServer, push, 4, 1, "def")
	k.send(toServer, push, 7, 1, "ghi")
	k.send(toServer, fin|ack, 10, 1, "")
	k.send(toClient, ack, 1, 11, "")
	if k.out.gaps[0] != 0 || k.out.ends[0] != 1 {
		t.Errorf("beyond the depth: %d gaps, %d ends", k.out.gaps[0], k.out.ends[0])
	}
	if k.flow.StreamSize[0] != 9 {
		t.Errorf("stream size %d", k.flow.StreamSize[0])
	}
	k.finish("abcd", "")

	k = newTalk(t, Config{MemCap: 200})
	k.handshake()
	k.send(toServer, push, 1, 1, "abc")
	k.send(toServer, push, 4, 1, "def")
	k.send(toClient, ack, 1, 7, "")
	if k.pool.Dropped() != 1 || k.out.gaps[0] != 3 {
		t.Errorf("without room: %d dropped, gap of %d", k.pool.Dropped(), k.out.gaps[0])
	}
	k.finish("abc", "")
}

func TestPickUp(t *testing.T) {
	k := newTalk(t, Config{})
	k.send(toServer, push, 100, 100, "abc")
	k.send(toClient, ack, 100, 103, "")
	k.finish("", "")

	k = newTalk(t, Config{Midstream: true})
	k.send(toServer, push, 100, 100, "abc")
	k.send(toClient, push, 100, 103, "xyz")
	if !k.flow.Midstream || k.flow.State != sensor.FlowEstablished {
		t.Errorf("midstream %v, state %v", k.flow.Midstream, k.flow.State)
	}
	k.finish("abc", "xyz")

	k = newTalk(t, Config{OneSided: true})
	k.send(toServer, syn, 0, 0, "")
	k.send(toServer, ack, 1, 1, "")
	k.send(toServer, push, 1, 1, "abc")
	k.send(toServer, push, 4, 9000, "def")
	if got := string(k.out.data[0]); got != "abcdef" {
		t.Errorf("one side only: %q", got)
	}
	k.finish("abcdef", "")
}

func TestUrgent(t *testing.T) {
	for _, inline := range []bool{false, true} {
		k := newTalk(t, Config{UrgentInline: inline})
		k.handshake()
		k.pkt.Number++
		s := sensor.Segment{Packet: &k.pkt, Flags: push | sensor.URG, Seq: k.isn[0] + 1, Ack: k.isn[1] + 1, Window: 65535,
			WindowScale: -1, Urgent: 3, Payload: []byte("GEXT")}
		k.conn.Segment(&k.flow, &s, toServer, &k.out)
		k.send(toClient, ack, 1, 5, "")
		k.finish(map[bool]string{false: "GET", true: "GEXT"}[inline], "")
	}
}

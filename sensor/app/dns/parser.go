package dns

import (
	"encoding/binary"
	"errors"

	"khien/sensor"
)

// Anomalies.
const (
	anomMalformed   = "malformed_data"      // lengths or names that leave the message
	anomNotRequest  = "not_request"         // a response where a request belongs
	anomNotResponse = "not_response"        // a request where a response belongs
	anomZ           = "z_flag_set"          // the reserved bit is set
	anomOpcode      = "invalid_opcode"      // an opcode that is not assigned
	anomNameLong    = "name_too_long"       // a name longer than nameMax
	anomLoop        = "infinite_loop"       // compression pointers that form a loop
	anomLabels      = "too_many_labels"     // a name of more than labelsMax labels
	anomAdditionals = "invalid_additionals" // the additional section cannot be read
	anomAuthorities = "invalid_authorities" // the authority section cannot be read
)

// Limits of what a parser keeps.
const (
	freeMax    = 8       // transactions kept for reuse
	freeBytes  = 8 << 10 // memory of a kept transaction
	brokenMax  = 8       // unreadable messages in a row before a flow is given up
	lengthSize = 2       // length in front of a message over TCP (RFC 1035, 4.2.2)
)

var errGivenUp = errors.New("dns: too many unreadable messages")

// parser reads the messages of one flow.
type parser struct {
	proto  sensor.Proto
	stream bool
	nextID uint64
	broken int
	lost   [2]bool // bytes are missing: look for a message that reads well
	free   []*tx
	quiet  [quietMax]int // message numbers whose answers get no record, each plus one
	quiets int
}

// quietMax bounds the requests without a record whose answers are still to come.
const quietMax = 16

// Parse reads the messages in data.
func (p *parser) Parse(dir sensor.Dir, data []byte, out sensor.Emitter) (int, error) {
	if !p.stream {
		return len(data), p.message(dir, data, out)
	}
	used := 0
	for {
		rest := data[used:]
		if len(rest) < lengthSize {
			return used, nil
		}
		n := int(binary.BigEndian.Uint16(rest))
		if p.lost[dir] {
			// The stream goes on at a place that need not be the start of a message.
			if n < headerLen || len(rest) >= lengthSize+headerLen && !plausible(rest[lengthSize:], n) {
				return len(data), nil
			}
		}
		if len(rest)-lengthSize < n {
			return used, nil
		}
		p.lost[dir] = false
		if err := p.message(dir, rest[lengthSize:lengthSize+n], out); err != nil {
			return used, err
		}
		used += lengthSize + n
	}
}

// Gap resumes with the next bytes that look like a message.
func (p *parser) Gap(dir sensor.Dir, n int, out sensor.Emitter) error {
	p.lost[dir] = true
	return nil
}

// Close has nothing to end: every message is complete when it is reported.
func (p *parser) Close(dir sensor.Dir, out sensor.Emitter) {}

func (p *parser) newTx() *tx {
	if t := sensor.Take(&p.free); t != nil {
		return t
	}
	return &tx{parser: p}
}

// message reports one message.
func (p *parser) message(dir sensor.Dir, data []byte, out sensor.Emitter) error {
	if p.proto == sensor.ProtoDNS {
		out.Frame(sensor.FrameDNSPDU, dir, data, len(data))
	}
	t := p.newTx()
	anomalies := [2][]string{t.Anomalies[0][:0], t.Anomalies[1][:0]}
	t.TxBase = sensor.TxBase{ID: p.nextID, Proto: p.proto, Anomalies: anomalies}
	p.nextID++
	t.dir = dir
	t.broken = t.Message.Parse(data) != nil
	t.response = p.response(t, out.Flow())
	p.judge(t)
	t.Logged = p.hush(t)
	t.Done[dir], t.Done[dir.Reverse()] = sensor.ProgressComplete, sensor.ProgressComplete
	if t.broken {
		p.broken++
	} else {
		p.broken = 0
	}
	out.Tx(t, dir)
	out.Done(t)
	if p.broken >= brokenMax {
		return errGivenUp
	}
	return nil
}

// hush marks the answer as logged when a rule wants no record of the exchange: then its request was marked so in both
// directions, though it has a record in one only.
func (p *parser) hush(t *tx) (logged [2]bool) {
	if !t.response {
		return logged
	}
	for i, id := range p.quiet {
		if id == int(t.MsgID)+1 {
			p.quiet[i] = 0
			return [2]bool{true, true}
		}
	}
	return logged
}

// response tells whether a message is taken for a response. Between a client and a server the direction says so, and a
// message that says otherwise is odd; where neither port is the server's, or where all speak to a multicast group, only
// the message knows.
func (p *parser) response(t *tx, f *sensor.Flow) bool {
	if p.proto == sensor.ProtoDNS && (f.DstPort == portDNS) != (f.SrcPort == portDNS) {
		return (f.DstPort == portDNS) == (t.dir == sensor.ToClient)
	}
	return t.Response()
}

// judge notes what is wrong with a message.
func (p *parser) judge(t *tx) {
	a := t.Anomalies[t.dir]
	if t.broken {
		a = append(a, anomMalformed)
	}
	if t.response && !t.Response() {
		a = append(a, anomNotResponse)
	}
	if !t.response && t.Response() {
		a = append(a, anomNotRequest)
	}
	if p.proto == sensor.ProtoDNS && t.Flags&flagZ != 0 {
		a = append(a, anomZ)
	}
	if t.Opcode() > p.opcodeMax() {
		a = append(a, anomOpcode)
	}
	if t.odd&nameTooLong != 0 {
		a = append(a, anomNameLong)
	}
	if t.odd&nameLoops != 0 {
		a = append(a, anomLoop)
	}
	if t.odd&nameTooManyLabels != 0 {
		a = append(a, anomLabels)
	}
	if t.malformed[secAdditional] {
		a = append(a, anomAdditionals)
	}
	if t.malformed[secAuthority] {
		a = append(a, anomAuthorities)
	}
	t.Anomalies[t.dir] = a
}

// opcodeMax returns the highest opcode of the protocol: multicast DNS and LLMNR know only queries (RFC 6762, 18.3;
// RFC 4795, 2.1.1).
func (p *parser) opcodeMax() uint16 {
	if p.proto == sensor.ProtoDNS {
		return opcodeMax
	}
	return 0
}

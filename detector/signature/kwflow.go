package signature

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"khien/sensor"
)

// flowKeywords look at the flow of the packet and remember things about it.
func flowKeywords() []keyword {
	return []keyword{
		{"flow", argNeed, (*builder).flow},
		{"flowbits", argNeed, (*builder).flowBits},
		{"flowint", argNeed, (*builder).flowInt},
		{"stream_size", argNeed, (*builder).streamSize},
		flowNumber("flow.age", func(f *sensor.Flow, _ dirs) uint64 { return uint64(max(0, f.Last/1e9-f.Start/1e9)) }),
		flowNumber("flow.pkts_toserver", func(f *sensor.Flow, _ dirs) uint64 { return f.Packets[0] }),
		flowNumber("flow.pkts_toclient", func(f *sensor.Flow, _ dirs) uint64 { return f.Packets[1] }),
		flowNumber("flow.bytes_toserver", func(f *sensor.Flow, _ dirs) uint64 { return f.Bytes[0] }),
		flowNumber("flow.bytes_toclient", func(f *sensor.Flow, _ dirs) uint64 { return f.Bytes[1] }),
		{"flow.pkts", argNeed, func(b *builder, arg string) error {
			return b.flowBoth(arg, func(f *sensor.Flow) [2]uint64 { return f.Packets })
		}},
		{"flow.bytes", argNeed, func(b *builder, arg string) error {
			return b.flowBoth(arg, func(f *sensor.Flow) [2]uint64 { return f.Bytes })
		}},
		flowNumber("flow.elephant", nil),
		{"app-layer-protocol", argNeed, (*builder).appLayerProtocol},
		{"bypass", argNone, func(b *builder, _ string) error { b.s.bypass = true; return nil }},
	}
}

// flowFunc is a condition on the flow.
type flowFunc func(f *sensor.Flow) bool

func (c flowFunc) match(m *Matcher) bool { return m.flow != nil && c(m.flow) }

func flowNumber(name string, get func(*sensor.Flow, dirs) uint64) keyword {
	return keyword{name, argNeed, func(b *builder, arg string) error {
		if get == nil {
			return unsupported(name, "flows are not marked as elephants")
		}
		n, err := parseNumber(arg, 64, nil)
		if err != nil {
			return err
		}
		b.s.packet = append(b.s.packet, flowFunc(func(f *sensor.Flow) bool { return n.match(get(f, 0)) }))
		return nil
	}}
}

// flowBoth reads toserver|toclient|either|both,condition.
func (b *builder) flowBoth(arg string, get func(*sensor.Flow) [2]uint64) error {
	which, cond, ok := strings.Cut(arg, ",")
	if !ok {
		return fmt.Errorf("expected direction,condition")
	}
	n, err := parseNumber(cond, 64, nil)
	if err != nil {
		return err
	}
	var f flowFunc
	switch strings.TrimSpace(which) {
	case "toserver":
		f = func(f *sensor.Flow) bool { return n.match(get(f)[0]) }
	case "toclient":
		f = func(f *sensor.Flow) bool { return n.match(get(f)[1]) }
	case "either":
		f = func(f *sensor.Flow) bool { v := get(f); return n.match(v[0]) || n.match(v[1]) }
	case "both":
		f = func(f *sensor.Flow) bool { v := get(f); return n.match(v[0]) && n.match(v[1]) }
	default:
		return fmt.Errorf("direction is toserver, toclient, either or both")
	}
	b.s.packet = append(b.s.packet, f)
	return nil
}

func (b *builder) flow(arg string) error {
	f := &b.s.flow
	f.set = true
	for _, o := range fields(arg) {
		switch strings.ToLower(o) {
		case "established":
			f.established = true
		case "not_established":
			f.notEstablished = true
		case "stateless":
			f.stateless = true
		case "to_server", "from_client":
			b.s.dirs &= toServer
		case "to_client", "from_server":
			b.s.dirs &= toClient
		case "only_stream":
			f.onlyStream = true
		case "no_stream":
			f.noStream = true
		case "only_frag":
			f.frag = true
		case "no_frag":
			f.nofrag = true
		default:
			return fmt.Errorf("unknown option %q", o)
		}
	}
	n := 0
	for _, x := range []bool{f.established, f.notEstablished, f.stateless} {
		if x {
			n++
		}
	}
	if n > 1 || f.onlyStream && f.noStream || f.frag && f.nofrag || b.s.dirs == 0 {
		return fmt.Errorf("options of %q contradict each other", arg)
	}
	return nil
}

// bitOp is one flowbits keyword.
type bitOp struct {
	names []string
	op    string
}

func (c *bitOp) match(m *Matcher) bool {
	st := m.state()
	if st == nil {
		return false
	}
	if c.op == "isset" {
		return slices.ContainsFunc(c.names, st.bit)
	}
	return !slices.ContainsFunc(c.names, st.bit)
}

func (c *bitOp) apply(m *Matcher) {
	st := m.state()
	if st == nil {
		return
	}
	for _, n := range c.names {
		switch {
		case c.op == "set":
			st.setBit(m.flow, n)
		case c.op == "unset":
			st.clearBit(m.flow, n)
		case st.bit(n):
			st.clearBit(m.flow, n)
		default:
			st.setBit(m.flow, n)
		}
	}
}

func (b *builder) flowBits(arg string) error {
	op, rest, ok := strings.Cut(arg, ",")
	op = strings.TrimSpace(op)
	if op == "noalert" {
		b.s.NoAlert = true
		return nil
	}
	if !ok {
		return fmt.Errorf("expected operation,name")
	}
	c := &bitOp{op: op}
	for n := range strings.SplitSeq(rest, "|") {
		if n = strings.TrimSpace(n); n == "" || strings.ContainsAny(n, " ,") {
			return fmt.Errorf("bad name %q", n)
		}
		c.names = append(c.names, n)
	}
	switch op {
	case "isset", "isnotset":
		b.s.packet = append(b.s.packet, c)
		b.s.reads = true
	case "set", "unset", "toggle":
		b.s.post = append(b.s.post, c)
		b.s.writes = true
	default:
		return fmt.Errorf("unknown operation %q", op)
	}
	return nil
}

// intOp is one flowint keyword.
type intOp struct {
	name, op, other string
	val             uint32
}

func (c *intOp) match(m *Matcher) bool {
	st := m.state()
	if st == nil {
		return false
	}
	have, ok := st.number(c.name)
	switch c.op {
	case "isset":
		return ok
	case "notset", "isnotset":
		return !ok
	}
	want := c.val
	if c.other != "" {
		var ok2 bool
		if want, ok2 = st.number(c.other); !ok2 {
			return false
		}
	}
	if !ok {
		return false
	}
	switch c.op {
	case "==":
		return have == want
	case "!=":
		return have != want
	case "<":
		return have < want
	case "<=":
		return have <= want
	case ">":
		return have > want
	case ">=":
		return have >= want
	}
	return false
}

func (c *intOp) apply(m *Matcher) {
	st := m.state()
	if st == nil {
		return
	}
	want := c.val
	if c.other != "" {
		want, _ = st.number(c.other)
	}
	have, _ := st.number(c.name)
	switch c.op {
	case "+":
		want += have
	case "-":
		if want > have {
			want = 0
		} else {
			want = have - want
		}
	}
	st.setNumber(c.name, want)
}

func (b *builder) flowInt(arg string) error {
	p := fields(arg)
	if len(p) < 2 || len(p) > 3 {
		return fmt.Errorf("expected name,operation,value")
	}
	c := &intOp{name: p[0], op: p[1]}
	if len(p) == 3 {
		if v, err := strconv.ParseUint(p[2], 0, 32); err == nil {
			c.val = uint32(v)
		} else {
			c.other = p[2]
		}
	}
	switch c.op {
	case "isset", "notset", "isnotset":
		b.s.packet = append(b.s.packet, c)
		return nil
	case "==", "!=", "<", "<=", ">", ">=":
		b.s.packet = append(b.s.packet, c)
	case "+", "-", "=":
		b.s.post = append(b.s.post, c)
	default:
		return fmt.Errorf("unknown operation %q", c.op)
	}
	if len(p) != 3 {
		return fmt.Errorf("operation %s needs a value", c.op)
	}
	return nil
}

func (b *builder) streamSize(arg string) error {
	p := fields(arg)
	if len(p) != 3 {
		return fmt.Errorf("expected side,operator,number")
	}
	if p[1] == "!" {
		p[1] = "!="
	}
	n, err := parseNumber(p[1]+p[2], 32, nil)
	if err != nil {
		v, err2 := strconv.ParseUint(p[2], 10, 32)
		if err2 != nil || p[1] != "<" && p[1] != ">" {
			return err
		}
		n = &number{op: opLess, a: v}
	}
	side := p[0]
	switch side {
	case "server", "client", "both", "either":
	default:
		return fmt.Errorf("side is server, client, both or either")
	}
	b.s.packet = append(b.s.packet, flowFunc(func(f *sensor.Flow) bool {
		if f.Proto != sensor.IPProtoTCP {
			return false
		}
		// The side's stream is what that side has sent.
		client, server := n.match(f.StreamSize[sensor.ToServer]), n.match(f.StreamSize[sensor.ToClient])
		switch side {
		case "server":
			return server
		case "client":
			return client
		case "both":
			return server && client
		}
		return server || client
	}))
	return nil
}

// appCond is app-layer-protocol.
type appCond struct {
	protos []sensor.Proto
	neg    bool
	failed bool
	mode   string
}

func (c *appCond) match(m *Matcher) bool {
	f := m.flow
	if f == nil {
		return false
	}
	var p sensor.Proto
	switch c.mode {
	case "original":
		if p = f.AppOrig; p == sensor.ProtoNone {
			p = f.App
		}
	case "final":
		p = f.App
	case "to_server":
		p = f.AppDir[0]
	case "to_client":
		p = f.AppDir[1]
	case "both":
		return (slices.Contains(c.protos, f.AppDir[0]) && slices.Contains(c.protos, f.AppDir[1])) != c.neg
	case "either":
		return (slices.Contains(c.protos, f.AppDir[0]) || slices.Contains(c.protos, f.AppDir[1])) != c.neg
	default:
		p = f.AppDir[m.dir]
		if p == sensor.ProtoNone {
			p = f.App
		}
	}
	if p == sensor.ProtoNone && !(c.failed && !c.neg) {
		return false
	}
	if c.failed {
		return (f.App == sensor.ProtoFailed) != c.neg
	}
	return slices.Contains(c.protos, p) != c.neg
}

func (b *builder) appLayerProtocol(arg string) error {
	c := &appCond{}
	name, mode, _ := strings.Cut(arg, ",")
	name, mode = strings.TrimSpace(name), strings.TrimSpace(mode)
	mode, exact := cutWord(mode, "exact")
	if strings.HasPrefix(name, "!") {
		c.neg, name = true, name[1:]
	}
	switch mode {
	case "", "original", "final", "to_server", "to_client", "either", "both":
		c.mode = mode
	case "direction":
	case "toserver":
		c.mode = "to_server"
	case "toclient":
		c.mode = "to_client"
	default:
		return fmt.Errorf("unknown mode %q", mode)
	}
	if name == "failed" {
		c.failed = true
	} else {
		protos, ok := appProtos(name)
		if !ok {
			return fmt.Errorf("unknown protocol %q", name)
		}
		if p, ok := sensor.ProtoByName(name); exact && ok {
			protos = []sensor.Proto{p}
		}
		c.protos = protos
	}
	b.s.dirApp = append(b.s.dirApp, *c)
	b.s.packet = append(b.s.packet, c)
	return nil
}

// cutWord removes a word from words that are separated by commas, and reports whether it was among them.
func cutWord(list, word string) (string, bool) {
	var rest []string
	found := false
	for w := range strings.SplitSeq(list, ",") {
		if w = strings.TrimSpace(w); w == word {
			found = true
		} else {
			rest = append(rest, w)
		}
	}
	return strings.Join(rest, ","), found
}

// appProtos gives the protocols that a rule means by a name.
func appProtos(name string) ([]sensor.Proto, bool) {
	switch name {
	case "http":
		return protoHTTP, true
	case "http1":
		return protoHTTP[:1], true
	case "http2":
		return protoHTTP2, true // with DNS inside, too
	case "dns":
		return protoDNS, true
	case "ssl":
		return protoTLS, true
	case "dcerpc":
		return protoDCE, true // over SMB, too
	}
	p, ok := sensor.ProtoByName(name)
	if !ok {
		return nil, false
	}
	return []sensor.Proto{p}, true
}

// flowStart is the hook flow_start: the first packet of each direction.
type flowStart struct{}

func (flowStart) match(m *Matcher) bool { return m.flow != nil && m.flow.Packets[m.dir] <= 1 }

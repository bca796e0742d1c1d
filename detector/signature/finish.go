package signature

import (
	"fmt"
	"slices"

	"khien/sensor"
)

// finish checks the rule as a whole and decides when it is inspected.
func (b *builder) finish() error {
	s := b.s
	if s.SID == 0 {
		return fmt.Errorf("rule has no sid")
	}
	if err := b.finishLists(); err != nil {
		return err
	}
	if len(s.apps) == 0 && b.l7 != nil {
		s.apps = b.l7
		if s.l4 != 0 && s.l4 != sensor.IPProtoTCP && s.l4 != sensor.IPProtoUDP {
			return fmt.Errorf("buffers of an application protocol need tcp, udp, ip or that protocol in the header")
		}
	} else if b.l7 != nil {
		s.apps = b.l7
	}
	framed := slices.ContainsFunc(s.lists, func(l *list) bool { return l.def.buf.IsFrame() })
	tx := len(s.lists) > 0 || len(s.events) > 0 || s.hook.set || slices.ContainsFunc(s.post, func(e effect) bool { _, ok := e.(storeFile); return ok })
	if tx {
		if err := b.directions(); err != nil {
			return err
		}
	} else if s.txBoth {
		return fmt.Errorf("=> needs buffers of an application protocol")
	}
	if s.payload != nil && !tx {
		b.payloadKind()
	}
	switch {
	case framed:
		s.class = classFrame
		if err := b.frameAlone(); err != nil {
			return err
		}
	case tx:
		s.class = classTx
		if b.packetOnly && s.reqPacket {
			return fmt.Errorf("conditions on a single packet may not be combined with buffers of a protocol")
		}
	case s.payload != nil && s.reqStream:
		s.class = classStream
	case s.ipOnly(b):
		s.class = classIPOnly
	case len(s.apps) > 0 && s.payload == nil && len(s.pktLists) == 0 && !b.packetOnly:
		s.class = classProtoApp
	case len(s.dirApp) > 0 && s.payload == nil && len(s.pktLists) == 0 && !b.packetOnly && len(s.packet) == len(s.dirApp):
		s.class = classProtoApp
	default:
		s.class = classPacket
	}
	s.vars = len(b.vars)
	b.pickFast()
	return nil
}

// ipOnly reports whether addresses are all that a rule asks for.
func (s *sig) ipOnly(b *builder) bool {
	return len(s.apps) == 0 && len(s.packet) == 0 && s.payload == nil && len(s.pktLists) == 0 && s.l4 == 0 && !s.pkthdr && !s.flow.set &&
		s.sport == nil && s.dpt == nil && (s.src != nil || s.dst != nil)
}

// payloadKind decides whether payload contents look at packets, at the stream or at both.
func (b *builder) payloadKind() {
	s := b.s
	if b.packetOnly {
		s.reqPacket = true
	}
	if s.flow.noStream {
		s.reqPacket = true
	}
	if s.flow.onlyStream {
		s.reqStream = true
	}
	if s.reqPacket || s.reqStream {
		return
	}
	if s.l4 != 0 && s.l4 != sensor.IPProtoTCP {
		s.reqPacket = true
		return
	}
	s.reqStream = true
	for _, it := range s.payload.items {
		if it.kind == kindContent && it.c.positioned() {
			s.reqPacket = true
		}
	}
}

// finishLists completes the lists: contents without regard to case, steps that have to be tried again.
func (b *builder) finishLists() error {
	s := b.s
	all := slices.Concat(s.lists, s.pktLists)
	if s.payload != nil {
		if len(s.payload.items) == 0 {
			s.payload = nil
		} else {
			all = append(all, s.payload)
		}
	}
	empty := func(l *list) bool { return len(l.items) == 0 && !l.absent }
	s.lists = slices.DeleteFunc(s.lists, empty)
	s.pktLists = slices.DeleteFunc(s.pktLists, empty)
	if len(s.lists) > 32 {
		return fmt.Errorf("more than 32 buffers")
	}
	for i := 0; i < len(all); i++ {
		for _, it := range all[i].items {
			if d, ok := it.chk.(*base64Decode); ok && d.inner != nil {
				all = append(all, d.inner)
			}
		}
	}
	for _, l := range all {
		for i := range l.items {
			it := &l.items[i]
			if it.kind == kindContent {
				c := it.c
				it.rel = c.relative()
				if c.nocase {
					c.lower = lowerCopy(c.pat)
				}
				if l.def != nil && c.raw {
					return fmt.Errorf("rawbytes may not be used with %s", l.def.name)
				}
			}
		}
		l.whole = l.needsWhole()
		for i := range l.items {
			for j := i + 1; j < len(l.items); j++ {
				it := &l.items[j]
				if it.relative() {
					l.items[i].retry = j > i+1 || !it.unbound()
					break
				}
				if it.kind == kindContent && !it.c.neg || it.kind == kindRegexp && !it.re.neg {
					break
				}
			}
		}
	}
	return nil
}

// unbound reports whether the step may stand anywhere behind the one before it. If it cannot be found behind one occurrence of
// that, it cannot behind a later one: there is nothing to try again.
func (it *item) unbound() bool {
	return it.kind == kindContent && !it.c.neg && it.c.distance.v == 0 && !it.c.within.set && !it.c.depth.set
}

// relative reports whether the step begins where the one before it has matched.
func (it *item) relative() bool { return it.rel }

// directions gives a rule the direction that its buffers imply.
func (b *builder) directions() error {
	s := b.s
	onlyServer, onlyClient := "", ""
	for _, l := range s.lists {
		if l.def == nil {
			continue
		}
		l.dirs &= l.def.from(s.apps)
		switch l.dirs {
		case toServer:
			onlyServer = l.def.name
		case toClient:
			onlyClient = l.def.name
		}
	}
	if s.txBoth {
		if s.dirs != bothDirs {
			return fmt.Errorf("=> may not be combined with a direction of flow")
		}
		return nil
	}
	if onlyServer != "" && onlyClient != "" {
		return hinted{fmt.Sprintf("%s and %s are never in the same direction", onlyServer, onlyClient), "use => to look at both directions of a transaction"}
	}
	if onlyServer != "" {
		if s.dirs &= toServer; s.dirs == 0 {
			return fmt.Errorf("%s is only sent to the server, but flow says to_client", onlyServer)
		}
	}
	if onlyClient != "" {
		if s.dirs &= toClient; s.dirs == 0 {
			return fmt.Errorf("%s is only sent to the client, but flow says to_server", onlyClient)
		}
	}
	return nil
}

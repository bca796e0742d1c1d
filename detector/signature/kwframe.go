package signature

import (
	"fmt"
	"slices"
	"strings"

	"khien/sensor"
)

// frameRows makes rows of the frames that the sensor knows.
func frameRows() []bufferDef {
	var rows []bufferDef
	for b := sensor.FrameFirst; b < sensor.FrameEnd; b++ {
		k := b.FrameKind()
		d := bufferDef{name: k.Name, buf: b}
		if k.Proto != sensor.ProtoNone {
			d.name, d.protos = k.Proto.String()+"."+k.Name, []sensor.Proto{k.Proto}
		}
		for dir := range sensor.Dir(2) {
			if k.Sides[dir] {
				d.dirs |= dirBit(dir)
			}
		}
		rows = append(rows, d)
	}
	return rows
}

// unmarked are frames of the language that no parser here marks.
var unmarked = map[sensor.Proto][]string{
	sensor.ProtoNFS:  {"rpc.pdu", "rpc.hdr", "rpc.data", "rpc.creds", "nfs.pdu", "nfs.status", "nfs4.pdu", "nfs4.hdr", "nfs4.ops", "nfs4.status"},
	sensor.ProtoIMAP: {"pdu", "headers", "body"},
}

func frameKeywords() []keyword { return []keyword{{"frame", argNeed, (*builder).frame}} }

// frame makes a frame the buffer of the steps that follow: frame:NAME, where the rule's protocol has one of that name, or
// frame:PROTOCOL.NAME.
func (b *builder) frame(arg string) error {
	arg = strings.ToLower(strings.TrimSpace(unquote(arg)))
	protos, name := b.s.apps, arg
	if p, rest, ok := strings.Cut(arg, "."); ok {
		if named, known := appProtos(p); known {
			protos, name = named, rest
		}
	}
	if len(protos) == 0 {
		return hinted{"frame " + arg + " needs a protocol", "write frame:PROTOCOL.NAME, or the protocol in the rule's header"}
	}
	var names []string
	for i := range b.ld.frames {
		d := &b.ld.frames[i]
		if d.protos != nil && !slices.Contains(protos, d.protos[0]) {
			continue
		}
		short := d.buf.FrameKind().Name
		if short == name || short == arg {
			if err := b.sticky(d, ""); err != nil {
				return err
			}
			return b.needProtos(protos, "frame "+arg)
		}
		names = append(names, short)
	}
	for _, p := range protos {
		if slices.Contains(unmarked[p], name) || slices.Contains(unmarked[p], arg) {
			return unsupported("frame:"+arg, "the sensor does not mark this frame of protocol "+p.String())
		}
	}
	hint := "frames of this protocol: " + strings.Join(names, ", ")
	if near := nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return hinted{"unknown frame " + arg, hint}
}

// frameAlone checks what stands beside frames.
func (b *builder) frameAlone() error {
	s := b.s
	frame := ""
	for _, l := range s.lists {
		if l.def.buf.IsFrame() {
			frame = l.def.name
		}
	}
	for _, l := range s.lists {
		if !l.def.buf.IsFrame() {
			return hinted{fmt.Sprintf("frame %s may not be combined with %s", frame, l.def.name), "a frame belongs to the stream and not to a transaction: write two rules"}
		}
		if l.absent || l.absentOr {
			return fmt.Errorf("absent may not be used with frame %s", frame)
		}
	}
	if len(s.events) > 0 || s.hook.set || s.txBoth {
		return fmt.Errorf("frame %s may not be combined with events, hooks and => of transactions", frame)
	}
	if b.packetOnly && s.reqPacket {
		return fmt.Errorf("conditions on a single packet may not be combined with frame %s", frame)
	}
	return nil
}

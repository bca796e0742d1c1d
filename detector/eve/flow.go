package eve

import (
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// appendFlow appends the record of a flow that is over.
func appendFlow(dst []byte, e *sensor.Event) []byte {
	f := e.Flow
	dst = appendHead(dst, e, "flow", sensor.ToServer)
	dst = appendApp(dst, f)
	dst = append(dst, `,"flow":{`...)
	dst = appendCounts(dst, f)
	dst = append(dst, `,"end":"`...)
	dst = appendTime(dst, f.Last)
	dst = append(dst, `","age":`...)
	dst = strconv.AppendInt(dst, f.Last/1e9-f.Start/1e9, 10)
	dst = append(dst, `,"state":"`...)
	if f.Bypass {
		dst = append(dst, "bypassed"...)
	} else {
		dst = append(dst, f.State.String()...)
	}
	dst = append(dst, `","reason":"`...)
	if f.EndReason == "" {
		dst = append(dst, "shutdown"...)
	} else {
		dst = append(dst, f.EndReason...)
	}
	dst = append(dst, `","alerted":`...)
	dst = strconv.AppendBool(dst, f.Alerted)
	if f.Dropped {
		dst = append(dst, `,"action":"drop"`...)
	}
	if f.TxCount > 0 {
		dst = append(dst, `,"tx_cnt":`...)
		dst = strconv.AppendUint(dst, f.TxCount, 10)
	}
	dst = append(dst, '}')
	dst = appendMeta(dst, f, nil)
	if f.Proto == sensor.IPProtoTCP {
		dst = appendTCP(dst, f)
	}
	return append(dst, '}')
}

// appendApp appends the application protocol and where the directions disagree.
func appendApp(dst []byte, f *sensor.Flow) []byte {
	if f.App == sensor.ProtoNone {
		return dst
	}
	dst = append(dst, `,"app_proto":"`...)
	dst = append(dst, f.App.String()...)
	dst = append(dst, '"')
	for _, x := range [...]struct {
		name string
		p    sensor.Proto
	}{{"app_proto_ts", f.AppDir[sensor.ToServer]}, {"app_proto_tc", f.AppDir[sensor.ToClient]}} {
		if x.p != sensor.ProtoNone && x.p != f.App {
			dst = append(append(append(append(append(dst, `,"`...), x.name...), `":"`...), x.p.String()...), '"')
		}
	}
	if f.AppOrig != sensor.ProtoNone {
		dst = append(append(append(dst, `,"app_proto_orig":"`...), f.AppOrig.String()...), '"')
	}
	if f.AppExpect != sensor.ProtoNone {
		dst = append(append(append(dst, `,"app_proto_expected":"`...), f.AppExpect.String()...), '"')
	}
	return dst
}

// appendCounts appends packets, bytes and start, the members that alerts carry too.
func appendCounts(dst []byte, f *sensor.Flow) []byte {
	dst = append(dst, `"pkts_toserver":`...)
	dst = strconv.AppendUint(dst, f.Packets[sensor.ToServer], 10)
	dst = append(dst, `,"pkts_toclient":`...)
	dst = strconv.AppendUint(dst, f.Packets[sensor.ToClient], 10)
	dst = append(dst, `,"bytes_toserver":`...)
	dst = strconv.AppendUint(dst, f.Bytes[sensor.ToServer], 10)
	dst = append(dst, `,"bytes_toclient":`...)
	dst = strconv.AppendUint(dst, f.Bytes[sensor.ToClient], 10)
	dst = append(dst, `,"start":"`...)
	dst = appendTime(dst, f.Start)
	return append(dst, '"')
}

// appendVars appends variables, an object each.
func appendVars(dst []byte, key string, vars []sensor.Var) []byte {
	if len(vars) == 0 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '[')
	for _, v := range vars {
		dst = append(evejson.AppendComma(dst), '{')
		dst = append(evejson.AppendString(dst, []byte(v.Name)), ':') // the name is of a rule, and may have any byte
		dst = append(evejson.AppendString(dst, v.Value), '}')
	}
	return append(dst, ']')
}

// appendMeta appends what rules know of the flow: labels, variables, measures; packet are the variables of the packet. A bit named "traffic/id/x" or "traffic/label/x" is also shown
// under traffic.
func appendMeta(dst []byte, f *sensor.Flow, packet []sensor.Var) []byte {
	if f == nil || len(f.Meta)+len(f.Vars)+len(f.Entropy)+len(packet) == 0 {
		return dst
	}
	dst = append(dst, `,"metadata":{`...)
	if len(f.Meta) > 0 {
		dst = append(evejson.AppendKey(dst, "flowbits"), '[')
		for _, m := range f.Meta {
			dst = evejson.AppendString(evejson.AppendComma(dst), []byte(m))
		}
		dst = append(dst, ']')
	}
	dst = appendVars(dst, "flowvars", f.Vars)
	dst = appendVars(dst, "pktvars", packet)
	if len(f.Entropy) > 0 {
		dst = append(evejson.AppendKey(dst, "entropy"), '{')
		for _, m := range f.Entropy {
			dst = strconv.AppendFloat(evejson.AppendKey(dst, m.Name), m.Value, 'g', -1, 64)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, '}')
	n := len(dst)
	dst = append(dst, `,"traffic":{`...)
	some := false
	for _, group := range [...]string{"id", "label"} {
		prefix, first := "traffic/"+group+"/", true
		for _, m := range f.Meta {
			if len(m) <= len(prefix) || m[:len(prefix)] != prefix {
				continue
			}
			switch {
			case !first:
				dst = append(dst, ',')
			default:
				if some {
					dst = append(dst, ',')
				}
				dst = append(append(append(dst, '"'), group...), `":[`...)
			}
			first, some = false, true
			dst = evejson.AppendString(dst, []byte(m[len(prefix):]))
		}
		if !first {
			dst = append(dst, ']')
		}
	}
	if !some {
		return dst[:n]
	}
	return append(dst, '}')
}

func appendTCP(dst []byte, f *sensor.Flow) []byte {
	const hex = "0123456789abcdef"
	all := f.TCPFlags[0] | f.TCPFlags[1]
	dst = append(dst, `,"tcp":{`...)
	for _, x := range [...]struct {
		name  string
		flags uint8
	}{{"tcp_flags", all}, {"tcp_flags_ts", f.TCPFlags[sensor.ToServer]}, {"tcp_flags_tc", f.TCPFlags[sensor.ToClient]}} {
		dst = append(append(append(dst, '"'), x.name...), `":"`...)
		dst = append(dst, hex[x.flags>>4], hex[x.flags&15])
		dst = append(dst, `",`...)
	}
	for _, x := range [...]struct {
		bit  uint8
		name string
	}{{sensor.SYN, "syn"}, {sensor.FIN, "fin"}, {sensor.RST, "rst"}, {sensor.PSH, "psh"}, {sensor.ACK, "ack"},
		{sensor.URG, "urg"}, {sensor.ECE, "ecn"}, {sensor.CWR, "cwr"}} {
		if all&x.bit != 0 {
			dst = append(append(append(dst, '"'), x.name...), `":true,`...)
		}
	}
	dst = append(dst, `"state":"`...)
	dst = append(dst, f.TCPState.String()...)
	return append(dst, `"}`...)
}

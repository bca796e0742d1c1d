package evelog

import (
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

// flowEnd reads a flow that is over. Its time is that of its end: the record is written when the flow has timed out, which
// may be minutes later.
func (d *Decoder) flowEnd(top evejson.Value, r *record.Record) bool {
	v, f := d.object(top.Get("flow"), "flow"), &r.Flow
	r.Kind, r.Dir = sensor.KindFlowEnd, sensor.ToServer
	for _, x := range [...]struct {
		key string
		to  *uint64
	}{{"pkts_toserver", &f.Packets[sensor.ToServer]}, {"pkts_toclient", &f.Packets[sensor.ToClient]},
		{"bytes_toserver", &f.Bytes[sensor.ToServer]}, {"bytes_toclient", &f.Bytes[sensor.ToClient]}, {"tx_cnt", &f.TxCount}} {
		*x.to, _ = d.num(v.Get(x.key), "flow."+x.key)
	}
	if end, ok := evejson.ParseTime(d.str(v.Get("end"), "flow.end")); ok {
		f.Last = end
	}
	r.Time = f.Last
	switch string(d.str(v.Get("state"), "flow.state")) {
	case "new":
		f.State = sensor.FlowNew
	case "closed":
		f.State = sensor.FlowClosed
	}
	f.EndReason = string(d.str(v.Get("reason"), "flow.reason"))
	f.Alerted = v.Get("alerted").True()
	tcp := d.object(top.Get("tcp"), "tcp")
	f.TCPFlags = [2]uint8{d.flags(tcp.Get("tcp_flags_ts")), d.flags(tcp.Get("tcp_flags_tc"))}
	return true
}

// flags reads TCP flags, two hexadecimal digits.
func (d *Decoder) flags(v evejson.Value) uint8 {
	text := d.str(v, "tcp.tcp_flags")
	if len(text) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(string(text), 16, 8)
	if err != nil {
		d.bad("tcp.tcp_flags is no number")
	}
	return uint8(n)
}

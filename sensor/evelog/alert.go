package evelog

import (
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

// alert reads the match of a rule, with what the record tells of the transaction that it was in. A rule without a number is
// none: Khiên writes what its other detectors have found in that way, and finds it anew in the other records.
func (d *Decoder) alert(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("alert"), "alert")
	sid, _ := d.num(v.Get("signature_id"), "alert.signature_id")
	if sid == 0 {
		return false
	}
	gid, _ := d.num(v.Get("gid"), "alert.gid")
	rev, _ := d.num(v.Get("rev"), "alert.rev")
	priority, _ := d.num(v.Get("severity"), "alert.severity")
	if max(gid, rev, priority) > 1<<31 || sid > 1<<32 {
		d.bad("a number of alert is too large")
	}
	r.Alert = sensor.Alert{Engine: "Suricata", Host: r.Host, Interface: r.Iface, ID: strconv.FormatUint(sid, 10), GID: int(gid), Rev: int(rev), Priority: int(priority),
		Name: string(d.str(v.Get("signature"), "alert.signature")), Category: string(d.str(v.Get("category"), "alert.category")),
		Action: string(d.str(v.Get("action"), "alert.action")), Text: string(d.str(v.Get("rule"), "alert.rule"))}
	for x := d.object(v.Get("metadata"), "alert.metadata").First(); x.Type() != evejson.NoValue; x = x.Next() {
		for y := d.list(x, "alert.metadata"); y.Type() != evejson.NoValue; y = y.Next() {
			r.Metadata(string(x.Key()), string(d.str(y, "alert.metadata")))
		}
	}
	for x := d.list(v.Get("references"), "alert.references"); x.Type() != evejson.NoValue; x = x.Next() {
		r.Reference(string(d.str(x, "alert.references")))
	}
	dir := r.Dir
	switch {
	case top.Get("http").Type() == evejson.Object:
		d.http(top, r)
	case top.Get("tls").Type() == evejson.Object:
		d.tls(top, r)
	case top.Get("quic").Type() == evejson.Object:
		d.quic(top, r)
	case top.Get("dns").Type() == evejson.Object:
		d.alertNames(top.Get("dns"), r)
	}
	r.Kind, r.Dir = sensor.KindAlert, dir
	return true
}

// alertNames reads the question of a DNS alert, which in version 2 stands in a list of its own.
func (d *Decoder) alertNames(v evejson.Value, r *record.Record) {
	r.Tx.Proto = sensor.ProtoDNS
	for _, key := range [...]string{"queries", "query"} {
		if q := v.Get(key); q.Type() == evejson.Array {
			d.question(q.First(), &r.Tx, sensor.ToServer)
			return
		}
	}
	d.question(v, &r.Tx, sensor.ToServer)
}

package evelog

import (
	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

// Limits of a DNS record.
const (
	questionsMax = 16
	answersMax   = 64
)

// rcodes are the names of answers' codes (RFC 6895, 2.3).
var rcodes = map[string]uint64{"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5, "YXDOMAIN": 6,
	"YXRRSET": 7, "NXRRSET": 8, "NOTAUTH": 9, "NOTZONE": 10}

// rrtypes are the names of record types that somebody asks for (IANA, "Resource Record (RR) TYPEs").
var rrtypes = map[string]uint64{"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "NULL": 10, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "SIG": 24,
	"KEY": 25, "AAAA": 28, "SRV": 33, "NAPTR": 35, "DNAME": 39, "OPT": 41, "DS": 43, "SSHFP": 44, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48,
	"TLSA": 52, "SVCB": 64, "HTTPS": 65, "SPF": 99, "IXFR": 251, "AXFR": 252, "ANY": 255, "CAA": 257}

func rrtype(name []byte) (uint64, bool) {
	if n, ok := rrtypes[string(name)]; ok {
		return n, true
	}
	if len(name) > 4 && string(name[:4]) == "TYPE" {
		name = name[4:]
	}
	n, ok := evejson.ParseUint(name)
	return n, ok && n <= 65535
}

// dns reads a record of a question or of an answer: of version 1 and 2 with the question beside its type, of version 3 with
// a list of questions.
func (d *Decoder) dns(top evejson.Value, r *record.Record) bool {
	v := d.object(top.Get("dns"), "dns")
	tx := &r.Tx
	r.Kind, tx.Proto, r.Flow.App = sensor.KindTx, sensor.ProtoDNS, sensor.ProtoDNS
	dir := sensor.ToServer
	switch string(d.str(v.Get("type"), "dns.type")) {
	case "answer", "response":
		dir = sensor.ToClient
	}
	if q := v.Get("queries"); q.Type() != evejson.NoValue {
		n := 0
		for q = d.list(q, "dns.queries"); q.Type() != evejson.NoValue && n < questionsMax; q = q.Next() {
			d.question(q, tx, dir)
			n++
		}
	} else {
		d.question(v, tx, dir)
	}
	if dir == sensor.ToClient {
		d.answer(v, tx)
	}
	return tx.Has(dir)
}

func (d *Decoder) question(q evejson.Value, tx *record.Tx, dir sensor.Dir) {
	name := d.str(q.Get("rrname"), "dns.rrname")
	if dir == sensor.ToServer {
		tx.Add(sensor.DNSQueryName, dir, name)
	}
	tx.Add(sensor.DNSQueryRRName, dir, name)
	if t, ok := rrtype(d.str(q.Get("rrtype"), "dns.rrtype")); ok && len(name) > 0 {
		tx.AddNumber(sensor.DNSRRType, dir, t)
	}
}

func (d *Decoder) answer(v evejson.Value, tx *record.Tx) {
	if n, ok := rcodes[string(d.str(v.Get("rcode"), "dns.rcode"))]; ok {
		tx.AddNumber(sensor.DNSRCode, sensor.ToClient, n)
	}
	n := 0
	some := false
	for a := d.list(v.Get("answers"), "dns.answers"); a.Type() != evejson.NoValue && n < answersMax; a = a.Next() {
		d.resource(a, tx)
		some = true
		n++
	}
	for a := d.list(v.Get("authorities"), "dns.authorities"); a.Type() != evejson.NoValue && n < answersMax; a = a.Next() {
		if string(a.Get("rrtype").Str()) == "NS" {
			tx.Add(sensor.DNSNameServer, sensor.ToClient, d.str(a.Get("rdata"), "dns.authorities.rdata"))
		}
		n++
	}
	if some {
		return
	}
	if v.Get("rdata").Type() != evejson.NoValue { // version 1: a line for each record
		d.resource(v, tx)
		return
	}
	for list := d.object(v.Get("grouped"), "dns.grouped").First(); list.Type() != evejson.NoValue; list = list.Next() {
		ns := string(list.Key()) == "NS"
		for x := list.First(); x.Type() != evejson.NoValue && n < answersMax; x = x.Next() {
			if text, ok := x.Text(); ok {
				tx.Add(sensor.DNSAnswerData, sensor.ToClient, text)
				if ns {
					tx.Add(sensor.DNSNameServer, sensor.ToClient, text)
				}
			}
			n++
		}
	}
}

// resource reads a record of the answer. What a record of many fields holds is an object, of which nobody asks.
func (d *Decoder) resource(a evejson.Value, tx *record.Tx) {
	tx.Add(sensor.DNSAnswerName, sensor.ToClient, d.str(a.Get("rrname"), "dns.answers.rrname"))
	data, ok := a.Get("rdata").Text()
	if !ok || len(data) == 0 {
		return
	}
	ttl, _ := d.num(a.Get("ttl"), "dns.answers.ttl")
	tx.Add(sensor.DNSAnswerData, sensor.ToClient, data)
	tx.AddNumber(sensor.DNSAnswerTTL, sensor.ToClient, ttl)
	if string(a.Get("rrtype").Str()) == "NS" {
		tx.Add(sensor.DNSNameServer, sensor.ToClient, data)
	}
}

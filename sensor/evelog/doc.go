// Package evelog reads EVE, the JSON lines in which Suricata tells what it sees ("Eve JSON Format" in its user guide; also
// what Khiên writes). One line comes in, one record goes out; it points into the line. Fields that are absent are absent:
// what they may hold is checked, which of them there are is not, since that depends on the other sensor's version and
// configuration.
package evelog

import (
	"errors"
	"fmt"

	"khien/sensor"
	"khien/sensor/evejson"
	"khien/sensor/record"
)

// Decoder reads the lines of one log. The zero value is ready. It implements record.Decoder.
type Decoder struct {
	doc     evejson.Doc
	wrong   string // the first field that holds what it must not
	addrs   record.Addrs
	clients [clientsMax]client
}

// clientsMax is how many flows' clients are remembered, to tell the direction of records that do not; a power of two.
const clientsMax = 1 << 12

// client is the client of a flow.
type client struct {
	flow uint64
	end  sensor.Endpoint
}

// State implements record.Decoder: every line of EVE stands for itself.
func (d *Decoder) State() []byte { return nil }

// Restore implements record.Decoder.
func (d *Decoder) Restore([]byte) error { return nil }

// reader reads the rest of a record of one type. It returns false for what tells nothing.
type reader struct {
	kind string
	keep bool // the line is kept as telemetry
	read func(d *Decoder, top evejson.Value, r *record.Record) bool
}

// readers are the types of records that are read.
var readers = [...]reader{
	{"dns", true, (*Decoder).dns},
	{"flow", true, (*Decoder).flowEnd},
	{"tls", true, (*Decoder).tls},
	{"http", true, (*Decoder).http},
	{"fileinfo", true, (*Decoder).file},
	{"alert", false, (*Decoder).alert},
	{"quic", true, (*Decoder).quic},
	{"ssh", true, (*Decoder).nothing},
	{"dhcp", true, (*Decoder).nothing},
	{"ftp", false, (*Decoder).ftp},
	{"krb5", false, (*Decoder).krb5},
	{"smb", false, (*Decoder).smb},
}

// Decode implements record.Decoder.
func (d *Decoder) Decode(text []byte, r *record.Record) (bool, error) {
	if err := d.doc.Parse(text); err != nil {
		return false, err
	}
	top := d.doc.Root()
	if top.Type() != evejson.Object {
		return false, errors.New("no JSON object")
	}
	d.wrong = ""
	kind := d.str(top.Get("event_type"), "event_type")
	if len(kind) == 0 {
		return false, errors.New("no record of EVE: event_type is missing")
	}
	for i := range readers {
		x := &readers[i]
		if string(kind) != x.kind {
			continue
		}
		if !d.head(top, r) {
			return false, fmt.Errorf("a record of type %s: %s", x.kind, d.wrong)
		}
		some := x.read(d, top, r)
		if d.wrong != "" {
			return false, fmt.Errorf("a record of type %s: %s", x.kind, d.wrong)
		}
		if !some {
			r.Kind = 0
		}
		if x.keep {
			r.Line = text
		}
		return some || x.keep, nil
	}
	return false, nil
}

// nothing is for records that are only kept.
func (d *Decoder) nothing(evejson.Value, *record.Record) bool { return false }

package evelog

import (
	"khien/sensor"
	"khien/sensor/evejson"
)

// bad notes the first field that holds what it must not.
func (d *Decoder) bad(what string) {
	if d.wrong == "" {
		d.wrong = what
	}
}

// str reads a string that need not be there.
func (d *Decoder) str(v evejson.Value, name string) []byte {
	b, ok := v.Text()
	if !ok && v.Type() > evejson.Null {
		d.bad(name + " is no string")
	}
	return b
}

// num reads a number that need not be there.
func (d *Decoder) num(v evejson.Value, name string) (uint64, bool) {
	n, ok := v.Uint()
	if !ok && v.Type() > evejson.Null {
		d.bad(name + " is no whole number from 0 on")
	}
	return n, ok
}

// object reads an object that need not be there.
func (d *Decoder) object(v evejson.Value, name string) evejson.Value {
	switch v.Type() {
	case evejson.Object:
		return v
	case evejson.NoValue, evejson.Null:
	default:
		d.bad(name + " is no object")
	}
	return evejson.Value{}
}

// list reads an array that need not be there.
func (d *Decoder) list(v evejson.Value, name string) evejson.Value {
	switch v.Type() {
	case evejson.Array:
		return v.First()
	case evejson.NoValue, evejson.Null:
	default:
		d.bad(name + " is no array")
	}
	return evejson.Value{}
}

func (d *Decoder) port(v evejson.Value, name string) uint16 {
	n, _ := d.num(v, name)
	if n > 65535 {
		d.bad(name + " is no port")
	}
	return uint16(n)
}

// end reads an address with its port.
func (d *Decoder) end(addr, port evejson.Value, name string) (e sensor.Endpoint) {
	text := d.str(addr, name+"_ip")
	if len(text) > 0 {
		ok := false
		if e.Addr, ok = d.addrs.Parse(text); !ok {
			d.bad(name + "_ip is no address")
		}
	}
	e.Port = d.port(port, name+"_port")
	return e
}

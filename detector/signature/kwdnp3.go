package signature

import (
	"fmt"
	"strconv"
	"strings"

	"khien/sensor"
)

var protoDNP3 = []sensor.Proto{sensor.ProtoDNP3}

// dnp3Functions are the names of function codes (IEEE 1815-2012, 4.4).
func dnp3Functions() map[string]uint64 {
	m := words(0, "confirm", "read", "write", "select", "operate", "direct_operate", "direct_operate_nr", "immed_freeze",
		"immed_freeze_nr", "freeze_clear", "freeze_clear_nr", "freeze_at_time", "freeze_at_time_nr", "cold_restart", "warm_restart",
		"initialize_data", "initialize_appl", "start_appl", "stop_appl", "save_config", "enable_unsolicited", "disable_unsolicited",
		"assign_class", "delay_measure", "record_current_time", "open_file", "close_file", "delete_file", "get_file_info",
		"authenticate_file", "abort_file", "activate_config", "authenticate_req", "authenticate_err")
	m["response"], m["unsolicited_response"], m["authenticate_resp"] = 129, 130, 131
	return m
}

// dnp3Bits are the names of the internal indications. The first byte is the upper one.
func dnp3Bits() map[string]uint64 {
	m := map[string]uint64{}
	for i, n := range [...]string{"no_func_code_support", "object_unknown", "parameter_error", "event_buffer_overflow", "already_executing",
		"config_corrupt", "reserved_2", "reserved_1", "all_stations", "class_1_events", "class_2_events", "class_3_events", "need_time",
		"local_control", "device_trouble", "device_restart"} {
		m[n] = 1 << i
	}
	return m
}

// dnp3Flags is dnp3.ind with names: at least one of any is set, all of all are, and none of none is.
type dnp3Flags struct {
	any, all, none uint64
	exact          bool // those of all and no other
}

func (c *dnp3Flags) run(s *scan) bool {
	v, ok := s.m.number(s.l.def, 0)
	if !ok || c.exact {
		return ok && v == c.all
	}
	return (c.any == 0 || v&c.any != 0) && v&c.all == c.all && v&c.none == 0
}

// dnp3Indicators reads dnp3.ind: a condition on the number, or [*+-=] and a list of names, each with or without a !. One of
// those without must be set; + wants all of them, = no others beside, - none of them.
func (b *builder) dnp3Indicators(arg string) error {
	d := &bufferDef{name: "dnp3.ind", buf: sensor.DNP3Indicators, dirs: bothDirs, protos: protoDNP3, stage: stLine, flags: numeric, bits: 16}
	if n, err := parseNumber(arg, 16, nil); err == nil {
		_, err = b.addTo(d, &numberIn{values{number: *n}})
		return err
	}
	arg = strings.TrimSpace(arg)
	mode := byte('*')
	if arg != "" && strings.IndexByte("*+-=", arg[0]) >= 0 {
		mode, arg = arg[0], arg[1:]
	}
	names := dnp3Bits()
	c := &dnp3Flags{exact: mode == '='}
	set := uint64(0)
	for _, w := range fields(strings.ToLower(arg)) {
		name, neg := strings.CutPrefix(w, "!")
		bit, ok := names[strings.TrimSpace(name)]
		switch {
		case !ok:
			return fmt.Errorf("unknown indication %q", name)
		case neg:
			c.none |= bit
		default:
			set |= bit
		}
	}
	switch mode {
	case '*':
		c.any = set
	case '-':
		c.none |= set
	default:
		c.all = set
	}
	if c.exact && c.none != 0 {
		return fmt.Errorf("= takes no !")
	}
	_, err := b.addTo(d, c)
	return err
}

// dnp3Object is dnp3.obj: the message has a header of a group and variation.
type dnp3Object int

func (c dnp3Object) run(s *scan) bool {
	n, ok := s.m.number(s.l.def, int(c))
	return ok && n == 1
}

func (b *builder) dnp3Object(arg string) error {
	p := fields(arg)
	if len(p) != 2 {
		return fmt.Errorf("expected group,variation")
	}
	object := 0
	for _, w := range p {
		n, err := strconv.ParseUint(w, 10, 8)
		if err != nil {
			return fmt.Errorf("bad number %q", w)
		}
		object = object<<8 | int(n)
	}
	d := &bufferDef{name: "dnp3.obj", buf: sensor.DNP3HasObject, dirs: bothDirs, protos: protoDNP3, stage: stLine, flags: numeric, bits: 8}
	_, err := b.addTo(d, dnp3Object(object))
	return err
}

package signature

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"khien/sensor"
)

// enipRows are the buffers of EtherNet/IP. Those of CIP stand in requests (classes, instances, attributes) or in responses.
func enipRows() []bufferDef {
	enip := []sensor.Proto{sensor.ProtoENIP}
	row := func(name string, buf sensor.Buffer, bits int, flags bufferFlags) bufferDef {
		return bufferDef{name: name, buf: buf, dirs: bothDirs, protos: enip, stage: stDone, flags: numeric | flags, bits: bits}
	}
	command := row("enip_command", sensor.ENIPCommand, 16, 0)
	command.aliases = []string{"enip.command"}
	command.names = map[string]uint64{"nop": 0, "list_services": 4, "list_identity": 0x63, "list_interfaces": 0x64, "register_session": 0x65,
		"unregister_session": 0x66, "send_rr_data": 0x6f, "send_r_r_data": 0x6f, "send_unit_data": 0x70, "indicate_status": 0x72, "cancel": 0x73}
	status := row("enip.status", sensor.ENIPStatus, 32, 0)
	status.names = map[string]uint64{"success": 0, "invalid_cmd": 1, "no_resources": 2, "incorrect_data": 3, "invalid_session": 0x64,
		"invalid_length": 0x65, "unsupported_prot_rev": 0x69, "encap_header_error": 0x6a}
	return []bufferDef{
		command, status,
		row("enip.protocol_version", sensor.ENIPProtocolVersion, 16, 0),
		row("enip.capabilities", sensor.ENIPCapabilities, 16, 0),
		row("enip.revision", sensor.ENIPRevision, 16, 0),
		row("enip.identity_status", sensor.ENIPIdentityStatus, 16, 0),
		row("enip.state", sensor.ENIPState, 8, 0),
		row("enip.serial", sensor.ENIPSerial, 32, 0),
		row("enip.product_code", sensor.ENIPProductCode, 16, 0),
		row("enip.device_type", sensor.ENIPDeviceType, 16, 0),
		row("enip.vendor_id", sensor.ENIPVendorID, 16, 0),
		row("enip.cip_class", sensor.ENIPCIPClass, 32, multi),
		row("enip.cip_instance", sensor.ENIPCIPInstance, 32, multi),
		row("enip.cip_attribute", sensor.ENIPCIPAttribute, 32, multi),
		row("enip.cip_status", sensor.ENIPCIPStatus, 8, multi),
		row("enip.cip_extendedstatus", sensor.ENIPCIPExtendedStatus, 16, multi),
		{name: "enip.product_name", buf: sensor.ENIPProductName, dirs: bothDirs, protos: enip, stage: stDone},
		{name: "enip.service_name", buf: sensor.ENIPServiceName, dirs: bothDirs, protos: enip, stage: stDone},
	}
}

func enipKeywords() []keyword { return []keyword{{"cip_service", argNeed, (*builder).cipService}} }

// cipCall is cip_service: a message with a service, and where the rule names them with a class and an attribute in it.
type cipCall struct {
	service          byte
	class, attribute *uint32
}

// run reads the form of sensor.ENIPCIPCall.
func (c *cipCall) run(s *scan) bool {
	b := s.buf
	if len(b) < 2 || b[0] != c.service {
		return false
	}
	n := 2 + 4*int(b[1])
	if len(b) < n {
		return false
	}
	return (c.class == nil || hasNumber(b[2:n], *c.class)) && (c.attribute == nil || hasNumber(b[n:], *c.attribute))
}

func hasNumber(b []byte, v uint32) bool {
	for ; len(b) >= 4; b = b[4:] {
		if binary.LittleEndian.Uint32(b) == v {
			return true
		}
	}
	return false
}

// cipService reads service[,class[,[!]attribute]]. As in Suricata a negated attribute means any.
func (b *builder) cipService(arg string) error {
	parts := strings.Split(arg, ",")
	if len(parts) > 3 {
		return fmt.Errorf("expected service,class,attribute")
	}
	c := &cipCall{}
	for i, part := range parts {
		part = strings.TrimSpace(part)
		neg := false
		if i == 2 {
			part, neg = strings.CutPrefix(part, "!")
		}
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || i == 0 && n > 127 {
			return fmt.Errorf("bad number %q", part)
		}
		v := uint32(n)
		switch {
		case i == 0:
			c.service = byte(n)
		case i == 1:
			c.class = &v
		case !neg:
			c.attribute = &v
		}
	}
	d := &bufferDef{name: "cip_service", buf: sensor.ENIPCIPCall, dirs: bothDirs, protos: []sensor.Proto{sensor.ProtoENIP}, stage: stDone, flags: multi}
	_, err := b.addTo(d, c)
	return err
}

package smb

import "khien/sensor"

// Protocol describes SMB to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoSMB,
		TCP:   true,
		Ports: []uint16{445, 139},
		Probe: probe,
		New:   func(f *sensor.Flow, _ any) sensor.Parser { return newParser() },
	}
}

// Magic numbers of the headers: versions 1 and 2, and of version 3 the encrypted and the compressed form.
const (
	magic1          = "\xffSMB"
	magic2          = "\xfeSMB"
	magicEncrypted  = "\xfdSMB"
	magicCompressed = "\xfcSMB"
)

func isMagic(b []byte) bool {
	switch string(b[:4]) {
	case magic1, magic2, magicEncrypted, magicCompressed:
		return true
	}
	return false
}

// probe looks for an SMB header after the length, behind a NetBIOS session request where there is one (RFC 1002, 4.3).
func probe(_ sensor.Dir, data []byte, f *sensor.Flow) sensor.Match {
	if len(data) < 4 {
		if len(data) > 0 && data[0] != 0 && data[0] != nbRequest && data[0] != nbPositive {
			return sensor.No
		}
		return sensor.More
	}
	n := int(data[1])<<16 | int(data[2])<<8 | int(data[3])
	switch {
	case data[0] == nbRequest && n >= 64 && n <= 80 && f.DstPort == 139, data[0] == nbPositive && n == 0 && f.DstPort == 139:
		if len(data) < 4+n+8 {
			return sensor.More
		}
		data = data[4+n:]
		n = int(data[1])<<16 | int(data[2])<<8 | int(data[3])
	}
	if data[0] != nbMessage || n < 32 {
		return sensor.No
	}
	if len(data) < 8 {
		if len(data) > 4 && (data[4] < 0xfc || len(data) > 5 && data[5] != 'S') {
			return sensor.No
		}
		return sensor.More
	}
	if isMagic(data[4:]) {
		return sensor.Yes
	}
	return sensor.No
}

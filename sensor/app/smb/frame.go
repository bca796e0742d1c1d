package smb

import "khien/sensor"

// layer is the frames of a layer of a record: all of it, its header, what follows that.
type layer [3]sensor.Buffer

var (
	netbios  = layer{sensor.FrameNBSSPDU, sensor.FrameNBSSHeader, sensor.FrameNBSSData}
	version1 = layer{sensor.FrameSMB1PDU, sensor.FrameSMB1Header, sensor.FrameSMB1Data}
	version2 = layer{sensor.FrameSMB2PDU, sensor.FrameSMB2Header, sensor.FrameSMB2Data}
	version3 = layer{sensor.FrameSMB3PDU, sensor.FrameSMB3Header, sensor.FrameSMB3Data}
)

// transformLen is the length of the header of an encrypted message ([MS-SMB2], 2.2.41).
const transformLen = 52

// frames marks n bytes, of which the first head are the header. b are those that have come, and perhaps more.
func (p *parser) frames(dir sensor.Dir, l layer, b []byte, head, n int) {
	if n < head || len(b) < head {
		return
	}
	p.out.Frame(l[0], dir, b, n)
	p.out.Frame(l[1], dir, b, head)
	p.out.Frame(l[2], dir, b[head:], n-head)
}

// frames2 marks the messages of a record of SMB 2, which may have several ([MS-SMB2], 3.2.4.1.4). Of its n bytes the first
// have have come.
func (p *parser) frames2(dir sensor.Dir, b []byte, have, n int) {
	if !p.out.Wanted(version2[0]) && !p.out.Wanted(version2[1]) && !p.out.Wanted(version2[2]) {
		return
	}
	for range compoundMax {
		if have < header2Len || string(b[:4]) != magic2 {
			return
		}
		next := int(le.Uint32(b[20:]))
		if next < header2Len || next > have {
			p.frames(dir, version2, b, header2Len, n)
			return
		}
		p.frames(dir, version2, b, header2Len, next)
		b, have, n = b[next:], have-next, n-next
	}
}

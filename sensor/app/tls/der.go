package tls

// Tags of DER (X.690) that certificates use.
const (
	tagInteger    = 0x02
	tagBitString  = 0x03
	tagOctets     = 0x04
	tagOID        = 0x06
	tagUTF8       = 0x0c
	tagUTCTime    = 0x17
	tagTime       = 0x18
	tagBMP        = 0x1e
	tagUniversal  = 0x1c
	tagSequence   = 0x30
	tagSet        = 0x31
	tagVersion    = 0xa0 // [0] of a TBSCertificate
	tagExtensions = 0xa3 // [3] of a TBSCertificate
	tagBoolean    = 0x01
)

// der reads elements off the front of DER, or of the BER that some certificates hold; only lengths must be right.
type der []byte

// next returns the first element's tag and content, and false when there is none or it is cut off.
func (d *der) next() (tag byte, content der, ok bool) {
	b := *d
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, nil, false
	}
	n, head := int(b[1]), 2
	if n >= 0x80 {
		size := n & 0x7f
		if size == 0 || size > 4 || len(b) < 2+size {
			return 0, nil, false
		}
		n = 0
		for _, c := range b[2 : 2+size] {
			n = n<<8 | int(c)
		}
		head += size
	}
	if n > len(b)-head {
		return 0, nil, false
	}
	*d = b[head+n:]
	return b[0], b[head : head+n : head+n], true
}

// expect returns the content of the first element when it has the tag.
func (d *der) expect(tag byte) (der, bool) {
	t, content, ok := d.next()
	return content, ok && t == tag
}

// skip passes over the first element when it has the tag.
func (d *der) skip(tag byte) {
	if len(*d) > 0 && (*d)[0] == tag {
		d.next()
	}
}

// cut reports whether the first element ends within its tag and length.
func (d der) cut() bool {
	return len(d) == 1 || len(d) > 1 && d[1] > 0x80 && d[1] <= 0x84 && len(d) < 2+int(d[1]&0x7f)
}

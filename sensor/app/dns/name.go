package dns

// Limits of names. RFC 1035 allows 255 bytes and 127 labels; more is kept, so that an analyst sees what was sent.
const (
	nameMax   = 1025 // bytes of a name in text form
	labelsMax = 255  // labels of a name
	jumpsMax  = 64   // compression pointers followed within a name
)

// nameFlags tell what was odd about a name that could be read all the same.
type nameFlags uint8

const (
	nameTooLong nameFlags = 1 << iota
	nameLoops
	nameTooManyLabels
)

// appendName appends the text of the name at msg[off:] and returns the offset behind the name. ok is false when the name
// or one of its compression pointers leaves the message, or has a label type that RFC 1035, 4.1.4 does not define. A name
// that is too long or loops is cut off there, and what was read stays.
func appendName(dst, msg []byte, off int) (out []byte, next int, flags nameFlags, ok bool) {
	start, pos, labels, jumps := len(dst), off, 0, 0
	next = -1
	for {
		if pos >= len(msg) {
			return dst[:start], off, flags, false
		}
		c := int(msg[pos])
		switch {
		case c == 0:
			if next < 0 {
				next = pos + 1
			}
			return dst, next, flags, true
		case c&0xc0 == 0xc0:
			if pos+1 >= len(msg) {
				return dst[:start], off, flags, false
			}
			if next < 0 {
				next = pos + 2
			}
			target := (c&0x3f)<<8 | int(msg[pos+1])
			if target >= len(msg) {
				return dst[:start], off, flags, false
			}
			if jumps++; jumps > jumpsMax {
				return dst, next, flags | nameLoops, true
			}
			pos = target
		case c&0xc0 != 0:
			return dst[:start], off, flags, false
		default:
			if pos+1+c > len(msg) {
				return dst[:start], off, flags, false
			}
			if labels++; labels > labelsMax {
				flags |= nameTooManyLabels
			}
			if flags&(nameTooLong|nameTooManyLabels) == 0 {
				label := msg[pos+1 : pos+1+c]
				if len(dst) > start {
					dst = append(dst, '.')
				}
				if room := nameMax - (len(dst) - start); len(label) > room {
					label = label[:max(room, 0)]
					flags |= nameTooLong
				}
				dst = append(dst, label...)
			}
			// A name that is cut off is still walked, to find where it ends; jumpsMax and the message bound the walk.
			pos += 1 + c
			if labels > 2*labelsMax {
				if next < 0 {
					next = len(msg)
				}
				return dst, next, flags | nameLoops, true
			}
		}
	}
}

package signature

// A rule that waits for more of a growing buffer would look through all of it again with each packet, which is quadratic.
// Most such rules wait for one content that has not come yet: then only the new bytes are searched, for that content.

// lack is what a waiting rule knows of the growing buffer that it looked at last.
type lack struct {
	list     uint8  // place of its list and 1; 0 for none
	item     uint16 // place of the content that is missing; those before it are there
	searched int    // bytes of the buffer without it
	tried    int    // bytes when all contents were there and the list did not match
}

// retryFrom is from how many bytes on a list whose contents are all there is not tried again before the buffer has grown by
// a quarter or is complete.
const retryFrom = 4096

// lacks reports whether list i cannot match buf, the only value of its buffer, or is not worth trying yet. final says that
// the buffer is complete.
func (k *lack) lacks(i int, l *list, buf []byte, final bool) bool {
	if k.list != uint8(i)+1 || len(buf) < k.searched {
		if final {
			return false // the first look is the last
		}
		*k = lack{list: uint8(i) + 1}
	}
	for ; int(k.item) < len(l.items); k.item, k.searched = k.item+1, 0 {
		it := &l.items[k.item]
		if it.kind != kindContent || it.c.neg || it.c.fastOnly {
			continue
		}
		if it.c.index(buf[max(0, k.searched-len(it.c.pat)+1):]) < 0 {
			k.searched = len(buf)
			return true
		}
	}
	k.searched = len(buf)
	if !final && k.tried >= retryFrom && len(buf) < k.tried+k.tried/4 {
		return true
	}
	k.tried = len(buf)
	return false
}

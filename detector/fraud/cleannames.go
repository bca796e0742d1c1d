package fraud

import "hash/maphash"

// cleanNames remembers names that were found clean, by hashes that nobody outside can foresee. A name that another one
// pushes out is judged again.
type cleanNames struct {
	seed  maphash.Seed
	slots []cleanSlot // a power of two
}

type cleanSlot struct {
	hash  uint64
	brand int32 // organisation that keeps money and whose own name it is, -1 for none
}

// newCleanNames returns a memory of about so many bytes.
func newCleanNames(bytes int) *cleanNames {
	n := 1 << 10
	for n*2*16 <= bytes {
		n *= 2
	}
	return &cleanNames{seed: maphash.MakeSeed(), slots: make([]cleanSlot, n)}
}

func (c *cleanNames) slot(name []byte) (*cleanSlot, uint64) {
	h := max(maphash.Bytes(c.seed, name), 1) // 0 marks an empty slot
	return &c.slots[h&uint64(len(c.slots)-1)], h
}

// get returns what is remembered of a name.
func (c *cleanNames) get(name []byte) (brand int32, ok bool) {
	s, h := c.slot(name)
	return s.brand, s.hash == h
}

// has reports whether a name was found clean.
func (c *cleanNames) has(name []byte) bool {
	_, ok := c.get(name)
	return ok
}

func (c *cleanNames) set(name []byte, brand int32) {
	s, h := c.slot(name)
	*s = cleanSlot{h, brand}
}

func (c *cleanNames) reset() { clear(c.slots) }

package signature

// arena is memory for what transforms make. It is given out piece by piece and taken back all at once at a packet's end;
// when it grows, pieces given out before stay valid where they are.
type arena struct {
	buf  []byte
	used int
	high int // bytes asked for since the last reset
}

const arenaMin = 16 << 10

// grab gives an empty slice with room for n bytes. It is free again unless keep is called.
func (a *arena) grab(n int) []byte {
	if len(a.buf)-a.used < n {
		a.buf = make([]byte, max(arenaMin, 2*len(a.buf), 2*n))
		a.used = 0
	}
	return a.buf[a.used:a.used:min(len(a.buf), a.used+n)]
}

// keep holds n bytes of what grab gave until reset.
func (a *arena) keep(n int) { a.used = min(a.used+n, len(a.buf)) }

func (a *arena) reset() { a.used = 0 }

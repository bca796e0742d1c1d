package capture

import (
	"math"
	"math/bits"
)

// resolution returns how many timestamp units a second has, for an if_tsresol value, and whether they can be counted.
func resolution(v byte) (units uint64, ok bool) {
	if v&0x80 != 0 {
		if v &= 0x7f; v > 63 {
			return 1, false
		}
		return 1 << v, true
	}
	if v > 19 { // 10^20 is more than 64 bits hold
		return 1, false
	}
	units = 1
	for ; v > 0; v-- {
		units *= 10
	}
	return units, true
}

// nanoseconds turns a timestamp into nanoseconds since 1970. What lies beyond the year 2262 or before 1677 is cut off
// there.
func nanoseconds(ts, units uint64, offset int64) int64 {
	const limit = math.MaxInt64 / 1_000_000_000 // seconds
	sec := ts / units
	if sec > limit-1 {
		sec = limit - 1
	}
	hi, lo := bits.Mul64(ts%units, 1e9)
	frac, _ := bits.Div64(hi, lo, units)
	offset = max(min(offset, limit), -limit)
	total := max(min(int64(sec)+offset, limit-1), -limit+1)
	return total*1e9 + int64(frac)
}

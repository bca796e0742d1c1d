package fraud

import (
	"fmt"
	"math"
)

// The structure of a page is the set of runs of tags in it. Pages of one kit share most of them, whatever their texts say:
// their sketches then agree in a band. With bands of four, pages that share nine tenths agree with a probability of 96 %,
// those that share three tenths with one of 2 %.
const (
	shapeRun   = 4 // tags of a run
	shapeBands = 3
	shapeRows  = 4
	minRuns    = 12 // a page with fewer has no structure to tell it by
	maxRuns    = 4000
)

// shapeSketch is a minhash of the runs of tags. Reset it before use.
type shapeSketch struct {
	last  [shapeRun]uint64
	tags  int
	mins  [shapeBands * shapeRows]uint64
	kinds map[uint64]struct{} // different runs, up to minRuns
}

func (s *shapeSketch) reset() {
	s.tags = 0
	clear(s.kinds)
	for i := range s.mins {
		s.mins[i] = math.MaxUint64
	}
}

// tag takes the next tag of the page.
func (s *shapeSketch) tag(name []byte) {
	s.last[s.tags%shapeRun] = hashBytes(name)
	if s.tags++; s.tags < shapeRun || s.tags > maxRuns {
		return
	}
	h := uint64(fnvBasis)
	for i := range shapeRun {
		h = (h ^ s.last[(s.tags+i)%shapeRun]) * fnvPrime
	}
	if len(s.kinds) < minRuns {
		if s.kinds == nil {
			s.kinds = make(map[uint64]struct{})
		}
		s.kinds[h] = struct{}{}
	}
	for i := range s.mins {
		s.mins[i] = min(s.mins[i], mix(h+uint64(i)*0x9e3779b97f4a7c15))
	}
}

// mix spreads a number over all bits (the finalizer of MurmurHash3, public domain).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// bands returns the sketch, nil for a page without structure.
func (s *shapeSketch) bands() []string {
	if len(s.kinds) < minRuns {
		return nil
	}
	out := make([]string, shapeBands)
	for b := range out {
		h := uint64(fnvBasis)
		for _, m := range s.mins[b*shapeRows : (b+1)*shapeRows] {
			h = (h ^ m) * fnvPrime
		}
		out[b] = fmt.Sprintf("%d:%016x", b, h)
	}
	return out
}

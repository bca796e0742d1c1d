package pipeline

import "khien/sensor"

var _ sensor.Inside = (*track)(nil)

// Inside gives bytes that the flow carries within its own conversation to a track of their own, which looks for their
// protocol and has a parser for it. Both are one flow.
func (t *track) Inside(dir sensor.Dir, data []byte) {
	in := t.innerTrack()
	t.half[dir].pend += len(data)
	in.input(dir, data)
	if t.f.App != t.proto.Proto && t.f.AppOrig == sensor.ProtoNone {
		t.f.AppOrig = t.proto.Proto
	}
}

// InsideGap tells the inner parser that bytes are missing.
func (t *track) InsideGap(dir sensor.Dir, n int) {
	t.f.Gap = true
	in := t.innerTrack()
	if in.parser == nil {
		in.give()
		return
	}
	in.half[dir].keep = in.half[dir].keep[:0]
	in.dropFrames(dir)
	if err := in.guarded(func() error { return in.parser.Gap(dir, n, in) }); err != nil {
		in.fail()
	}
}

// innerTrack returns the track of what is inside. Its protocol is looked for in both directions anew.
func (t *track) innerTrack() *track {
	if t.inner == nil {
		t.inner = &track{w: t.w, f: t.f, within: true}
	}
	return t.inner
}

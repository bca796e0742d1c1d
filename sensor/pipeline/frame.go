package pipeline

import (
	"slices"

	"khien/sensor"
)

// Limits of frames. What is more is not marked, and counted.
const (
	framesMax = 1024 // that one packet may change
	framesBig = 2048 // bytes of a buffer from which it is not kept for reuse, once many are
	openMax   = 16   // of a direction that go on with the next packet
	freeMax   = 64
)

// frame is a frame with what the pipeline knows of it.
type frame struct {
	sensor.Frame
	got    int // bytes that have come, kept or not
	told   int // bytes of Data that the handlers know
	held   int // bytes that are counted as the flow's
	marked bool
	over   bool // nothing more will come
}

// frames are a worker's.
type frames struct {
	handlers []sensor.FrameHandler
	marked   []*frame // that the packet has changed
	free     []*frame
}

func (w *frames) wanted(b sensor.Buffer) bool {
	for _, h := range w.handlers {
		if h.WantsFrame(b) {
			return true
		}
	}
	return false
}

// mark remembers that the handlers are to hear of f, false when there are too many.
func (w *frames) mark(f *frame) bool {
	if f.marked {
		return true
	}
	if len(w.marked) == framesMax {
		return false
	}
	f.marked = true
	w.marked = append(w.marked, f)
	return true
}

// release takes back the frames that are over.
func (w *frames) release() {
	for i, f := range w.marked {
		w.marked[i] = nil
		f.Tx = nil
		f.marked = false
		if f.over && len(w.free) < freeMax && (cap(f.Data) <= framesBig || len(w.free) < 8) {
			w.free = append(w.free, f)
		}
	}
	w.marked = w.marked[:0]
}

// add takes bytes that have come.
func (f *frame) add(b []byte) {
	f.got += len(b)
	f.Data = append(f.Data, b[:min(len(b), sensor.FrameMax-len(f.Data))]...)
}

// Frame marks a frame.
func (t *track) Frame(b sensor.Buffer, dir sensor.Dir, data []byte, n int) {
	w := &t.w.frames
	if n == 0 || !w.wanted(b) {
		return
	}
	var f *frame
	if k := len(w.free); k > 0 {
		f, w.free = w.free[k-1], w.free[:k-1]
	} else {
		f = new(frame)
	}
	*f = frame{Frame: sensor.Frame{Buffer: b, Proto: t.f.App, Dir: dir, Length: n, Data: f.Data[:0]}}
	if t.proto != nil {
		f.Proto = t.proto.Proto
	}
	if n >= 0 {
		data = data[:min(n, len(data))]
	}
	f.add(data)
	f.Complete = f.got == n
	f.over = f.Complete
	if !f.over && len(t.frames[dir]) == openMax || !w.mark(f) {
		t.w.stats.Lost.Frames++
		w.free = append(w.free, f)
		return
	}
	if !f.over {
		t.frames[dir] = append(t.frames[dir], f)
		t.chargeFrame(f)
	}
}

// chargeFrame counts the bytes of an open frame as the flow's.
func (t *track) chargeFrame(f *frame) {
	n := len(f.Data)
	if f.over {
		n = 0
	}
	t.held += n - f.held
	f.held = n
}

// growFrames gives new bytes of a direction to its open frames.
func (t *track) growFrames(dir sensor.Dir, data []byte) {
	open := t.frames[dir]
	for i := 0; i < len(open); i++ {
		f := open[i]
		part := data
		if f.Length >= 0 {
			part = data[:min(len(data), f.Length-f.got)]
		}
		f.add(part)
		if f.Length >= 0 && f.got == f.Length {
			f.Complete, f.over = true, true
			open = slices.Delete(open, i, i+1)
			i--
		}
		t.chargeFrame(f)
		if !t.w.frames.mark(f) && f.over {
			t.w.stats.Lost.Frames++
		}
	}
	t.frames[dir] = open
}

// EndFrame ends an open frame.
func (t *track) EndFrame(b sensor.Buffer, dir sensor.Dir, beyond int) {
	open := t.frames[dir]
	for i := len(open) - 1; i >= 0; i-- {
		if f := open[i]; f.Buffer == b && f.Length < 0 {
			f.got = max(f.got-beyond, 0)
			f.Data = f.Data[:min(len(f.Data), f.got)]
			f.Length, f.Complete = f.got, true
			t.closeFrame(f)
			t.frames[dir] = slices.Delete(open, i, i+1)
			return
		}
	}
}

func (t *track) closeFrame(f *frame) {
	f.over = true
	t.chargeFrame(f)
	if !t.w.frames.mark(f) {
		t.w.stats.Lost.Frames++
	}
}

// endFrames ends the frames of a direction that goes no further: those without a known length are complete.
func (t *track) endFrames(dir sensor.Dir) {
	for i, f := range t.frames[dir] {
		if f.Length < 0 {
			f.Length, f.Complete = f.got, true
		}
		t.closeFrame(f)
		t.frames[dir][i] = nil
	}
	t.frames[dir] = t.frames[dir][:0]
}

// dropFrames forgets the open frames of a direction: what follows does not belong to them.
func (t *track) dropFrames(dir sensor.Dir) {
	for i, f := range t.frames[dir] {
		t.closeFrame(f)
		t.frames[dir][i] = nil
	}
	t.frames[dir] = t.frames[dir][:0]
	t.half[dir].stream = false
}

// tellFrames tells the handlers of the frames that the packet has changed. A frame that grows is told of when it is new,
// whenever it has grown by an eighth, and when it is complete: looking at it again costs as much as it is long.
func (w *worker) tellFrames(f *sensor.Flow) {
	for _, x := range w.frames.marked {
		if !x.Complete && (len(x.Data) == x.told || len(x.Data)-x.told < x.told/8) {
			continue
		}
		x.told = len(x.Data)
		if t, ok := f.Pipe.(*track); ok {
			x.Tx = t.open
		}
		w.ev.Flow, w.ev.Dir, w.ev.Segment = f, x.Dir, w.seg
		w.ev.Data, w.ev.Tx, w.ev.File, w.ev.Frame = nil, nil, nil, &x.Frame
		w.send(sensor.KindFrame)
	}
	w.ev.Frame = nil
}

package http

import "khien/sensor"

// messageFrames are the frames of a message by its direction.
var messageFrames = [2]sensor.Buffer{sensor.ToServer: sensor.FrameHTTPRequest, sensor.ToClient: sensor.FrameHTTPResponse}

// beginFrame marks the message that b begins with, where one begins.
func (h *half) beginFrame(b []byte, out sensor.Emitter) {
	if h.framed || h.state != stFirst || len(h.line) > 0 || b[0] == '\r' || b[0] == '\n' {
		return
	}
	h.framed = true
	out.Frame(messageFrames[h.dir], h.dir, b, -1)
}

// endFrame ends the frame of a message that is over; beyond bytes have come behind it.
func (h *half) endFrame(beyond int, out sensor.Emitter) {
	if h.over {
		out.EndFrame(messageFrames[h.dir], h.dir, beyond)
		h.framed, h.over = false, false
	}
}

package websocket

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
)

// inflate decompresses a message (RFC 7692, 7.2.2). Messages can refer to those before them, so the last bytes are kept
// whether the peers agreed to that or not; a message that does not refer to any reads the same.
func (h *half) inflate() ([]byte, bool) {
	in := io.MultiReader(bytes.NewReader(h.message), bytes.NewReader([]byte("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
	r := flate.NewReaderDict(in, h.window)
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, inflateMax))
	ok := !h.cut && (err == nil || errors.Is(err, io.EOF))
	h.window = append(h.window, data...)
	if over := len(h.window) - windowMax; over > 0 {
		h.window = append(h.window[:0], h.window[over:]...)
	}
	return data, ok
}

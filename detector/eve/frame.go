package eve

import (
	"encoding/base64"
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// framePayloadMax is how many bytes of a frame a record has.
const framePayloadMax = 4096

// frameDirs are directions as EVE writes them of frames.
var frameDirs = [2]string{sensor.ToServer: "toserver", sensor.ToClient: "toclient"}

// appendFrame appends the frame that a rule has matched.
func appendFrame(dst []byte, f *sensor.Frame) []byte {
	k := f.Buffer.FrameKind()
	dst = append(append(dst, `,"frame":{"type":"`...), k.Name...)
	dst = append(append(append(dst, `","direction":"`...), frameDirs[f.Dir]...), '"')
	if f.Length >= 0 {
		dst = strconv.AppendInt(append(dst, `,"length":`...), int64(f.Length), 10)
	}
	dst = evejson.AppendBool(dst, "complete", f.Complete)
	data := f.Data[:min(len(f.Data), framePayloadMax)]
	dst = append(dst, `,"payload":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, data)
	dst = append(dst, `","payload_printable":`...)
	dst = evejson.AppendString(dst, printable(data))
	return append(dst, '}')
}

// printable shows a dot for each byte that cannot be shown.
func printable(b []byte) []byte {
	p := make([]byte, len(b))
	for i, c := range b {
		if (c < ' ' || c > '~') && c != '\r' && c != '\n' {
			c = '.'
		}
		p[i] = c
	}
	return p
}

package sensortest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Chunks of Android's binary XML (frameworks/base, ResourceTypes.h).
const (
	chunkXML     = 0x0003
	chunkStrings = 0x0001
	chunkElement = 0x0102
)

// manifest turns lines "package NAME", "label TEXT" and "permission NAME" into a binary AndroidManifest.xml: a pool of
// UTF-16 strings and one start element for each line.
func manifest(text string) ([]byte, error) {
	le16, le32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	var table []string
	ref := func(s string) uint32 {
		for i, x := range table {
			if x == s {
				return uint32(i)
			}
		}
		table = append(table, s)
		return uint32(len(table) - 1)
	}
	var body []byte
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		tag, attribute := "", ""
		switch key {
		case "":
			continue
		case "package":
			tag, attribute = "manifest", "package"
		case "label":
			tag, attribute = "application", "label"
		case "permission":
			tag, attribute, value = "uses-permission", "name", "android.permission."+value
		default:
			return nil, fmt.Errorf("manifest: %q: want package, label or permission", line)
		}
		body = le32(le16(le16(body, chunkElement), 16), 36+20)
		body = le32(le32(body, 1), 0xffffffff)
		body = le32(le32(body, 0xffffffff), ref(tag))
		body = le16(le16(le16(body, 20), 20), 1)
		body = le32(le16(le16(le16(body, 0), 0), 0), 0xffffffff)
		body = le32(le32(body, ref(attribute)), ref(value))
		body = le32(append(le16(body, 8), 0, 3), ref(value))
	}
	var offsets, data []byte
	for _, s := range table {
		offsets = le32(offsets, uint32(len(data)))
		u := utf16.Encode([]rune(s))
		data = le16(data, uint16(len(u)))
		for _, c := range u {
			data = le16(data, c)
		}
		data = le16(data, 0)
	}
	pool := le32(le16(le16(nil, chunkStrings), 28), uint32(28+len(offsets)+len(data)))
	pool = le32(le32(pool, uint32(len(table))), 0)
	pool = le32(le32(pool, 0), uint32(28+len(offsets)))
	pool = append(append(le32(pool, 0), offsets...), data...)
	out := le32(le16(le16(nil, chunkXML), 8), uint32(8+len(pool)+len(body)))
	return append(append(out, pool...), body...), nil
}

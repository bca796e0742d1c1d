package fraud

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"strings"
)

// maxManifest is how large a decompressed manifest may be; real ones have 5 to 200 KiB.
const maxManifest = 2 << 20

// maxEntries is how many members are looked at for the manifest. It is among the first of an APK.
const maxEntries = 4096

// permission is what an Android application may do, as a bit set of what abusers need.
type permission uint16

// Permissions and components of abuse.
const (
	permAccessibility permission = 1 << iota
	permSMS
	permOverlay
	permInstall
	permAdmin
	permNotify
	permCall
	permContacts
	permCapture
)

var permTexts = [...]struct {
	bit    permission
	vi, en string
}{
	{permAccessibility, "dịch vụ trợ năng", "accessibility service"}, {permSMS, "đọc tin nhắn SMS", "reading text messages"},
	{permOverlay, "vẽ đè lên ứng dụng khác", "drawing over other apps"}, {permInstall, "cài đặt ứng dụng", "installing apps"},
	{permAdmin, "quản trị thiết bị", "device administration"}, {permNotify, "đọc thông báo", "reading notifications"},
	{permCall, "cuộc gọi", "calls"}, {permContacts, "danh bạ", "contacts"}, {permCapture, "quay màn hình", "screen capture"},
}

// permNames are the parts of permission names behind "android.permission.".
var permNames = map[string]permission{
	"BIND_ACCESSIBILITY_SERVICE": permAccessibility, "READ_SMS": permSMS, "RECEIVE_SMS": permSMS, "SEND_SMS": permSMS, "RECEIVE_MMS": permSMS,
	"SYSTEM_ALERT_WINDOW": permOverlay, "REQUEST_INSTALL_PACKAGES": permInstall, "INSTALL_PACKAGES": permInstall,
	"BIND_DEVICE_ADMIN": permAdmin, "BIND_NOTIFICATION_LISTENER_SERVICE": permNotify, "CALL_PHONE": permCall, "READ_CALL_LOG": permCall,
	"ANSWER_PHONE_CALLS": permCall, "READ_CONTACTS": permContacts, "FOREGROUND_SERVICE_MEDIA_PROJECTION": permCapture,
}

func (p permission) count() int {
	n := 0
	for ; p != 0; p &= p - 1 {
		n++
	}
	return n
}

func (p permission) texts() (vi, en string) {
	var a, b []string
	for _, t := range permTexts {
		if p&t.bit != 0 {
			a, b = append(a, t.vi), append(b, t.en)
		}
	}
	return strings.Join(a, ", "), strings.Join(b, ", ")
}

// app is what an APK says of itself.
type app struct {
	Package string
	Label   string // empty where it is a reference to a resource
	Perms   permission
	Certs   []string // SHA-256 of the signing certificates, lower-case hexadecimal; nil when not seen
	Signed  bool     // a signing block was seen
	Whole   bool     // the end of the file was seen, so that a missing signature is missing
}

// parseAPK reads an Android application from the first bytes of a file; whole tells that they are all of it. It returns
// false for what is no APK or too little of one.
func parseAPK(content []byte, whole bool) (app, bool) {
	var a app
	if len(content) < 30 || string(content[:4]) != "PK\x03\x04" {
		return a, false
	}
	manifest := findManifest(content, whole)
	if manifest == nil || !parseManifest(manifest, &a) {
		return app{}, false
	}
	if whole {
		a.Whole = true
		a.Certs, a.Signed = signingCerts(content)
	}
	return a, true
}

// findManifest returns the decompressed AndroidManifest.xml: by the directory of a whole file, else by walking the headers
// of the members from the front.
func findManifest(content []byte, whole bool) []byte {
	if whole {
		if z, err := zip.NewReader(bytes.NewReader(content), int64(len(content))); err == nil {
			for i, m := range z.File {
				if i >= maxEntries {
					break
				}
				if m.Name != "AndroidManifest.xml" {
					continue
				}
				if r, err := m.Open(); err == nil {
					// What is cut off or fails its checksum is read as far as it goes.
					b, _ := io.ReadAll(io.LimitReader(r, maxManifest+1))
					r.Close()
					if len(b) > maxManifest {
						return nil // a bomb
					}
					return b
				}
			}
		}
	}
	for at, n := 0, 0; n < maxEntries; n++ {
		next, name, method, data, ok := localHeader(content, at)
		if !ok {
			return nil
		}
		if string(name) == "AndroidManifest.xml" {
			return inflate(method, data)
		}
		if next <= at {
			// The sizes stand behind the data: the next header is found by its signature.
			i := bytes.Index(content[at+4:], []byte("PK\x03\x04"))
			if i < 0 {
				return nil
			}
			next = at + 4 + i
		}
		at = next
	}
	return nil
}

// localHeader reads the header of a member at an offset (APPNOTE.TXT, 4.3.7). data goes to the member's end, or to the end
// of the content where the size is not known there; next is 0 then.
func localHeader(b []byte, at int) (next int, name []byte, method uint16, data []byte, ok bool) {
	if at < 0 || len(b)-at < 30 || string(b[at:at+4]) != "PK\x03\x04" {
		return 0, nil, 0, nil, false
	}
	h := b[at:]
	flags := binary.LittleEndian.Uint16(h[6:])
	method = binary.LittleEndian.Uint16(h[8:])
	size := uint64(binary.LittleEndian.Uint32(h[18:]))
	nameLen, extraLen := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
	if len(h) < 30+nameLen+extraLen {
		return 0, nil, 0, nil, false
	}
	name = h[30 : 30+nameLen]
	data = h[30+nameLen+extraLen:]
	if flags&8 != 0 && size == 0 {
		return 0, name, method, data, true
	}
	if size > uint64(len(data)) {
		return len(b), name, method, data, true
	}
	return at + 30 + nameLen + extraLen + int(size), name, method, data[:size], true
}

func inflate(method uint16, data []byte) []byte {
	if method == 0 {
		return data[:min(len(data), maxManifest)]
	}
	// Android reads any method but 0 as deflate, and abusers use that to blind other readers.
	r := flate.NewReader(bytes.NewReader(data))
	defer r.Close()
	b, _ := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if len(b) > maxManifest {
		return nil
	}
	if len(b) == 0 {
		return data[:min(len(data), maxManifest)]
	}
	return b
}

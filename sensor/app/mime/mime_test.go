package mime

import (
	"fmt"
	"strings"
	"testing"
)

// record is a Sink that writes down what it is told.
type record struct{ strings.Builder }

func (r *record) OpenFile(name []byte)  { fmt.Fprintf(r, "[%s:", name) }
func (r *record) WriteFile(data []byte) { r.Write(data) }
func (r *record) CloseFile(whole bool)  { fmt.Fprintf(r, "]%t ", whole) }
func (r *record) Anomaly(name string)   { fmt.Fprintf(r, "!%s ", name) }
func read(s string, size int) (*Parser, string) {
	var r record
	p := new(Parser)
	p.Reset(&r)
	for b := []byte(s); len(b) > 0; {
		n := len(b)
		if size > 0 {
			n = min(n, size)
		}
		p.Write(b[:n])
		b = b[n:]
	}
	p.Close(true)
	for _, u := range p.URLs {
		fmt.Fprintf(&r, "<%s %s> ", u.Scheme, u.Rest)
	}
	return p, r.String()
}

func TestParser(t *testing.T) {
	f := func(name, in, want string) {
		t.Helper()
		for _, size := range [...]int{0, 1, 3} {
			if _, got := read(in, size); strings.TrimSpace(got) != want {
				t.Errorf("%s in pieces of %d: %q, want %q", name, size, got, want)
			}
		}
	}
	const multi = "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	const file = "Content-Disposition: attachment; filename=f\n"
	f("plain", file+"\nline 1\nline 2\n", "[f:line 1\nline 2]true")
	f("part", multi+file+"\nline 1\n\n--b--\nmore\n", "[f:line 1\n]true")
	f("base64", file+"Content-Transfer-Encoding: base64\n\nSGVs\n bG8=\n", "[f:Hello]true")
	f("base64 junk", file+"Content-Transfer-Encoding: BASE64\n\nSG*VsbG8\n", "[f:!MIME_INVALID_BASE64 Hello]true")
	f("base64 concatenated", file+"Content-Transfer-Encoding: base64\n\nSGk=SGk=\n", "[f:HiHi]true")
	f("quoted", file+"Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc=E1  \nd\n", "[f:a=bc\xe1\nd]true")
	f("quoted junk", file+"Content-Transfer-Encoding: quoted-printable\n\na=zzb\n", "[f:!MIME_INVALID_QP a=zzb]true")
	f("message", "Content-Type: message/rfc822\n\nFrom: x\n"+file+"\nz\n", "[f:z]true")
	f("encoded message", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"+
		"Q29udGVudC1EaXNwb3NpdGlvbjogYXR0YWNobWVudDsgZmlsZW5hbWU9ZgoKeg==\n", "[f:z]true")
	f("message that claims to be encoded", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nFrom: x\n"+file+"\nz\n", "[f:z]true")
	f("nested", multi+"Content-Type: multipart/x; boundary=\"c\"\n\n--c\n"+file+"\n1\n--c\n"+file+"\n2\n--b\n"+file+"\n3\n--b--\n",
		"[f:1]true [f:2]true [f:3]true")
	f("pieces", "Content-Disposition: attachment; filename*0*=utf-8'vi'h%C3%B3a; filename*1=.exe\n\nx\n", "[hóa.exe:x]true")
	f("words", "Content-Disposition: attachment; filename=\"=?iso-8859-1?B?4Q==?=.exe\"\n\nx\n", "[á.exe:x]true")
	f("name only", "Content-Type: application/zip; name=\"a;b.zip\"\n\nx\n", "[a;b.zip:x]true")
	f("boundary", "Content-Type: multipart/x; boundary="+strings.Repeat("x", 300)+"\n\nx\n", "!MIME_LONG_BOUNDARY")
	f("filename", "Content-Disposition: attachment; filename="+strings.Repeat("x", 300)+"\n\nx\n",
		"!MIME_LONG_FILENAME ["+strings.Repeat("x", 255)+":x]true")
	f("long line", "A: b\n\n"+strings.Repeat("x", 1200)+"\n", "!MIME_LONG_LINE")
	f("url over soft break", "Content-Transfer-Encoding: quoted-printable\n\nsee http://exam=\nple.com/a=3Db.\n", "<http example.com/a=b>")
	f("no url", "\nxhttp://a ahttps://b ://c http://\n", "")
	f("deep", strings.Repeat("Content-Type: multipart/x; boundary=b\n\n--b\n", depthMax+1)+"\nx\n", "!MIME_MALFORMED_MSG")
}

func TestFields(t *testing.T) {
	p, _ := read("From : a\r\nSUBJECT: b\r\n c\r\nTo: x,\r\n y\r\nFrom: second\r\nReceived: 1\r\nReceived: 2\r\n\r\n", 0)
	got := fmt.Sprintf("%s|%s|%s|%s", p.From, p.Subject, p.To, p.Received)
	if want := "a|b c|[x y]|[1 2]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Where the bytes are cut changes nothing.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=f\r\n\r\nSGVsbG8=\r\n--b--\r\n"), 3)
	f.Add([]byte("Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\nSubject=3A x\n\nhttp://a=\nb\n"), 1)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		p, whole := read(string(in), 0)
		q, cut := read(string(in), max(size, 1))
		if whole != cut || fmt.Sprintf("%q", p.To) != fmt.Sprintf("%q", q.To) {
			t.Fatalf("pieces of %d: %q, whole %q", size, cut, whole)
		}
		if len(p.URLs) > urlCountMax || len(p.boundaries) > depthMax {
			t.Fatal("over a limit")
		}
	})
}

package sensor

import "testing"

func TestFileBuffersOfATransaction(t *testing.T) {
	b := TxBase{Files: []*File{
		{Dir: ToClient, Name: []byte("reply"), Content: []byte("r"), State: FileClosed, Size: 1},
		{Dir: ToServer, Name: []byte("open"), Size: 9},
		{Dir: ToServer, Name: []byte("whole"), Content: []byte("abc"), State: FileClosed, Size: 3, Hashed: true, MD5: [16]byte{0xab}},
	}}
	f := func(buf Buffer, dir Dir, i int, want string, wantOK bool) {
		t.Helper()
		if got, ok := b.FileBuffer(buf, dir, i); string(got) != want || ok != wantOK {
			t.Errorf("buffer %#x %v %d: %q %v, want %q %v", buf, dir, i, got, ok, want, wantOK)
		}
	}
	f(FileName, ToServer, 0, "open", true)
	f(FileName, ToServer, 1, "whole", true)
	f(FileName, ToServer, 2, "", false)
	f(FileName, ToClient, 0, "reply", true)
	f(FileData, ToServer, 0, "abc", true) // the open file has nothing yet
	f(FileMD5, ToServer, 0, "ab000000000000000000000000000000", true)
	f(FileMD5, ToClient, 0, "", false)
	f(HTTPURI, ToServer, 0, "", false)
	if n, ok := b.FileNumber(FileSize, ToServer, 0); n != 3 || !ok {
		t.Errorf("size %d %v", n, ok)
	}
	if _, ok := b.FileNumber(FileSize, ToServer, 1); ok {
		t.Error("an open file has a size")
	}
}

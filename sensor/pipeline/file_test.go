package pipeline

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/sensortest"
)

// fileWatch keeps the files that were transferred, and the anomalies of the transactions that carried them.
type fileWatch struct {
	files []string
	odd   []string
}

func (*fileWatch) Wants() sensor.Kind { return sensor.KindFile | sensor.KindTx }

func (w *fileWatch) Handle(e *sensor.Event) {
	switch {
	case e.Kind == sensor.KindTx:
		for _, a := range e.Tx.Base().Anomalies[e.Dir] {
			if !slices.Contains(w.odd, a) {
				w.odd = append(w.odd, a)
			}
		}
	case e.File.State != sensor.FileOpen:
		w.files = append(w.files, fmt.Sprintf("%d %s %s", e.File.ID, e.File.Name, e.File.Content))
	}
}

func watch(t *testing.T, script string) *fileWatch {
	t.Helper()
	w := &fileWatch{}
	p := New(Config{Handlers: func(int) []sensor.Handler { return []sensor.Handler{w} }})
	defer p.Close()
	if err := p.Run(sensortest.NewReader(packets(t, script)), "test"); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestRangesOfOneFile transfers a file in pieces, over two flows and in another order, while another host does likewise.
func TestRangesOfOneFile(t *testing.T) {
	part := func(client, contentRange, body string) string {
		return "http " + client + " > 203.0.113.9:80\n> GET /app.apk HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 206 Partial Content\n" +
			"< Content-Range: bytes " + contentRange + "\n<\n< " + body + "\n"
	}
	w := watch(t, part("10.0.0.1", "4-7/10", "4567")+part("10.0.0.2", "0-3/10", "abcd")+part("10.0.0.1", "8-9/10", "89")+part("10.0.0.1", "0-3/10", "0123"))
	want := []string{"1 /app.apk 4567", "1 /app.apk abcd", "1 /app.apk 89", "1 /app.apk 0123", "2 /app.apk 0123456789"}
	if !slices.Equal(w.files, want) {
		t.Errorf("files %q, want %q", w.files, want)
	}
}

// TestBombIsTold refuses a bomb with an anomaly of the transaction that carries it.
func TestBombIsTold(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("bomb")
	if err == nil {
		_, err = f.Write(make([]byte, 20<<20))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	script := "http 10.0.0.1 > 203.0.113.9:80\n> GET /a.zip HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 200 OK\n<\n<b " +
		base64.StdEncoding.EncodeToString(b.Bytes()) + "\n"
	if w := watch(t, script); len(w.files) != 1 || strings.Join(w.odd, " ") != "archive_bomb_ratio" {
		t.Errorf("%d files, anomalies %v", len(w.files), w.odd)
	}
}

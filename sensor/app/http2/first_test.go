package http2

import (
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
	"khien/sensor/app/http"
)

// TestFirst has a request of HTTP/1 that is answered on stream 1.
func TestFirst(t *testing.T) {
	asked := &http.Asked{Method: []byte("GET"), Target: []byte("/robots.txt"), Host: []byte("www.example"), Settings: []byte("AAEAAAAAAAQAAP__")}
	l := apptest.TCP(Protocol(), 80, asked, 0, apptest.S(frame(frameHeaders, flagEndHeaders, 1, block(":status", "200"))+frame(frameData, flagEndStream, 1, "ok")),
		apptest.C(preface+frame(frameHeaders, flagEndHeaders|flagEndStream, 3, request("/next"))))
	for i, want := range []string{"GET", "GET"} {
		if got := buffer(l, i, sensor.HTTPMethod, sensor.ToServer, 0); got != want {
			t.Errorf("%d: %s", i, got)
		}
	}
	f := func(b sensor.Buffer, dir sensor.Dir, want string) {
		t.Helper()
		if got := buffer(l, 0, b, dir, 0); got != want {
			t.Errorf("buffer %#x: %q, want %q", b, got, want)
		}
	}
	f(sensor.HTTPURI, sensor.ToServer, "/robots.txt")
	f(sensor.HTTPHost, sensor.ToServer, "www.example")
	f(sensor.HTTPStatCode, sensor.ToClient, "200")
	f(sensor.HTTPResponseBody, sensor.ToClient, "ok")
	apptest.SameCut(t, Protocol(), 80, asked, apptest.S(frame(frameHeaders, flagEndHeaders|flagEndStream, 1, block(":status", "200"))))
}

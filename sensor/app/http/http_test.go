package http

import (
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

const page = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello"

func get(path string) apptest.Step {
	return apptest.C("GET " + path + " HTTP/1.1\r\nHost: www.Example.com:8080\r\nUser-Agent: test\r\n\r\n")
}

// run gives steps to a parser, whole and cut, and returns the transcript of the whole.
func run(t *testing.T, steps ...apptest.Step) *apptest.Log {
	t.Helper()
	apptest.SameCut(t, Protocol(), 80, nil, steps...)
	return apptest.TCP(Protocol(), 80, nil, 0, steps...)
}

func buffer(l *apptest.Log, tx int, b sensor.Buffer, dir sensor.Dir, i int) string {
	if tx >= len(l.Txs) {
		return "(no transaction)"
	}
	v, ok := l.Txs[tx].Buffer(b, dir, i)
	if !ok {
		return "(none)"
	}
	return string(v)
}

func TestExchange(t *testing.T) {
	l := run(t,
		apptest.C("GET http://User@www.Example.com:8080/a/%62?q=%41+b#f HTTP/1.1\r\nHost: www.example.com:8080\r\nUser-Agent:  curl\r\n"+
			"Cookie: a=1\r\nX-A: one\r\nx-a: two\r\nReferer: http://r/\r\nAccept: */*\r\n\r\n"),
		apptest.S("HTTP/1.1 302 Found it\r\nServer: nginx\r\nSet-Cookie: s=1\r\nLocation: /b\r\nContent-Type: text/html; charset=utf-8\r\n"+
			"Content-Length: 5\r\n\r\nhello"))
	f := func(b sensor.Buffer, dir sensor.Dir, i int, want string) {
		t.Helper()
		if got := buffer(l, 0, b, dir, i); got != want {
			t.Errorf("buffer %#x %v %d = %q, want %q", b, dir, i, got, want)
		}
	}
	c, s := sensor.ToServer, sensor.ToClient
	f(sensor.HTTPMethod, c, 0, "GET")
	f(sensor.HTTPURI, c, 0, "/a/b?q=A+b#f")
	f(sensor.HTTPURIRaw, c, 0, "http://User@www.Example.com:8080/a/%62?q=%41+b#f")
	f(sensor.HTTPProtocol, c, 0, "HTTP/1.1")
	f(sensor.HTTPProtocol, s, 0, "HTTP/1.1")
	f(sensor.HTTPRequestLine, c, 0, "GET http://User@www.Example.com:8080/a/%62?q=%41+b#f HTTP/1.1")
	f(sensor.HTTPResponseLine, s, 0, "HTTP/1.1 302 Found it")
	f(sensor.HTTPHost, c, 0, "www.example.com")
	f(sensor.HTTPHostRaw, c, 0, "www.Example.com:8080")
	f(sensor.HTTPUserAgent, c, 0, "curl")
	f(sensor.HTTPReferer, c, 0, "http://r/")
	f(sensor.HTTPAccept, c, 0, "*/*")
	f(sensor.HTTPCookie, c, 0, "a=1")
	f(sensor.HTTPCookie, s, 0, "s=1")
	f(sensor.HTTPHeader, c, 0, "Host: www.example.com:8080\r\nUser-Agent: curl\r\nX-A: one, two\r\nReferer: http://r/\r\nAccept: */*\r\n")
	f(sensor.HTTPHeaderRaw, s, 0, "Server: nginx\r\nSet-Cookie: s=1\r\nLocation: /b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\n")
	f(sensor.HTTPHeaderNames, c, 0, "\r\nHost\r\nUser-Agent\r\nCookie\r\nX-A\r\nReferer\r\nAccept\r\n\r\n")
	f(sensor.HTTPRequestHeader, c, 2, "Cookie: a=1")
	f(sensor.HTTPRequestHeader, c, 3, "X-A: one, two")
	f(sensor.HTTPRequestHeader, c, 6, "(none)")
	f(sensor.HTTPResponseHeader, s, 1, "Set-Cookie: s=1")
	f(sensor.HTTPStatCode, s, 0, "302")
	f(sensor.HTTPStatMsg, s, 0, "Found it")
	f(sensor.HTTPServer, s, 0, "nginx")
	f(sensor.HTTPLocation, s, 0, "/b")
	f(sensor.HTTPContentType, s, 0, "text/html; charset=utf-8")
	f(sensor.HTTPContentLen, s, 0, "5")
	f(sensor.HTTPResponseBody, s, 0, "hello")
	f(sensor.FileData, s, 0, "hello")
	f(sensor.FileData, s, 1, "(none)")
	if n, ok := l.Txs[0].Number(sensor.HTTPStatCode, s, 0); !ok || n != 302 {
		t.Errorf("status %d", n)
	}
	want := `{"hostname":"www.example.com","http_port":8080,"url":"http://User@www.Example.com:8080/a/%62?q=%41+b#f",` +
		`"http_user_agent":"curl","http_content_type":"text/html","http_refer":"http://r/","http_method":"GET","protocol":"HTTP/1.1",` +
		`"status":302,"redirect":"/b","length":5}`
	if got := l.EVE(0); got != want {
		t.Errorf("EVE %s\nwant %s", got, want)
	}
}

// TestBody tells what recipients make of bodies that are framed or encoded in odd ways.
func TestBody(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	f := func(name, response, want string) {
		t.Helper()
		l := run(t, get("/x"), apptest.S(response))
		if got := buffer(l, 0, sensor.FileData, sensor.ToClient, 0); got != want {
			t.Errorf("%s: body %q, want %q\n%s", name, got, want, l)
		}
		if len(l.Txs) != 1 {
			t.Errorf("%s: %d transactions", name, len(l.Txs))
		}
	}
	f("until close", head+"\r\nhello", "hello")
	f("length", head+"Content-Length: 5\r\n\r\nhello", "hello")
	f("junk behind", head+"Content-Length: 5\r\n\r\nhelloXXX", "hello")
	f("more than announced before the end", head+"Connection: close\r\nContent-Length: 5\r\n\r\nhello world", "hello world")
	f("two lengths", head+"Content-Length: 5\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhello", "hello")
	f("length with junk", head+"Content-Length: ,5;\r\n\r\nhello", "hello")
	f("length with a fraction", head+"Content-Length: 5.9\r\n\r\nhelloXXXXXXXX", "hello")
	f("huge length", head+"Content-Length: 99999999999999999999999\r\n\r\nhello", "hello")
	f("chunks", head+"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n", "hello")
	f("chunks, line feeds only", head+"Transfer-Encoding: chunked\n\n2\nhe\n3\nllo\n0\n\n", "hello")
	f("chunks without ends", head+"Transfer-Encoding: chunked\r\n\r\n2\r\nhe3\r\nllo0\r\n\r\n", "hello")
	f("chunks with blanks", head+"Transfer-Encoding: chunked\r\n\r\n \t2 \r\nhe\r\n\r\n\x0b0003x\r\nllo\r\n0\r\n\r\n", "hello")
	f("chunks cut off", head+"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\nff\r\nllo", "hello")
	f("chunks that are none", head+"Transfer-Encoding: chunked\r\n\r\nhello", "hello")
	f("chunks that are none, with length", head+"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("chunks that stop being chunks", head+"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\nllo\r\n", "hello\r\n")
	f("chunks and length", head+"Content-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")
	f("chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")
	f("chunked in other words", head+"Transfer-Encoding: x, \x0bCHUNKED;\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")
	f("chunked in a folded name", head+"Transfer-Encoding\r\n :\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")
	f("blank before colon", head+"Content-Length \t: 5\r\n\r\nhello", "hello")
	f("zero byte in name", head+"Content\x00-Length: 5\r\n\r\nhello", "hello")
	f("blank line ends headers", head+"Content-Length: 5\n \nhello", "hello")
	f("blank line is a fold", head+"Content-Length: 5\r\n \r\nX: y\r\n\r\nhello", "hello")
	f("blank line before the empty line", head+"Content-Length: 5\r\n\t\r\n\r\nhello", "hello")
	f("carriage returns as line ends", "HTTP/1.1 200 ok\rContent-Length: 5\rX: y\r\n\r\nhello", "hello")
	f("header without colon", head+"junk\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("headers begin with a fold", head+" Content-Length: 5\r\n\r\nhello", "hello")
	f("status line only", "HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("odd status line", " http/1.1\x0b200\x00ok\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("lines before the status line", "\r\n \t\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("junk before the status line", "foobar\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("no status line", "hello", "hello")
	f("no status line, many lines", "hello\nworld\nHTTP/1.1 200 OK\r\n\r\n", "hello\nworld\nHTTP/1.1 200 OK\r\n\r\n")
	f("no status line, long", strings.Repeat("hello", 4000), strings.Repeat("hello", 4000))
	f("continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: y\r\n\r\n"+page, "hello")
	f("early hints", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"+page, "hello")
	f("interim with a body", "HTTP/1.1 102 Processing\r\n\r\nhello", "hello")
	f("switching without a protocol", "HTTP/1.1 101 ok\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("no content with content", "HTTP/1.1 204 ok\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("no content", "HTTP/1.1 204 ok\r\n\r\n", "(none)")
	f("not modified", "HTTP/1.1 304 ok\r\nContent-Length: 5\r\n\r\n", "(none)")
	f("identity", head+"Content-Encoding: identity\r\n\r\nhello", "hello")
	f("gzip that is none", head+"Content-Encoding: gzip\r\n\r\nhello", "hello")
}

func TestPipeline(t *testing.T) {
	l := run(t, get("/1"), get("/2"), apptest.S(page), apptest.C("HEAD /3 HTTP/1.1\r\nHost: a\r\n\r\n"), apptest.S(page),
		apptest.S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), get("/4"), apptest.S(page))
	if len(l.Txs) != 4 {
		t.Fatalf("%d transactions\n%s", len(l.Txs), l)
	}
	for i, want := range []string{"hello", "hello", "(none)", "hello"} {
		if got := buffer(l, i, sensor.HTTPResponseBody, sensor.ToClient, 0); got != want {
			t.Errorf("body %d: %q, want %q", i, got, want)
		}
	}
	if got := buffer(l, 3, sensor.HTTPURI, sensor.ToServer, 0); got != "/4" {
		t.Errorf("last URI %q", got)
	}
}

func TestOneSided(t *testing.T) {
	l := run(t, get("/1"), get("/2"))
	if len(l.Txs) != 2 || !strings.Contains(l.EVE(1), `"url":"/2"`) {
		t.Errorf("requests only:\n%s", l)
	}
	l = run(t, apptest.S(page), apptest.S(page))
	if len(l.Txs) != 2 || !strings.Contains(l.EVE(1), `"status":200`) {
		t.Errorf("responses only:\n%s", l)
	}
}

func TestRequestBody(t *testing.T) {
	f := func(request, body string) {
		t.Helper()
		l := run(t, apptest.C(request), apptest.S(page), get("/2"), apptest.S(page))
		if got := buffer(l, 0, sensor.HTTPRequestBody, sensor.ToServer, 0); got != body {
			t.Errorf("%.60q: body %q, want %q", request, got, body)
		}
		if len(l.Txs) != 2 || !strings.Contains(l.EVE(0), `"status":200`) || !strings.Contains(l.EVE(1), `"status":200`) {
			t.Errorf("%.60q:\n%s", request, l)
		}
	}
	f("GET /\r\n", "(none)")
	f("GET /\r\nHost: a\r\n\r\n", "(none)")
	f("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "abc")
	f("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc")
	f("POST / HTTP/1.1\r\nHost: a\r\n\r\nabc", "abc")
	f("POST / HTTP/1.1\r\nHost: a\r\n\r\nabc\r\ndef\r\n", "abc\r\ndef\r\n")
	f("POST / HTTP/1.1\r\nHost: a\r\n\r\n", "(none)")

	l := run(t, apptest.C("POST /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"), apptest.S(page), apptest.S(page))
	if len(l.Txs) != 2 || buffer(l, 1, sensor.HTTPURI, sensor.ToServer, 0) != "/2" {
		t.Errorf("pipelined behind an empty POST:\n%s", l)
	}
	l = run(t, apptest.C("GET /1\r\nGET /2\r\n"))
	if len(l.Txs) != 2 || buffer(l, 1, sensor.HTTPURI, sensor.ToServer, 0) != "/2" {
		t.Errorf("two HTTP/0.9 requests:\n%s", l)
	}
}

func TestUpgrade(t *testing.T) {
	f := func(to sensor.Proto, steps ...apptest.Step) {
		t.Helper()
		l := apptest.TCP(Protocol(), 80, nil, 0, steps...)
		if !l.Upgraded || l.UpgradeTo != to || len(l.Txs) != 1 || l.EVE(0) == "" {
			t.Errorf("want upgrade to %q\n%s", to, l)
		}
	}
	f(sensor.ProtoNone, apptest.C("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"), apptest.S("HTTP/1.1 200 OK\r\n\r\n"))
	f(sensor.ProtoWebSocket, apptest.C("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
		apptest.S("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
	f(sensor.ProtoHTTP2, apptest.C("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n"),
		apptest.S("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"))

	// A refused CONNECT stays HTTP; what the client sent meanwhile is read then.
	l := run(t, apptest.C("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), apptest.S("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"),
		get("/2"), apptest.S(page))
	if l.Upgraded || len(l.Txs) != 2 {
		t.Errorf("refused CONNECT:\n%s", l)
	}
}

func TestGap(t *testing.T) {
	l := apptest.TCP(Protocol(), 80, nil, 0, get("/1"), apptest.S("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel"),
		apptest.Step{Dir: sensor.ToClient, Gap: 4}, apptest.S("llo"), get("/2"), apptest.S(page))
	if len(l.Txs) != 2 || !l.Files[0].Gaps || l.Files[0].State != sensor.FileTruncated || l.Files[1].State != sensor.FileClosed {
		t.Errorf("gap in a body:\n%s", l)
	}
	l = apptest.TCP(Protocol(), 80, nil, 0, get("/1"), apptest.S("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel"),
		apptest.Step{Dir: sensor.ToClient, Gap: 400}, apptest.S("llo\r\n"), get("/2"), apptest.S(page))
	if len(l.Txs) != 2 || buffer(l, 1, sensor.HTTPResponseBody, sensor.ToClient, 0) != "hello" {
		t.Errorf("gap beyond a body:\n%s", l)
	}
}

func TestForms(t *testing.T) {
	l := run(t, apptest.C("POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\n"+
		"user=nguy%E1%BB%85n+a&otp=12&"), apptest.S(page))
	f := func(i int, name, value string) {
		t.Helper()
		n, v := buffer(l, 0, sensor.HTTPFormName, sensor.ToServer, i), buffer(l, 0, sensor.HTTPFormValue, sensor.ToServer, i)
		if n != name || v != value {
			t.Errorf("field %d is %q=%q, want %q=%q\n%s", i, n, v, name, value, l)
		}
	}
	f(0, "user", "nguyễn a")
	f(1, "otp", "12")
	f(2, "(none)", "(none)")

	body := "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--xx\r\nContent-Disposition: form-data; name=\"f\"; " +
		"filename=\"x.apk\"\r\nContent-Type: a/b\r\n\r\nPK\r\n--x\r\n--xx\r\nContent-Disposition: form-data; name=b\r\n\r\n\r\n--xx--\r\n"
	l = run(t, apptest.C("POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=xx\r\nTransfer-Encoding: chunked\r\n\r\n"+
		hexChunk(body)+"0\r\n\r\n"), apptest.S(page))
	f(0, "a", "one")
	f(1, "b", "")
	f(2, "(none)", "(none)")
	if len(l.Files) != 2 || string(l.Files[0].Name) != "x.apk" || string(l.Contents[l.Files[0]]) != "PK\r\n--x" ||
		l.Files[0].State != sensor.FileClosed {
		t.Errorf("file of a form:\n%s", l)
	}
}

func hexChunk(s string) string {
	const digits = "0123456789abcdef"
	n := len(s)
	return string([]byte{digits[n>>8&15], digits[n>>4&15], digits[n&15]}) + "\r\n" + s + "\r\n"
}

func TestAnomalies(t *testing.T) {
	f := func(dir sensor.Dir, want string, steps ...apptest.Step) {
		t.Helper()
		l := run(t, steps...)
		if len(l.Txs) == 0 || !contains(l.Txs[0].Base().Anomalies[dir], want) {
			t.Errorf("want %s in\n%s", want, l)
		}
	}
	request := func(want, text string) {
		t.Helper()
		f(sensor.ToServer, want, apptest.C(text), apptest.S(page))
	}
	response := func(want, text string) {
		t.Helper()
		f(sensor.ToClient, want, get("/"), apptest.S(text))
	}
	request(anNoHost, "GET / HTTP/1.1\r\n\r\n")
	request(anHostAmbiguous, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
	request(anHostAmbiguous, "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n")
	request(anHeaderHost, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
	request(anURIHost, "GET http://a..b/ HTTP/1.1\r\n\r\n")
	request(anPortMismatch, "GET / HTTP/1.1\r\nHost: a:81\r\n\r\n")
	request(anRequestNoColon, "GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n")
	request(anRequestFolding, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n")
	request(anRequestHeader, "GET / HTTP/1.1\r\nHost : a\r\n\r\n")
	request(anRequestLengthTwice, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na")
	request(anRequestLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
	request(anRequestTE, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")
	request(anRequestTE, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")
	request(anRequestChunkLen, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n")
	request(anRequestChunkExtension, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\n\r\n")
	request(anBodyUnexpected, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
	request(anDoubleEncoded, "GET /%2541 HTTP/1.1\r\nHost: a\r\n\r\n")
	request(anMethodDelimiter, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n")
	request(anURIDelimiter, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n")
	request(anLineNoProtocol, "GET /\r\nHost: a\r\n\r\n")
	request(anLineNoProtocol, "GET /\r\n \r\n\r\n")
	request(anBodyUnexpected, "POST / HTTP/1.1\r\nHost: a\r\n\r\nuser=a")
	request(anBodyUnexpected, "POST / HTTP/1.1\r\nHost: a\r\n\r\n{\n\"user\": 1}\n")
	request(anAuthUnknown, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: foo\r\n\r\n")
	request(anRequestTooLong, "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", maxLine)+"\r\n\r\n")
	request(anRequestTooMany, "GET / HTTP/1.1\r\nHost: a\r\n"+manyHeaders()+"\r\n")
	request(anMultipartError, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 5\r\n\r\nhello")
	response(anResponseChunkLen, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz")
	response(anResponseTE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nzz")
	response(anChunkedOld, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	response(anResponseStatus, "HTTP/1.1 2XX OK\r\n\r\n")
	response(anResponseProtocol, "HTTP/9.9 200 OK\r\n\r\n")
	response(anGzipFailed, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello")
	response(anAbnormalCE, "HTTP/1.1 200 OK\r\nContent-Encoding: foo\r\n\r\nhello")
	response(anTooManyLayers, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip\r\n\r\nhello")
	response(anContinueTwice, "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
	response(anRange, "HTTP/1.1 206 P\r\nContent-Range: bytes 5-1/10\r\n\r\nhello")
	f(sensor.ToClient, anUnmatched, apptest.S(page))
}

func manyHeaders() string {
	var b strings.Builder
	for i := range maxFields + 10 {
		b.WriteString("X" + strings.Repeat("y", i%50) + strings.Repeat("z", i/50) + ": 1\r\n")
	}
	return b.String()
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestNormalise(t *testing.T) {
	f := func(in, want string, path int) {
		t.Helper()
		got, n, _ := normalise(nil, []byte(in))
		if string(got) != want || n != path {
			t.Errorf("normalise(%q) = %q, %d; want %q, %d", in, got, n, want, path)
		}
	}
	f("/", "/", 1)
	f("", "", 0)
	f("*", "*", 1)
	f("/a/../b", "/b", 2)
	f("/a/./b/.", "/a/b/", 5)
	f("/a/b/..", "/a/", 3)
	f("/../../images.gif", "/images.gif", 11)
	f("/%2e%2e/x", "/x", 2)
	f("//a///b", "/a/b", 4)
	f(`/a\..\b`, "/b", 2)
	f("/a%2fb%zz%", "/a/b%zz%", 8)
	f("/%u0041%uff21%u1234", "/AA?", 4)
	f("/a?x=%20//..%2f", "/a?x= //../", 2)
	f("http://h", "/", 1)
	f("http://h?a=1", "/?a=1", 1)
	f("HTTPS://h/a", "/a", 2)
	f("/a#b?c", "/a#b?c", 2)
	f("..", "..", 2)
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, data string, want sensor.Match) {
		t.Helper()
		if got := Probe(dir, []byte(data), nil); got != want {
			t.Errorf("Probe(%v, %q) = %d, want %d", dir, data, got, want)
		}
	}
	c, s := sensor.ToServer, sensor.ToClient
	f(c, "GE", sensor.More)
	f(c, "GET ", sensor.Yes)
	f(c, "\r\nGET / HTTP/1.1\r\n", sensor.Yes)
	f(c, "FOO / HTTP/1.1\r\n", sensor.Yes)
	f(c, "FOO / ", sensor.More)
	f(c, "FOO bar\r\n", sensor.No)
	f(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", sensor.No)
	f(c, "OPTIONS sip:a SIP/2.0\r\n", sensor.No)
	f(c, "OPTIONS * HTTP/1.1\r\n", sensor.Yes)
	f(c, "\x16\x03\x01", sensor.No)
	f(c, "EHLO a\r\n", sensor.No)
	f(s, "HTTP/1.1 200", sensor.Yes)
	f(s, "HT", sensor.More)
	f(s, "220 smtp", sensor.No)
}

// FuzzCut gives a dialogue whole and cut into pieces: the transactions must be the same. Bodies never exceed their limits.
func FuzzCut(f *testing.F) {
	for _, response := range []string{
		page, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a\r\nllo\r\n0\r\nX: y\r\n\r\n", "foo\r\nHTTP/1.1 200\r\n\r\n",
		"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n \r\nA: b\r\n\r\n\x1f\x8b\x08",
		"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n\x81\x00", "HTTP/1.1 200 ok\rA: b\r\n\t\r\nhello",
	} {
		f.Add(apptest.Seed(get("/a"), apptest.S(response), get("/b"), apptest.S(page)))
	}
	f.Add(apptest.Seed(apptest.C("CONNECT a:1 HTTP/1.1\r\n\r\n"), apptest.S("HTTP/1.1 200 OK\r\n\r\n"), get("/")))
	f.Add(apptest.Seed(apptest.C("POST / HTTP/1.0\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 90\r\n\r\n--b\r\n" +
		"Content-Disposition: form-data; name=a; filename=b\r\n\r\nhello\r\n--b--")))
	f.Fuzz(func(t *testing.T, in []byte) {
		steps := apptest.Dialogue(in)
		apptest.SameCut(t, Protocol(), 80, nil, steps...)
		for _, tx := range apptest.TCP(Protocol(), 80, nil, 0, steps...).Txs {
			if d := tx.Base().Done; d != [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete} {
				t.Fatalf("transaction %d is not complete: %v", tx.Base().ID, d)
			}
		}
	})
}

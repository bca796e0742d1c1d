package signature

import (
	"testing"
	"time"

	"khien/sensor"
)

func TestCertificateText(t *testing.T) {
	tx := &fakeTx{text: map[sensor.Buffer][]string{sensor.TLSCertSubject: {"C=VN, CN=bank.example"}, sensor.TLSCertIssuer: {"CN=R3"},
		sensor.TLSCertFP: {"f3:40:21:48:70:2c:31:bc:b5:aa:22:ad:63:d6:bc:2e:b3:46:e2:5a"}}}
	f := func(options string, want bool) {
		t.Helper()
		if got := fires(t, sensor.ProtoTLS, options, sensor.ToClient, tx); got != want {
			t.Errorf("%s: %t", options, got)
		}
	}
	f(`tls.subject:"CN=bank.example"`, true)
	f(`tls.subject:"cn=bank.example"`, false)
	f(`tls.subject:!"CN=bank.example"`, false)
	f(`tls.subject:!"CN=other"`, true)
	f(`tls.subject; content:"bank"`, true)
	f(`tls.issuerdn:!"CN=Google-Internet-Authority"`, true)
	f(`tls.issuerdn:"CN=R3"; tls.subject:"C=VN"`, true)
	f(`tls.issuerdn:"CN=R4"; tls.subject:"C=VN"`, false)
	f(`tls.fingerprint:"f3:40:21:48:70:2c:31:bc:b5:aa:22:ad:63:d6:bc:2e:b3:46:e2:5a"`, true)
	f(`tls.fingerprint:!"f3:40:21:48:70:2c:31:bc:b5:aa:22:ad:63:d6:bc:2e:b3:46:e2:5a"`, false)
	f(`tls.fingerprint:!"00:40:21:48:70:2c:31:bc:b5:aa:22:ad:63:d6:bc:2e:b3:46:e2:5a"`, true)
	tx.text = nil
	f(`tls.subject:!"CN=other"`, false)
	bad(t, `tls.subject:"x`, `tls.fingerprint:""`)
}

func TestCertificateDates(t *testing.T) {
	begin, end := time.Date(2016, 10, 22, 0, 0, 0, 0, time.UTC), time.Date(2017, 1, 20, 12, 30, 5, 0, time.UTC)
	tx := &fakeTx{num: map[sensor.Buffer][]uint64{sensor.TLSNotBefore: {uint64(begin.Unix())}, sensor.TLSNotAfter: {uint64(end.Unix())}}}
	f := func(options string, want bool) {
		t.Helper()
		if got := fires(t, sensor.ProtoTLS, options, sensor.ToClient, tx); got != want {
			t.Errorf("%s: %t", options, got)
		}
	}
	f("tls_cert_notbefore:2016-10-22", true)
	f("tls_cert_notbefore:2016-10", false)
	f("tls_cert_notbefore:<2016-10-22", true)
	f("tls_cert_notbefore:<2016-10-21 23:59:59", false)
	f("tls_cert_notbefore:>2016-10-22 00", true)
	f("tls_cert_notbefore:>2016-10-22T00:01", false)
	f("tls_cert_notbefore:1998-05-01<>2008-05-01", false)
	f("tls_cert_notbefore: 1998-05-01 <> 2016-10-22", true)
	f("tls_cert_notafter:2017-01-20T12:30:05", true)
	f("tls_cert_notafter:1484915405", true)
	f("tls_cert_notafter:>2015", true) // seconds, as any digits
	f("tls_cert_notafter:<2018", false)
	// The bench's clock stands in 2001.
	f("tls_cert_valid", true)
	f("tls_cert_expired", false)
	tx.num[sensor.TLSNotAfter][0] = 1
	f("tls_cert_valid", false)
	f("tls_cert_expired", true)
	tx.num = nil
	f("tls_cert_valid", false)
	f("tls_cert_expired", false)
	bad(t, "tls_cert_notafter:tomorrow", "tls_cert_notafter:2016-13", "tls_cert_notafter:>2016-1<>2017-1", "tls_cert_notafter:2017-1<>2016-1",
		"tls_cert_notafter:=2016-01", "tls_cert_valid:1", "tls_cert_notafter:2016-1<>")
}

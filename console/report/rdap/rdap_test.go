package rdap

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"khien/detector/store/teststore"
)

const registry = `{"objectClassName":"domain","entities":[{"roles":["registrar"],"vcardArray":["vcard",[["email",{},"text","sales@reg.example"]]],
"entities":[{"roles":["abuse"],"vcardArray":["vcard",[["version",{},"text","4.0"],["email",{},"text","abuse@reg.example"],["email",{},"text","x\r\nBcc: y"],["email"],7]]}]}]}`

func TestAbuse(t *testing.T) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	asked, body := "", registry
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked += r.URL.Path + " "
		w.Write([]byte(body))
	}))
	defer srv.Close()
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	f := Finder{srv.URL + "/", srv.Client(), st, func() time.Time { return now }}
	for _, host := range []string{"dang-nhap.xau.com.vn", "xau.com.vn.", "XAU.com.vn"} {
		if got, err := f.Abuse(t.Context(), host); err != nil || strings.Join(got, " ") != "abuse@reg.example" {
			t.Errorf("%s: %q, %v", host, got, err)
		}
	}
	body = `{"entities":[]}`
	if _, err := f.Abuse(t.Context(), "203.0.113.9"); !errors.Is(err, ErrNone) {
		t.Errorf("no contact: %v", err)
	}
	now = now.Add(fresh)
	if _, err := f.Abuse(t.Context(), "xau.com.vn"); !errors.Is(err, ErrNone) {
		t.Errorf("an old answer was kept: %v", err)
	}
	if want := "/domain/xau.com.vn /ip/203.0.113.9 /domain/xau.com.vn "; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
	for _, bad := range []string{"", "com", "a/b.com", "../x"} {
		if _, err := f.Abuse(t.Context(), bad); err == nil {
			t.Errorf("%q was asked for", bad)
		}
	}
}

func FuzzContacts(f *testing.F) {
	f.Add([]byte(registry))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := contacts(b)
		if err != nil && got != nil {
			t.Error("an error and contacts")
		}
		for _, m := range got {
			if strings.ContainsAny(m, "\r\n") {
				t.Errorf("%q", m)
			}
		}
	})
}

package update

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSourceLeadsNowhereInside: a source of rules that sends its readers into their own network gets nothing asked there.
func TestSourceLeadsNowhereInside(t *testing.T) {
	hit := false
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer inside.Close()
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	to := ""
	source := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own.rules" {
			w.Write([]byte("# none\n"))
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer source.Close()
	for _, host := range []string{"localhost", "[::1]", "127.0.0.2", "[::ffff:127.0.0.1]", "169.254.169.254"} {
		to = "https://" + host + port + "/"
		if _, err := fetch(t.Context(), source.Client(), source.URL+"/away", ""); err == nil || !strings.Contains(err.Error(), "is not public") || hit {
			t.Errorf("%s: %v, reached: %v", host, err, hit)
		}
	}
	to = source.URL + "/own.rules" // a source may move within its own host
	if s, err := fetch(t.Context(), source.Client(), source.URL+"/away", ""); err != nil || string(s.data) != "# none\n" {
		t.Errorf("%q, %v", s.data, err)
	}
}

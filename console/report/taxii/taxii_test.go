package taxii

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

type source struct{}

func (source) Collections() []Collection {
	return []Collection{{ID: "a", Title: "A"}, {ID: "b", Title: "B"}}
}

var at = time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC)

func (source) Records(ctx context.Context, id string) (out []Record, err error) {
	for i := range 5 {
		out = append(out, Record{ID: fmt.Sprint("indicator--", i%4), Type: "indicator", Version: fmt.Sprintf("2026-11-27T0%d:00:00.000Z", i),
			Added: at.Add(time.Duration(i) * time.Hour), Object: map[string]string{"id": fmt.Sprint("indicator--", i%4)}})
	}
	return out, nil
}

func TestServer(t *testing.T) {
	s := Server{Title: "t", Source: source{}, Clients: []Client{{Name: "bank", Secret: "secret of the bank", Collections: []string{"a"}}, {Name: "nobody"}}}
	h := s.Handler()
	get := func(method, path, accept, auth string, want int) (map[string]any, http.Header) {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Accept", accept)
		if auth != "" {
			r.Header.Set("Authorization", auth)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s %s: %d, want %d: %s", method, path, w.Code, want, w.Body)
		}
		var v map[string]any
		if w.Code == 200 {
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Header().Get("Content-Type") != mediaType {
				t.Errorf("%s: %v %v", path, err, w.Header())
			}
		}
		return v, w.Header()
	}
	const bank = "Bearer secret of the bank"
	get("GET", "/taxii2/", mediaType, "", 401)
	get("GET", "/taxii2/", mediaType, "Bearer ", 401)
	get("GET", "/taxii2/", mediaType, "Bearer secret of somebody", 401)
	get("GET", "/taxii2/", "text/html", bank, 406)
	get("GET", "/taxii2/", mediaType, bank, 200)
	get("POST", Root+"collections/a/objects/", mediaType, bank, 405)
	get("GET", Root+"collections/b/objects/", mediaType, bank, 404)
	get("GET", Root+"collections/a/objects/?limit=0", mediaType, bank, 400)
	get("GET", Root+"collections/a/objects/?next=-1", mediaType, bank, 400)
	get("GET", Root+"collections/a/objects/?added_after=now", mediaType, bank, 400)
	get("GET", Root+"collections/a/objects/indicator--9/", mediaType, bank, 404)
	if v, _ := get("GET", Root+"collections/", mediaType, bank, 200); len(v["collections"].([]any)) != 1 {
		t.Errorf("%v", v)
	}
	// Of indicator--0 the later version counts; pages go on where the one before ended.
	v, head := get("GET", Root+"collections/a/objects/?limit=3", mediaType, bank, 200)
	if len(v["objects"].([]any)) != 3 || v["more"] != true || head.Get("X-TAXII-Date-Added-First") != "2026-11-27T02:00:00.000000Z" {
		t.Errorf("%v %v", v, head)
	}
	if v, _ = get("GET", Root+"collections/a/objects/?limit=3&next="+fmt.Sprint(v["next"]), mediaType, bank, 200); len(v["objects"].([]any)) != 1 || v["more"] != false {
		t.Errorf("%v", v)
	}
	if v, _ = get("GET", Root+"collections/a/objects/?added_after=2026-11-27T04:00:00Z", mediaType, bank, 200); len(v["objects"].([]any)) != 1 {
		t.Errorf("%v", v)
	}
	if v, _ = get("GET", Root+"collections/a/objects/indicator--0/versions/", mediaType, bank, 200); len(v["versions"].([]any)) != 2 {
		t.Errorf("%v", v)
	}
	if v, _ = get("GET", Root+"collections/a/manifest/?match[type]=malware", mediaType, bank, 200); v["objects"] != nil {
		t.Errorf("%v", v)
	}
	if v, _ = get("GET", Root+"collections/a/objects/?match[version]=all", mediaType, bank, 200); len(v["objects"].([]any)) != 5 {
		t.Errorf("%v", v)
	}
}

package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"khien/console/account"
	"khien/detector/store"
)

const (
	transactionsMax = 50               // of a finding's flow that are told
	aroundFlow      = 10 * time.Minute // before and behind the finding in which they are looked for
	fieldsMax       = 60               // of a transaction
	fieldMax        = 500              // bytes of a value
	fieldDepth      = 4
)

// transaction is what the sensor read out of the flow of a finding: a request with its answer, a question, a handshake.
type transaction struct {
	Time   time.Time   `json:"time"`
	Type   string      `json:"type"` // dns, http, tls, …
	Fields [][2]string `json:"fields"`
	More   bool        `json:"more"` // there are more fields
}

// transactions tells what the sensors' telemetry holds of a finding's flow, in the order of time.
func (a *API) transactions(w http.ResponseWriter, r *http.Request, who account.Account) error {
	f, err := a.cfg.Store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return storeProblem(err)
	}
	out := struct {
		Transactions []transaction `json:"transactions"`
		More         bool          `json:"more"`
		Flow         bool          `json:"flow"` // the finding is about one flow
	}{Transactions: []transaction{}, Flow: f.CommunityID != ""}
	if !out.Flow {
		return answer(w, out)
	}
	from, to := f.Time, f.Time
	if !f.First.IsZero() && f.First.Before(from) {
		from = f.First
	}
	if f.Last.After(to) {
		to = f.Last
	}
	p, err := a.cfg.Store.Events(r.Context(), store.EventQuery{CommunityID: []string{f.CommunityID}, From: from.Add(-aroundFlow), To: to.Add(aroundFlow), Limit: transactionsMax})
	if err != nil {
		return storeProblem(err)
	}
	out.More = p.Next != ""
	for i := range p.Events {
		e := &p.Events[i]
		if e.Type == "flow" || e.FlowID != 0 && f.FlowID != 0 && e.FlowID != f.FlowID&(1<<53-1) {
			continue
		}
		var body map[string]any
		if err := json.Unmarshal(e.Body, &body); err != nil {
			continue // the store has checked it; what is no object has nothing to tell
		}
		t := transaction{Time: e.Time, Type: e.Type, Fields: [][2]string{}}
		for _, key := range slices.Sorted(maps.Keys(body)) {
			switch v := body[key].(type) {
			case map[string]any:
				t.add(key, v, 1)
			case []any:
				t.add(key, v, 1)
			}
		}
		out.Transactions = append(out.Transactions, t)
	}
	return answer(w, out)
}

// add writes a value of a record as fields, whose names are the way to them.
func (t *transaction) add(name string, v any, depth int) {
	if len(t.Fields) >= fieldsMax || depth > fieldDepth {
		t.More = true
		return
	}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			t.add(name+"."+key, v[key], depth+1)
		}
	case []any:
		var plain []string
		for i, x := range v {
			switch x.(type) {
			case map[string]any, []any:
				t.add(name+"["+strconv.Itoa(i)+"]", x, depth+1)
			default:
				plain = append(plain, scalar(x))
			}
		}
		if plain != nil {
			t.put(name, strings.Join(plain, ", "))
		}
	default:
		t.put(name, scalar(v))
	}
}

func (t *transaction) put(name, value string) {
	if len(value) > fieldMax {
		value, t.More = strings.ToValidUTF8(value[:fieldMax], "")+"…", true
	}
	t.Fields = append(t.Fields, [2]string{name, value})
}

// scalar is a plain value as text.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

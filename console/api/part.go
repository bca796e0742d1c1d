package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
)

// partMax is how many rows one answer holds, and how many it holds when nobody asks for less.
const partMax = 1000

// answerPart answers with the rows of a list that a request asks for, and the cursor of those behind them. A cursor names
// the last row that was given, so that what comes meanwhile moves nothing.
func answerPart[T any](w http.ResponseWriter, r *http.Request, name string, list []T, id func(*T) string) error {
	limit := partMax
	if s := r.URL.Query().Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > partMax {
			return badRequest("limit", "limit is not a number from 1 to 1000")
		}
		limit = n
	}
	if s := r.URL.Query().Get("cursor"); s != "" {
		last, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			return badRequest("cursor", "the cursor is not one that a list gave")
		}
		at := 0
		for at < len(list) && id(&list[at]) != string(last) {
			at++
		}
		if at == len(list) {
			return badRequest("cursor", "what the cursor named is gone: begin again")
		}
		list = list[at+1:]
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(id(&list[limit-1])))
	}
	if list == nil {
		list = []T{}
	}
	return answer(w, map[string]any{name: list, "next": next})
}

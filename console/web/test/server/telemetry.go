package main

import (
	"context"
	"encoding/json"
	"time"

	"khien/detector/store"
)

// telemetry is what a sensor read out of the story's flow, with a name that is hostile text.
func telemetry(st store.Store, now time.Time) error {
	at := now.Add(-20 * time.Minute)
	var events []store.Event
	for i, http := range []map[string]any{
		{"http_method": "GET", "hostname": phish, "url": "/dang-nhap", "status": 200, "http_content_type": "text/html"},
		{"http_method": "POST", "hostname": phish, "url": "/gui", "status": 302, "http_user_agent": markup},
	} {
		body, err := json.Marshal(map[string]any{"event_type": "http", "http": http})
		if err != nil {
			return err
		}
		events = append(events, store.Event{Time: at.Add(time.Duration(i) * time.Second), Type: "http", Host: phish, CommunityID: storyFlow, FlowID: 77, Sensor: "so-y-te", Body: body})
	}
	return st.WriteEvents(context.Background(), events)
}

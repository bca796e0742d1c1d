package bus

import (
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

// Round trips of one look at the clocks.
const (
	clockTrips = 5
	clockLeast = 3 // below which there is no median worth the name
	clockWait  = time.Second
)

// Clock is how the clocks of a sensor and of the core that answered it differ.
type Clock struct {
	SkewMS  int64 `json:"skew_ms"` // how far the sensor's is ahead: median of the round trips
	RTTMS   int64 `json:"rtt_ms"`  // their median time; the skew is known to half of it
	Samples int   `json:"samples"`
}

// trip is one question for the time.
type trip struct {
	sent, answered, back time.Time // answered by the core's clock
}

// clockOf makes a measure of round trips; nil when they are too few. The way there and the way back are taken to be as long
// as each other (RFC 5905, 8).
func clockOf(trips []trip) *Clock {
	if len(trips) < clockLeast {
		return nil
	}
	var skews, times []time.Duration
	for _, t := range trips {
		rtt := t.back.Sub(t.sent)
		times = append(times, rtt)
		skews = append(skews, t.sent.Add(rtt/2).Round(0).Sub(t.answered))
	}
	slices.Sort(skews)
	slices.Sort(times)
	return &Clock{SkewMS: skews[len(skews)/2].Milliseconds(), RTTMS: times[len(times)/2].Milliseconds(), Samples: len(trips)}
}

// Clock compares the sensor's clock with that of a core; nil when none has answered often enough.
func (l *Link) Clock(ctx context.Context) *Clock {
	var trips []trip
	for range clockTrips {
		t := trip{sent: time.Now()}
		ctx, cancel := context.WithTimeout(ctx, clockWait)
		m, err := l.nc.RequestWithContext(ctx, clockSubject+l.name, nil)
		cancel()
		t.back = time.Now()
		if err != nil {
			return clockOf(trips) // away: the others would wait as long
		}
		if t.answered.UnmarshalText(m.Data) == nil {
			trips = append(trips, t)
		}
	}
	return clockOf(trips)
}

// tellTime answers the questions for the time that sensors ask.
func tellTime(nc *nats.Conn, trouble func(error)) (*nats.Subscription, error) {
	return nc.QueueSubscribe(clockSubject+"*", group, func(m *nats.Msg) {
		now, err := time.Now().UTC().MarshalText()
		if err == nil {
			err = m.Respond(now)
		}
		if err != nil {
			trouble(err)
		}
	})
}

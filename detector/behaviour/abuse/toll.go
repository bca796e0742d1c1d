package abuse

import (
	"fmt"
	"strings"
	"time"

	"khien/detector"
)

// Toll fraud: a stolen account of a telephone system calls numbers abroad that pay whoever has them called.
const (
	tollWidth   = 30 * time.Minute
	tollCalls   = 10
	tollNumbers = 5
)

// premium are countries whose numbers are rented out for this, as carriers list them year after year.
var premium = [...]struct{ prefix, name string }{
	{"53", "Cuba"}, {"216", "Tunisia"}, {"220", "Gambia"}, {"222", "Mauritania"}, {"224", "Guinea"}, {"231", "Liberia"}, {"232", "Sierra Leone"},
	{"236", "Central African Republic"}, {"239", "São Tomé"}, {"243", "DR Congo"}, {"247", "Ascension"}, {"252", "Somalia"}, {"257", "Burundi"},
	{"261", "Madagascar"}, {"269", "Comoros"}, {"371", "Latvia"}, {"372", "Estonia"}, {"373", "Moldova"}, {"375", "Belarus"}, {"381", "Serbia"},
	{"387", "Bosnia"}, {"670", "Timor-Leste"}, {"675", "Papua New Guinea"}, {"676", "Tonga"}, {"677", "Solomon Islands"}, {"678", "Vanuatu"},
	{"685", "Samoa"}, {"686", "Kiribati"}, {"881", "satellite"}, {"882", "international network"}, {"883", "international network"}, {"960", "Maldives"},
	{"979", "international premium"}, {"992", "Tajikistan"}, {"993", "Turkmenistan"},
}

// country returns the name of the country that a number rents from, "" for other numbers.
func country(number string) string {
	n, plus := strings.CutPrefix(number, "+")
	if !plus {
		if n, plus = strings.CutPrefix(number, "00"); !plus {
			return ""
		}
	}
	for _, p := range premium {
		if strings.HasPrefix(n, p.prefix) {
			return p.name
		}
	}
	return ""
}

var billingFraud = detector.Technique{ID: "T1657", Name: "Financial Theft", Tactic: "Impact", TacticID: "TA0040"}

func tollFraud(c *call, m *Memory) *detector.Finding {
	name := country(c.to)
	if name == "" {
		return nil
	}
	key := c.place.client.String()
	s := m.source("toll", key, tollWidth)
	n, numbers := s.All.Add(c.rang.UnixNano(), hash([]byte(c.to)))
	_, countries := s.Other.Add(c.rang.UnixNano(), hash([]byte(name)))
	if n < tollCalls || numbers < tollNumbers {
		return nil
	}
	f := c.place.finding("toll_fraud", "Calls to premium numbers abroad", billingFraud)
	if !s.grown(f, "toll "+key, n) {
		return nil
	}
	f.Summary = detector.Text{VI: fmt.Sprintf("%s gọi %d cuộc tới đầu số quốc tế thu phí cao (%s…)", key, n, name), EN: fmt.Sprintf("%s makes %d calls to premium numbers abroad (%s…)", key, n, name)}
	f.Reasons = []detector.Reason{reason(fmt.Sprintf("%d số ở %d nước trong %d phút", numbers, countries, int(tollWidth.Minutes())), fmt.Sprintf("numbers: %d, countries: %d, in %d minutes", numbers, countries, int(tollWidth.Minutes())), 1)}
	return f
}

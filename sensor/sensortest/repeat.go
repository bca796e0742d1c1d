package sensortest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// repeat carries out the lines up to the matching end several times.
func (w *writer) repeat(d *directive, lines []string, i, to int) (next int, err error) {
	const want = "want: repeat ROUNDS every DURATION [jitter=DURATION]"
	if len(d.args) != 2 || !d.has("every") {
		return 0, errors.New(want)
	}
	rounds, err := strconv.Atoi(d.args[0])
	if err != nil || rounds < 1 || rounds > roundsMax {
		return 0, fmt.Errorf("%s: want a number from 1 to %d", d.args[0], roundsMax)
	}
	every, err := time.ParseDuration(d.args[1])
	if err != nil {
		return 0, err
	}
	var jitter time.Duration
	if s, ok := d.options["jitter"]; ok {
		if jitter, err = time.ParseDuration(s); err != nil || jitter < 0 {
			return 0, fmt.Errorf("jitter=%s: want a duration", s)
		}
	}
	end := matchingEnd(lines, i+1, to)
	if end < 0 {
		return 0, errors.New("repeat without end")
	}
	start := w.now
	for n := range rounds {
		w.now = start.Add(time.Duration(n) * every)
		if jitter > 0 {
			w.now = w.now.Add(time.Duration(w.random.Int64N(int64(jitter))))
		}
		w.rounds = append(w.rounds, n)
		err = w.run(lines, i+1, end)
		w.rounds = w.rounds[:len(w.rounds)-1]
		if err != nil {
			return 0, err
		}
	}
	if done := start.Add(time.Duration(rounds) * every); w.now.Before(done) {
		w.now = done
	}
	return end + 1, nil
}

func matchingEnd(lines []string, from, to int) int {
	depth := 1
	for i := from; i < to; i++ {
		line := strings.TrimSpace(lines[i])
		switch {
		case strings.HasPrefix(line, "repeat "):
			depth++
		case line == "end":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

var variable = regexp.MustCompile(`\{(?:i|(hex|alnum|b32|dec):([0-9]{1,5}))\}`)

var alphabets = map[string]string{
	"hex":   "0123456789abcdef",
	"alnum": "abcdefghijklmnopqrstuvwxyz0123456789",
	"b32":   "abcdefghijklmnopqrstuvwxyz234567",
	"dec":   "0123456789",
}

// vary replaces the variables of a line inside a repeat.
func (w *writer) vary(line string) string {
	if len(w.rounds) == 0 || !strings.Contains(line, "{") {
		return line
	}
	return variable.ReplaceAllStringFunc(line, func(v string) string {
		m := variable.FindStringSubmatch(v)
		if m[1] == "" {
			return strconv.Itoa(w.rounds[len(w.rounds)-1])
		}
		n, _ := strconv.Atoi(m[2]) // digits by the expression
		out := make([]byte, n)
		for i := range out {
			out[i] = alphabets[m[1]][w.random.IntN(len(alphabets[m[1]]))]
		}
		return string(out)
	})
}

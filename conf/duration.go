package conf

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

func (s spec) toDuration(raw any) (time.Duration, *problem) {
	if d, ok := raw.(time.Duration); ok {
		return d, nil
	}
	v := reflect.ValueOf(raw)
	if v.Kind() == reflect.String {
		return parseDuration(v.String(), s.seconds)
	}
	if !s.seconds && (v.CanInt() || v.CanFloat()) {
		return 0, badDuration(s.seconds)
	}
	if f, p := toFloat(raw); p == nil {
		return inSeconds(f)
	}
	return 0, badDuration(s.seconds)
}

func badDuration(seconds bool) *problem {
	hint := `write a number and a unit, as in "30 minutes" or "1h30m"`
	if seconds {
		hint = `write a number of seconds, or a number and a unit, as in "30 minutes"`
	}
	return &problem{text: "is not a duration", hint: hint}
}

// parseDuration reads "24h30m", "5 days" and, if seconds is true, "300". Days
// are 24 hours long.
func parseDuration(text string, seconds bool) (time.Duration, *problem) {
	text = strings.TrimSpace(text)
	if d, err := time.ParseDuration(text); err == nil {
		return d, nil
	}
	if fields := strings.Fields(text); len(fields) == 2 {
		return inUnits(fields[0], fields[1], seconds)
	}
	if seconds {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return inSeconds(f)
		}
	}
	return 0, badDuration(seconds)
}

func inUnits(number, name string, seconds bool) (time.Duration, *problem) {
	n, err := strconv.ParseInt(number, 10, 64)
	unit, ok := unitOf(name)
	if err != nil || !ok {
		return 0, badDuration(seconds)
	}
	if n > math.MaxInt64/int64(unit) || n < math.MinInt64/int64(unit) {
		return 0, &problem{text: "is too long a duration"}
	}
	return time.Duration(n) * unit, nil
}

func unitOf(name string) (time.Duration, bool) {
	switch strings.TrimSuffix(strings.ToLower(name), "s") {
	case "week":
		return 7 * day, true
	case "day":
		return day, true
	case "hour":
		return time.Hour, true
	case "minute":
		return time.Minute, true
	case "second":
		return time.Second, true
	}
	return 0, false
}

func inSeconds(f float64) (time.Duration, *problem) {
	ns := f * float64(time.Second)
	if math.IsNaN(ns) || ns >= math.MaxInt64 || ns <= math.MinInt64 {
		return 0, &problem{text: "is too long a duration"}
	}
	return time.Duration(math.Round(ns)), nil
}

// formatDuration writes what parseDuration reads, as a person would.
func formatDuration(d time.Duration) string {
	switch {
	case d == day || d == -day:
		return strconv.FormatInt(int64(d/day), 10) + " day"
	case d != 0 && d%day == 0:
		return strconv.FormatInt(int64(d/day), 10) + " days"
	}
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

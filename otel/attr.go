package doorwardotel

import (
	"log/slog"
	"math"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

// maxText bounds the text of an attribute, in bytes. Those of Doorward are one
// word of a few; the SDK bounds how many combinations there are (2000 for each
// instrument, sdk/metric.WithCardinalityLimit).
const maxText = 128

// appendAttr adds a as OpenTelemetry has it: numbers and truth values as such,
// durations in seconds, the members of a group under its name and a dot, and
// everything else as text.
func appendAttr(out []attribute.KeyValue, a slog.Attr) []attribute.KeyValue {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		return appendGroup(out, a.Key, v.Group())
	}
	if a.Key == "" {
		return out
	}
	switch v.Kind() {
	case slog.KindString:
		return append(out, attribute.String(a.Key, text(v.String())))
	case slog.KindInt64:
		return append(out, attribute.Int64(a.Key, v.Int64()))
	case slog.KindUint64:
		if n := v.Uint64(); n <= math.MaxInt64 {
			return append(out, attribute.Int64(a.Key, int64(n)))
		}
	case slog.KindFloat64:
		return append(out, attribute.Float64(a.Key, v.Float64()))
	case slog.KindBool:
		return append(out, attribute.Bool(a.Key, v.Bool()))
	case slog.KindDuration:
		return append(out, attribute.Float64(a.Key, v.Duration().Seconds()))
	}
	return append(out, attribute.String(a.Key, text(v.String())))
}

func appendGroup(out []attribute.KeyValue, name string, members []slog.Attr) []attribute.KeyValue {
	for _, m := range members {
		if name != "" && m.Key != "" {
			m.Key = name + "." + m.Key
		}
		out = appendAttr(out, m)
	}
	return out
}

// text is s as exporters take it: short, and UTF-8.
func text(s string) string { return strings.ToValidUTF8(clip(s), "?") }

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

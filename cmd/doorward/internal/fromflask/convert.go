package fromflask

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
	"github.com/doorward/doorward/conf"
)

const wrongType = "its value is not of the type that the setting has"

// convert makes of a value what the setting wants. No value is the default.
// form says what is different about it, if anything is; wrong why there is none.
func convert(v pysettings.Value, s conf.Setting) (out any, form, wrong string) {
	kind, null := strings.CutSuffix(s.Type, " or null")
	if _, none := v.(pysettings.None); none {
		if null {
			return "null", `None is written "null"`, ""
		}
		if kind == "yes/no" {
			return false, "None is false", ""
		}
		return nil, "", ""
	}
	switch kind {
	case "yes/no":
		return yesNo(v)
	case "number":
		return whole(v)
	case "duration":
		return span(v)
	case "list":
		return list(v)
	case "map":
		return table(v)
	}
	return plainText(v)
}

func plainText(v pysettings.Value) (any, string, string) {
	if text, ok := scalar(v); ok {
		_, isText := v.(string)
		_, isBytes := v.(pysettings.Bytes)
		if !isText && !isBytes {
			return text, "it is text here", ""
		}
		return text, "", ""
	}
	if b, ok := v.(pysettings.Bytes); ok && !utf8.ValidString(string(b)) {
		return nil, "", "it has bytes that are no text, which a configuration cannot hold"
	}
	return nil, "", wrongType
}

// scalar writes a single value as text.
func scalar(v pysettings.Value) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case pysettings.Bytes:
		return string(v), utf8.ValidString(string(v))
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}

// yesNo follows what Flask takes for true: everything but nothing.
func yesNo(v pysettings.Value) (any, string, string) {
	switch v := v.(type) {
	case bool:
		return v, "", ""
	case int64:
		return v != 0, "a number is yes or no", ""
	case string:
		if strings.EqualFold(v, "false") || v == "0" || strings.EqualFold(v, "no") || strings.EqualFold(v, "off") {
			return nil, "", "it is text, which Flask takes for true whatever it says: write True or False"
		}
		return v != "", "text is yes", ""
	case pysettings.List:
		return len(v.Items) > 0, "a list is yes or no", ""
	}
	return nil, "", wrongType
}

func whole(v pysettings.Value) (any, string, string) {
	switch v := v.(type) {
	case int64:
		return v, "", ""
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), "a whole number", ""
		}
	case time.Duration:
		return int64(v / time.Second), "in seconds", ""
	case bool:
		return nil, "", wrongType
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
			return n, "a number without quotes", ""
		}
	}
	return nil, "", wrongType
}

// span writes durations as people do; a number is of seconds.
func span(v pysettings.Value) (any, string, string) {
	var d time.Duration
	switch v := v.(type) {
	case time.Duration:
		d = v
	case int64:
		if v > math.MaxInt64/int64(time.Second) || v < math.MinInt64/int64(time.Second) {
			return nil, "", "it is too long"
		}
		d = time.Duration(v) * time.Second
	case float64:
		if math.Abs(v) > 9e9 {
			return nil, "", "it is too long"
		}
		d = time.Duration(v * float64(time.Second))
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
			return span(n)
		}
		return v, "", "" // "5 days" is read as it is
	default:
		return nil, "", wrongType
	}
	text := written(d)
	return text, strconv.Quote(text), ""
}

func written(d time.Duration) string {
	const day = 24 * time.Hour
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d%u.of != 0 || d == 0 && u.of != time.Second {
			continue
		}
		n := int64(d / u.of)
		if n == 1 {
			return "1 " + u.name
		}
		return strconv.FormatInt(n, 10) + " " + u.name + "s"
	}
	return d.String()
}

func list(v pysettings.Value) (any, string, string) {
	switch v := v.(type) {
	case string:
		return []any{v}, "a list", ""
	case pysettings.List:
		out := make([]any, 0, len(v.Items))
		for _, item := range v.Items {
			text, ok := scalar(item)
			if !ok {
				return nil, "", "it has an item that is not text"
			}
			out = append(out, text)
		}
		return out, "", ""
	case bool:
		if !v {
			return []any{}, "an empty list", ""
		}
	}
	return nil, "", wrongType
}

func table(v pysettings.Value) (any, string, string) {
	d, ok := v.(pysettings.Dict)
	if !ok {
		return nil, "", wrongType
	}
	out, form := map[string]any{}, ""
	for _, p := range d.Pairs {
		key, ok := scalar(p.Key)
		if !ok {
			return nil, "", wrongType
		}
		if _, none := p.Value.(pysettings.None); none {
			form = cmp.Or(form, "without what is None")
			continue
		}
		text, ok := scalar(p.Value)
		if !ok {
			return nil, "", "it has a value that is not text"
		}
		out[key] = text
	}
	return out, form, ""
}

// names are the items of a list of text, or of a single text.
func names(v pysettings.Value) (out []string, ok bool) {
	l, _, wrong := list(v)
	if wrong != "" {
		return nil, false
	}
	for _, item := range l.([]any) {
		out = append(out, item.(string))
	}
	return out, true
}

func asList(items []string) []any {
	out := make([]any, len(items))
	for i, s := range items {
		out[i] = s
	}
	return out
}

func falsy(v pysettings.Value) bool {
	switch v := v.(type) {
	case pysettings.None:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case int64:
		return v == 0
	case pysettings.List:
		return len(v.Items) == 0
	case pysettings.Dict:
		return len(v.Pairs) == 0
	}
	return false
}

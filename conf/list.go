package conf

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
)

func (s spec) parseList(raw any) (reflect.Value, *problem) {
	items, p := toList(raw)
	if p != nil {
		return reflect.Value{}, p
	}
	list := reflect.MakeSlice(s.typ, len(items), len(items))
	for i, item := range items {
		list.Index(i).Set(reflect.ValueOf(item).Convert(s.typ.Elem()))
	}
	return list, nil
}

func (s spec) parseMap(raw any) (reflect.Value, *problem) {
	pairs, p := toMap(raw)
	if p != nil {
		return reflect.Value{}, p
	}
	m := reflect.MakeMapWithSize(s.typ, len(pairs))
	for key, value := range pairs {
		m.SetMapIndex(reflect.ValueOf(key).Convert(s.typ.Key()), reflect.ValueOf(value).Convert(s.typ.Elem()))
	}
	return m, nil
}

func toList(raw any) ([]string, *problem) {
	switch raw := raw.(type) {
	case string:
		return splitList(raw)
	case []string:
		return slices.Clone(raw), nil
	case []any:
		items := make([]string, len(raw))
		for i, item := range raw {
			text, ok := scalarText(item)
			if !ok {
				return nil, &problem{text: "has an item that is not text"}
			}
			items[i] = text
		}
		return items, nil
	}
	return nil, &problem{text: "is not a list"}
}

// splitList reads a JSON list or items between commas, trimmed. It never
// returns nil without a problem: an empty list is a value.
func splitList(text string) ([]string, *problem) {
	text = strings.TrimSpace(text)
	if text == "" {
		return []string{}, nil
	}
	if strings.HasPrefix(text, "[") {
		var items []any
		if err := decodeJSON(text, &items); err != nil {
			return nil, &problem{text: "is not a JSON list", hint: `write ["a", "b"] or a, b`}
		}
		return toList(items)
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		if items[i] = strings.TrimSpace(item); items[i] == "" {
			return nil, &problem{text: "has an empty item", hint: "remove the stray comma, or write a JSON list"}
		}
	}
	return items, nil
}

func toMap(raw any) (map[string]string, *problem) {
	pairs := map[string]string{}
	switch raw := raw.(type) {
	case string:
		return splitMap(raw)
	case map[string]string:
		for key, value := range raw {
			pairs[key] = value
		}
		return pairs, nil
	case map[string]any:
		for key, value := range raw {
			text, ok := scalarText(value)
			if !ok {
				return nil, &problem{text: "has a value that is not text"}
			}
			pairs[key] = text
		}
		return pairs, nil
	}
	return nil, &problem{text: "is not a map"}
}

// splitMap reads a JSON object or a=b between commas, trimmed. A key given
// twice is refused in both: one of the two would be lost.
func splitMap(text string) (map[string]string, *problem) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return jsonMap(text)
	}
	pairs := map[string]string{}
	if text == "" {
		return pairs, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, &problem{text: "is not a map", hint: `write a=b, c=d or {"a": "b", "c": "d"}`}
		}
		if _, twice := pairs[key]; twice {
			return nil, &problem{text: "has a key twice"}
		}
		pairs[key] = strings.TrimSpace(value)
	}
	return pairs, nil
}

func jsonMap(text string) (map[string]string, *problem) {
	bad := &problem{text: "is not a JSON object", hint: `write {"a": "b"} or a=b`}
	var whole map[string]any
	if err := decodeJSON(text, &whole); err != nil {
		return nil, bad
	}
	pairs, p := toMap(whole)
	if p != nil {
		return nil, p
	}
	// The values are scalars now, so the tokens between the braces alternate.
	dec, tokens := json.NewDecoder(strings.NewReader(text)), 0
	for {
		if _, err := dec.Token(); err != nil {
			break
		}
		tokens++
	}
	if tokens != 2+2*len(pairs) {
		return nil, &problem{text: "has a key twice"}
	}
	return pairs, nil
}

// decodeJSON reads exactly one JSON value and keeps numbers as written.
func decodeJSON(text string, v any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

package fromflask

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/cmd/doorward/internal/pysettings"
)

const hash = "SECURITY_PASSWORD_HASH"

// scheme is what makes new hashes.
func (t *Translation) scheme() string {
	switch v := t.given[hash].Value.(type) {
	case string:
		return v
	case pysettings.Env:
		if s, ok := v.Default.(string); ok {
			return s
		}
		return ""
	}
	return "argon2"
}

// unsupported are schemes of the original that nobody should need any more.
func unsupported(scheme string) bool { return scheme == "des_crypt" || scheme == "django_des_crypt" }

func schemes(t *Translation, s pysettings.Setting) {
	items, ok := names(s.Value)
	if !ok {
		t.bad(s, wrongType)
		return
	}
	if rest := slices.DeleteFunc(slices.Clone(items), unsupported); len(rest) < len(items) {
		t.as(s, s.Name, asList(rest), "without des_crypt, which is not supported: users with such a hash reset their password")
		return
	}
	t.plain(s, t.known[s.Name])
}

func singleHash(t *Translation, s pysettings.Setting) {
	if v, ok := s.Value.(bool); ok && v {
		t.as(s, s.Name, []any{"true"}, "all schemes")
		return
	}
	if falsy(s.Value) {
		t.as(s, s.Name, []any{"false"}, "plaintext alone")
		return
	}
	items, ok := names(s.Value)
	if !ok {
		t.bad(s, wrongType)
		return
	}
	rest := slices.DeleteFunc(slices.Clone(items), unsupported)
	t.put(s.Name, asList(rest), "")
	t.say(same, s, "")
}

func breached(t *Translation, s pysettings.Setting) {
	switch {
	case falsy(s.Value):
		t.as(s, s.Name, "false", "off")
	case s.Value == pysettings.Value("strict"):
		t.plain(s, t.known[s.Name])
	default:
		t.as(s, s.Name, "best-effort", "best-effort")
	}
}

// legacyOptions are {"bcrypt": {"rounds": 11}}.
func legacyOptions(t *Translation, s pysettings.Setting) {
	d, ok := s.Value.(pysettings.Dict)
	if !ok && !falsy(s.Value) {
		t.bad(s, wrongType)
		return
	}
	flat := pysettings.Dict{}
	for _, p := range d.Pairs {
		scheme, _ := scalar(p.Key)
		options, ok := p.Value.(pysettings.Dict)
		if !ok {
			t.bad(s, wrongType)
			return
		}
		for _, o := range options.Pairs {
			option, _ := scalar(o.Key)
			flat.Pairs = append(flat.Pairs, pysettings.Pair{Key: scheme + "__" + option, Value: o.Value})
		}
	}
	s.Value = flat
	passlib(t, s)
}

// passlib takes over what new hashes cost.
func passlib(t *Translation, s pysettings.Setting) {
	d, ok := s.Value.(pysettings.Dict)
	if !ok && !falsy(s.Value) {
		t.bad(s, wrongType)
		return
	}
	if len(d.Pairs) == 0 {
		t.say(same, s, "")
	}
	for _, p := range d.Pairs {
		option, _ := scalar(p.Key)
		scheme, what, _ := strings.Cut(option, "__")
		name := costOf(scheme, what)
		cost, isInt := p.Value.(int64)
		switch {
		case scheme != t.scheme():
			t.say(nowhere, s, clip(option)+": "+clip(scheme)+" makes no new hashes, and old ones tell their own cost")
		case name == "" || !isInt:
			t.say(nowhere, s, clip(option)+": there is no such choice here")
		default:
			t.as(s, name, cost, "it was "+option)
		}
	}
}

func costOf(scheme, option string) string {
	if scheme != "argon2" {
		if option == "rounds" || option == "default_rounds" {
			return "SECURITY_PASSWORD_HASH_ROUNDS"
		}
		return ""
	}
	switch option {
	case "time_cost", "rounds", "default_rounds":
		return "SECURITY_PASSWORD_ARGON2_TIME"
	case "memory_cost":
		return "SECURITY_PASSWORD_ARGON2_MEMORY"
	case "parallelism":
		return "SECURITY_PASSWORD_ARGON2_THREADS"
	}
	return ""
}

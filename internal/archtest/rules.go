package archtest

// Layer orders the packages: a package imports lower layers only, never its own.
type Layer int

// The layers, from the bottom up.
const (
	Base     Layer = iota + 1 // what a leaf may stand on
	Leaf                      // words and formats that know nothing of sign-in
	Root                      // the engine
	Service                   // what several features do in the same way
	Middle                    // features, stores and the store contract, formats of other systems
	Assembly                  // every feature behind one configuration
	Kit                       // help for tests
	Top                       // programs, measurements, these rules
)

// Rules says what must hold in a tree. Packages are named by their directory,
// "." being the root; a name ending in "/..." stands for a directory and all
// below it, whose packages may import each other.
type Rules struct {
	// Module is the module path of the tree.
	Module string
	// Layers gives every package its layer.
	Layers map[string]Layer
	// Closed lists all that a package may import beside the standard library.
	Closed map[string][]string
	// Reserved names the only importers of a package, ours by its directory
	// and others by import path. Test files are free.
	Reserved map[string][]string
	// Names is the most package-level names a package may export.
	Names map[string]int
	// Methods is the most exported methods of a type, by "package.Type";
	// "package.*" holds for all exported types without an entry of their own.
	Methods map[string]int
	// FileLines and FuncLines limit what is not a test.
	FileLines, FuncLines int
	// Words must not occur in any file.
	Words []string
	// Marks must not occur in a Go file.
	Marks []string
}

// House returns the rules of this repository.
func House() Rules {
	r := Rules{
		Module: "github.com/doorward/doorward",
		Layers: map[string]Layer{
			".":                    Root,
			"batteries":            Assembly,
			"doorwardtest":         Kit,
			"cmd/doorward/...":     Top,
			"examples/...":         Top,
			"internal/archtest":    Top,
			"internal/bench/...":   Top,
			"internal/browsertest": Top,
			"internal/clustertest": Top,
			"internal/faulttest":   Top,
			"internal/interop":     Top,
			"internal/sqltest":     Top,
		},
		Closed: map[string][]string{
			".":      {"codec", "conf", "internal/anycase", "mail", "signed"},
			"codec":  {},
			"conf":   {},
			"mail":   {"internal/sendqueue"},
			"signed": {},
			"sms":    {"internal/sendqueue"},

			"internal/otp": {},

			"internal/anycase": {},
		},
		Reserved: map[string][]string{
			"internal/testhash":        {"doorwardtest", "password"},
			"modernc.org/sqlite":       drivers(),
			"github.com/jackc/pgx":     drivers(),
			"github.com/go-sql-driver": drivers(),
			"github.com/spf13/cobra":   {"cmd/doorward/..."},
			"github.com/wneessen":      {"mail/smtp"},
			"github.com/nyaruka":       {"sms/phone"},
			"rsc.io/qr":                {"internal/qrsvg"},
		},
		Names: map[string]int{".": 120}, // why: docs/adr/004
		Methods: map[string]int{
			".*": 18,
			// Promotion puts the methods of Account on the application's own
			// user type, where a second one could displace the application's.
			".Account": 1,
			".Runtime": 15, ".SignIn": 15, ".Web": 15, ".Mail": 15, ".Links": 15,
		},
		FileLines: 400,
		FuncLines: 80,
		Words:     words(),
		Marks:     []string{"TO" + "DO", "FIX" + "ME"},
	}
	r.place(Base, "internal/testhash", "internal/testdb", "internal/anycase", "internal/po", "internal/sendqueue")
	r.place(Leaf, "codec", "password", "signed", "conf", "address", "usernames", "mail", "sms", "i18n",
		"sms/phone", "internal/otp", "internal/qrsvg", "internal/columns")
	r.place(Service, "codes", "internal/passwords")
	r.place(Middle, "memstore", "sqlstore", "storetest", "mail/smtp", "sms/twilio", "flaskcompat")
	features := []string{
		"login", "register", "confirm", "reset", "change", "changeemail", "username", "passwordless",
		"twofactor", "recoverycodes", "unified", "webauthn", "oauth", "refresh", "sessions", "lockout",
	}
	r.place(Middle, features...)
	for _, f := range features {
		r.Names[f] = 12
	}
	return r
}

// drivers lists what may bring a database driver into a program: never the
// library, whose importers choose their own.
func drivers() []string {
	return []string{"cmd/doorward/...", "internal/bench/...", "internal/clustertest", "internal/testdb"}
}

// words are the traces of one machine. They are put together here, so that
// this file does not contain them.
func words() []string {
	return []string{
		"/ro" + "ot/", "/wo" + "rk/",
		"proxy." + "golang.org", "sum." + "golang.org", "registry." + "npmjs",
		"pypi." + "org", "deb." + "debian.org",
	}
}

func (r Rules) place(l Layer, packages ...string) {
	for _, p := range packages {
		r.Layers[p] = l
	}
}

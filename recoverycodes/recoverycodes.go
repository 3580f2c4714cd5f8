package recoverycodes

import (
	"context"
	"embed"
	"net/http"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/conf"
)

// Config configures the feature; its zero value is the default, but for Codes.
type Config struct {
	N           int    `setting:"MULTI_FACTOR_RECOVERY_CODES_N" default:"5" help:"How many recovery codes a user gets."`
	CodesURL    string `setting:"MULTI_FACTOR_RECOVERY_CODES_URL" default:"/mf-recovery-codes" help:"Path of the page that shows and makes recovery codes."`
	RecoveryURL string `setting:"MULTI_FACTOR_RECOVERY_URL" default:"/mf-recovery" help:"Path of the page that takes one in place of a second factor."`

	CodesTemplate    string `setting:"MULTI_FACTOR_RECOVERY_CODES_TEMPLATE" default:"security/mf_recovery_codes.html" help:"Template of the page that shows recovery codes."`
	RecoveryTemplate string `setting:"MULTI_FACTOR_RECOVERY_TEMPLATE" default:"security/mf_recovery.html" help:"Template of the page that takes one."`

	// Codes has the keys that seal recovery codes.
	Codes codes.Config `setting:"-"`
	// Vault takes the place of the format of recovery codes at rest.
	Vault codes.Vault `setting:"-"`
}

// Feature is recovery codes.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	vault codes.Vault
	hooks Hooks
}

var (
	_ doorward.Feature      = (*Feature)(nil)
	_ doorward.SecondFactor = (*Feature)(nil)
)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "recoverycodes" }

// Hooks returns the feature's events.
func (f *Feature) Hooks() *Hooks { return &f.hooks }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	return rt.Pages(files, texts())
}

// Methods implements [doorward.SecondFactor]: a recovery code takes the place of
// another method, and is none by itself.
func (f *Feature) Methods(context.Context, doorward.User) ([]string, error) { return nil, nil }

// Required implements [doorward.SecondFactor].
func (f *Feature) Required(context.Context, *doorward.Attempt, bool) (bool, error) {
	return false, nil
}

// Begin implements [doorward.SecondFactor].
func (f *Feature) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{}, nil
}

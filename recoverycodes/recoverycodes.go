package recoverycodes

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/codes"
	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/signed"
)

// Config configures the feature; its zero value is the default, but for Codes.
type Config struct {
	N           int    `setting:"MULTI_FACTOR_RECOVERY_CODES_N" default:"5" help:"How many recovery codes a user gets: 1 to 20."`
	CodesURL    string `setting:"MULTI_FACTOR_RECOVERY_CODES_URL" default:"/mf-recovery-codes" help:"Path of the page that shows and makes recovery codes."`
	RecoveryURL string `setting:"MULTI_FACTOR_RECOVERY_URL" default:"/mf-recovery" help:"Path of the page that takes one in place of a second factor."`

	CodesTemplate    string `setting:"MULTI_FACTOR_RECOVERY_CODES_TEMPLATE" default:"security/mf_recovery_codes.html" help:"Template of the page that shows recovery codes."`
	RecoveryTemplate string `setting:"MULTI_FACTOR_RECOVERY_TEMPLATE" default:"security/mf_recovery.html" help:"Template of the page that takes one."`

	// Codes has the keys that seal recovery codes.
	Codes codes.Config `setting:"-"`
	// Vault takes the place of the format of recovery codes at rest. Each code is
	// sealed by itself; none of what Seal returns may hold a comma.
	Vault codes.Vault `setting:"-"`
}

// mostCodes bounds what an operator can ask for: each code is one more guess
// that is right.
const mostCodes = 20

// Feature is recovery codes.
type Feature struct {
	cfg   Config
	rt    *doorward.Runtime
	codes *codes.Codes
	vault codes.Vault
	hooks Hooks
	used  *signed.Signer // names codes that were used

	unreadable sync.Once // guards the warning about codes that cannot be opened
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
func (f *Feature) Init(rt *doorward.Runtime) (err error) {
	f.rt, f.used = rt, rt.Signer("used")
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	if err := rt.Need(1 <= f.cfg.N && f.cfg.N <= mostCodes, fmt.Sprintf("MULTI_FACTOR_RECOVERY_CODES_N is %d", f.cfg.N), "1 to 20; leave it out for the default"); err != nil {
		return err
	}
	if err := rt.Need(rt.Stores().Claims != nil, "no store for what may happen once, such as the use of a code", "set Config.Stores.Claims"); err != nil {
		return err
	}
	if f.codes, err = codes.New(rt, f.cfg.Codes); err != nil {
		return err
	}
	if f.vault = f.cfg.Vault; f.vault == nil {
		f.vault, err = codes.NewVault(f.cfg.Codes.Secrets, "recovery codes")
		if err := rt.Need(err == nil, fmt.Sprint(err), "set TOTP_SECRETS, or recoverycodes.Config.Vault"); err != nil {
			return err
		}
	}
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	return rt.Handle(
		f.codesForm().Route(doorward.Route{Name: "mf_recovery_codes", Path: f.cfg.CodesURL, Caller: doorward.FreshCaller}),
		f.recoveryForm().Route(doorward.Route{Name: "mf_recovery", Path: f.cfg.RecoveryURL, Caller: doorward.AnonymousCaller}),
	)
}

// RecoveryCodesLeft returns how many codes u can still use. u is the whole
// record, as [doorward.UserStore.FindUser] and [doorward.SignIn.Pending] return it.
func (f *Feature) RecoveryCodesLeft(u doorward.User) int {
	return len(f.open(context.Background(), u.SecurityAccount().RecoveryCodes))
}

// Reset takes u's codes away, for operators. u is not told.
func (f *Feature) Reset(ctx context.Context, u doorward.User) error {
	err := f.rt.Stores().Users.UpdateUser(ctx, u, func(acc *doorward.Account) error {
		acc.RecoveryCodes = nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("take recovery codes away: %w", err)
	}
	doorward.Fire(ctx, f.rt, &f.hooks.CodesRemoved, CodesRemoved{User: u})
	return nil
}

// Methods implements [doorward.SecondFactor]: a recovery code takes the place of
// another method, and is none by itself.
func (f *Feature) Methods(context.Context, doorward.User) ([]string, error) { return nil, nil }

// Required implements [doorward.SecondFactor].
func (f *Feature) Required(context.Context, *doorward.Attempt, bool) (bool, error) {
	return false, nil
}

// Begin implements [doorward.SecondFactor]. It is not called where a feature
// with methods comes before this one.
func (f *Feature) Begin(http.ResponseWriter, *http.Request, *doorward.Attempt, string) (doorward.Result, error) {
	return doorward.Result{}, errors.New("recovery codes cannot be set up in place of a second factor: put the feature that asks for one before this one")
}

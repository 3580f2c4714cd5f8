package sessions

import (
	"embed"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/conf"
)

// Config configures the feature; its zero value is the default.
type Config struct {
	URL      string `setting:"SESSIONS_URL" default:"/sessions" help:"Path of the page where users see and end their sessions."`
	Template string `setting:"SESSIONS_TEMPLATE" default:"security/sessions.html" help:"Template of that page."`
	Max      int    `setting:"SESSIONS_MAX" default:"100" help:"Most sessions that are listed."`
}

// Feature is the page of the user's own sessions.
type Feature struct {
	cfg Config
	rt  *doorward.Runtime
}

var _ doorward.Feature = (*Feature)(nil)

//go:embed templates
var files embed.FS

// New returns the feature, for [doorward.New].
func New(cfg Config) *Feature { return &Feature{cfg: cfg} }

// Name implements [doorward.Feature].
func (f *Feature) Name() string { return "sessions" }

// Init implements [doorward.Feature].
func (f *Feature) Init(rt *doorward.Runtime) error {
	f.rt = rt
	if err := conf.Defaults(&f.cfg); err != nil {
		return err
	}
	if err := rt.Need(rt.Stores().Sessions != nil, "sessions without a store cannot be listed", "set Config.Stores.Sessions, or turn SECURITY_SESSIONS_PAGE off"); err != nil {
		return err
	}
	if err := rt.Need(f.cfg.Max > 0, "SESSIONS_MAX is not positive", "leave it out for the default"); err != nil {
		return err
	}
	if err := rt.Pages(files, texts()); err != nil {
		return err
	}
	form := doorward.Form[endForm]{Page: f.page, Submit: f.end}
	return rt.Handle(form.Route(doorward.Route{Name: "sessions", Path: f.cfg.URL, Caller: doorward.UserCaller}))
}

package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/cmd/doorward/internal/database"
	"github.com/doorward/doorward/cmd/doorward/internal/forwardauth"
	"github.com/doorward/doorward/cmd/doorward/internal/settings"
	"github.com/doorward/doorward/cmd/doorward/internal/site"
	"github.com/doorward/doorward/memstore"
)

func (p *program) routes() *cobra.Command {
	cmd := command("routes", "List the pages that the settings give the server", 0, func(cmd *cobra.Command, _ []string) error {
		return p.listRoutes(cmd.Context())
	})
	cmd.Example = lines("doorward routes", "SECURITY_URL_PREFIX=/auth doorward routes")
	return cmd
}

func (p *program) listRoutes(ctx context.Context) error {
	l, err := p.load()
	if err != nil {
		return err
	}
	cfg := l.Trial()
	cfg.More = []doorward.Feature{site.New()}
	app, err := settings.App(cfg, doorward.StoresFrom(memstore.New[database.User]()))
	if err != nil {
		return err
	}
	rows := [][]string{{"METHODS", "PATH", "NAME", "FEATURE"}}
	for _, rt := range app.Routes() {
		methods := slices.DeleteFunc(rt.Methods(), func(m string) bool { return m == http.MethodOptions || m == http.MethodHead })
		rows = append(rows, []string{strings.Join(methods, ", "), rt.Path, rt.Name, rt.Feature()})
	}
	rows = append(rows, []string{"GET", "/healthz", "healthz", "server"}, []string{"GET", cfg.URLs.Prefix + staticPath(cfg.URLs.Static) + "/...", "static", "doorward"})
	if !l.Config.Server.NoForwardAuth {
		rows = append(rows, []string{"any", forwardauth.Path, "forward_auth", "server"})
	}
	writeTable(p.stdout, rows)
	return app.Close(ctx)
}

func staticPath(set string) string {
	if set == "" {
		return "/fs-static"
	}
	return set
}

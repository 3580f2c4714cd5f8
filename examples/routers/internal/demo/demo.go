// Package demo is what the examples have in common and what is not about
// signing in: the program around a handler, its database file, and its pages.
package demo

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/doorward/doorward/batteries"
)

// NewHandler makes an application on a database. The App is what there is to
// close at the end.
type NewHandler func(db *sql.DB, secretKey []byte) (http.Handler, *batteries.App, error)

// Main runs an application until the program is told to stop.
func Main(newHandler NewHandler) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := Run(ctx, os.Args[1:], os.Getenv("SECRET_KEY"), os.Stderr, newHandler); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Run is Main without the process around it. It returns when ctx is done and
// the requests under way have been answered.
func Run(ctx context.Context, args []string, secretKey string, out io.Writer, newHandler NewHandler) error {
	flags := flag.NewFlagSet("example", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to listen on")
	file := flags.String("database", "example.db", "SQLite `file` with the users")
	admin := flags.String("admin", "", "give the account with this `email` the role admin")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if secretKey == "" {
		fmt.Fprintln(out, "warning: SECRET_KEY is not set, so a random one is used: when this program ends, everybody is signed out")
		secretKey = rand.Text()
	}
	db, err := Open(ctx, *file)
	if err != nil {
		return err
	}
	if *admin != "" {
		if err := Grant(ctx, db, *admin, "admin"); err != nil {
			return errors.Join(err, db.Close())
		}
	}
	handler, app, err := newHandler(db, []byte(secretKey))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	err = serve(ctx, *addr, handler, out)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return errors.Join(err, app.Close(end), db.Close())
}

// patience is how long requests under way may take once the program stops.
const patience = 10 * time.Second

func serve(ctx context.Context, addr string, h http.Handler, out io.Writer) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with -addr)", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	fmt.Fprintf(out, "ready at http://%s (Ctrl-C stops it)\n", ln.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return srv.Shutdown(end)
}

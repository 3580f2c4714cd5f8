package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/password"
	"github.com/doorward/doorward/sqlstore"

	_ "modernc.org/sqlite" // the driver
)

const (
	plain = "correct horse battery staple"
	salt  = "a salt of thirty-two characters."
)

// server is the program in a process of its own.
type server struct {
	cmd *exec.Cmd
	url string
	log bytes.Buffer
	o   options
}

// user is a row of the program's database.
type user struct {
	ID int64 `db:"id,pk"`
	doorward.Account
}

func email(i int) string { return fmt.Sprintf("user%d@example.com", i) }

func start(ctx context.Context, dir string, o options) (*server, error) {
	program := o.program
	if program == "" {
		program = filepath.Join(dir, "doorward")
		out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/doorward/doorward/cmd/doorward").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	file := filepath.Join(dir, "storm.db")
	if err := fill(ctx, file, o.clients+o.strangers); err != nil {
		return nil, fmt.Errorf("make users: %w", err)
	}
	s := &server{o: o, cmd: exec.Command(program, "serve", "--addr", "127.0.0.1:0")}
	s.cmd.Dir = dir
	s.cmd.Env = append(os.Environ(), "DATABASE_URL=sqlite:"+file, "SECURITY_PASSWORD_SALT="+salt, "DOORWARD_LOG_LEVEL=ERROR")
	s.cmd.Stderr = &s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "http://") {
			s.url = strings.TrimSuffix(word, "/")
			return s, nil
		}
	}
	return nil, errors.Join(err, s.stop(), fmt.Errorf("the server does not start: %s", s.log.String()))
}

func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	err := s.cmd.Wait()
	if s.log.Len() > 0 {
		fmt.Fprintf(os.Stderr, "the server logged:\n%.4000s\n", s.log.String())
	}
	return err
}

// fill makes users with one password and one hash.
func fill(ctx context.Context, file string, n int) (err error) {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := sqlstore.Migrate(ctx, db, sqlstore.SQLite, sqlstore.Config{}); err != nil {
		return err
	}
	store, err := sqlstore.New[user](db, sqlstore.SQLite, sqlstore.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	h, err := password.New(password.Config{Salt: salt})
	if err != nil {
		return err
	}
	hash, err := h.Hash(ctx, plain)
	if err != nil {
		return err
	}
	return store.InTx(ctx, func(ctx context.Context) error {
		for i := range n {
			u := &user{Account: doorward.Account{Email: email(i), PasswordHash: hash, Active: true}}
			if err := store.CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// memory is the server's resident memory in KiB.
func (s *server) memory() (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if text, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")))
		}
	}
	return 0, errors.New("resident memory: not in /proc")
}

// watch looks at the memory many times a second until the returned func is
// called, which returns the most it saw.
func (s *server) watch(ctx context.Context) func() int {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	most := 0
	wg.Go(func() {
		every := time.NewTicker(20 * time.Millisecond)
		defer every.Stop()
		for {
			if now, err := s.memory(); err == nil {
				most = max(most, now)
			}
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
		}
	})
	return func() int {
		stop()
		wg.Wait()
		return most
	}
}

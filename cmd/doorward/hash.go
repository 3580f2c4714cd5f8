package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/conf"
	"github.com/doorward/doorward/password"
)

func (p *program) hash() *cobra.Command {
	return group("hash", "Tell what password hashes cost on this machine", p.hashCalibrate())
}

func (p *program) hashCalibrate() *cobra.Command {
	c := calibration{}
	cmd := command("calibrate", "Measure password hashes and propose settings", 0, func(cmd *cobra.Command, _ []string) error {
		if c.target <= 0 || c.runs < 1 {
			return usage(cmd, "--time is more than zero, --runs 1 or more")
		}
		l, err := p.load()
		if err != nil {
			return err
		}
		c.cfg = l.Config.Password
		if err := conf.Defaults(&c.cfg); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
		return p.calibrate(cmd.Context(), &c)
	})
	cmd.Long = `Measure what argon2 hashes with several parameters cost here, and propose the
dearest that takes no longer than --time and fits into SECURITY_PASSWORD_HASH_MEMORY.

Measure on the machine that will serve, while it is idle, and within the limits
that the server will have (container, GOMEMLIMIT, processors). Nothing is changed.`
	cmd.Example = lines(
		"doorward hash calibrate",
		"doorward hash calibrate --time 100ms --runs 20")
	cmd.Flags().DurationVar(&c.target, "time", 250*time.Millisecond, "longest `time` one hash may take")
	cmd.Flags().IntVar(&c.runs, "runs", 5, "`number` of hashes to measure, of each kind")
	return cmd
}

// calibration measures hashes under the settings of the server.
type calibration struct {
	cfg    password.Config
	target time.Duration
	runs   int
	rows   []*measured
}

// measured is what one kind of hash costs.
type measured struct {
	label  string
	params string // as the hash itself tells them
	cost   cost
	each   time.Duration // median
	rate   float64       // hashes per second, as many at once as the settings allow
	room   password.Room
	warn   []string
}

// cost are argon2 parameters, memory in KiB; the zero value is what is configured.
type cost struct{ memory, time, threads int }

func (p *program) calibrate(ctx context.Context, c *calibration) error {
	if _, err := c.measure(ctx, "configured now", cost{}); err != nil {
		return err
	}
	least, err := c.measure(ctx, "OWASP's minimum, default", cost{19 << 10, 2, 1})
	if err != nil {
		return err
	}
	for _, k := range []struct {
		label string
		cost  cost
	}{{"OWASP's minimum, one pass", cost{46 << 10, 1, 1}}, {"Flask-Security's", cost{64 << 10, 3, 4}}} {
		if _, err := c.measure(ctx, k.label, k.cost); err != nil {
			fmt.Fprintf(p.stderr, "doorward: %s: not measured: %v\n", k.label, err)
		}
	}
	best := c.climb(ctx, least)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.report(c)
	p.advise(c, best)
	return nil
}

// measure hashes one at a time, and then as many at once as the settings allow. The
// first hash does not count: it has the memory to fetch.
func (c *calibration) measure(ctx context.Context, label string, k cost) (*measured, error) {
	cfg := c.cfg
	if k != (cost{}) {
		cfg.Scheme, cfg.Schemes = "argon2", []string{"argon2"}
		cfg.Argon2Memory, cfg.Argon2Time, cfg.Argon2Threads = k.memory, k.time, k.threads
	}
	var mu sync.Mutex
	var took []time.Duration
	cfg.Observe = func(e password.Event) {
		mu.Lock()
		defer mu.Unlock()
		took = append(took, e.Took)
	}
	h, err := password.New(cfg)
	if err != nil {
		return nil, err
	}
	stored, err := h.Hash(ctx, "calibration")
	if err != nil {
		return nil, err
	}
	m := &measured{label: label, params: parameters(stored), cost: k, room: h.Room(), warn: h.Warnings()}
	for _, row := range c.rows {
		if row.params == m.params {
			row.label, row.cost = row.label+"; "+label, k
			return row, nil
		}
	}
	took = nil
	for range c.runs {
		if _, err := h.Hash(ctx, "calibration"); err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	m.each = took[len(took)/2]
	m.rate, err = c.rate(ctx, h, m.room.Hashes)
	c.rows = append(c.rows, m)
	return m, err
}

// rate hashes on several goroutines, runs times each.
func (c *calibration) rate(ctx context.Context, h *password.Hasher, atOnce int) (float64, error) {
	failed := make(chan error, atOnce)
	var all sync.WaitGroup
	began := time.Now()
	for range atOnce {
		all.Go(func() {
			for range c.runs {
				if _, err := h.Hash(ctx, "calibration"); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	elapsed := time.Since(began)
	close(failed)
	return float64(atOnce*c.runs) / elapsed.Seconds(), <-failed
}

// parameters is what a hash tells of itself: of argon2 its parameters, of others
// the scheme.
func parameters(stored string) string {
	if f := strings.Split(stored, "$"); len(f) == 6 && f[1] == "argon2id" {
		return strings.ReplaceAll(f[3], ",", " ")
	}
	return strings.TrimPrefix(stored, "$")[:strings.IndexByte(stored[1:], '$')]
}

// climb raises the memory until a hash takes longer than the target or does not fit, and
// where memory ends, the passes. It returns the dearest within the target, nil if even
// the least is not.
func (c *calibration) climb(ctx context.Context, least *measured) *measured {
	if least.each > c.target {
		return nil
	}
	best := least
	try := func(label string, k cost) bool {
		m, err := c.measure(ctx, label, k)
		if err != nil || m.each > c.target {
			return false
		}
		best = m
		return true
	}
	most := min(least.room.Memory<<10, c.cfg.MaxArgon2Memory)
	for best.cost.memory < most {
		k := best.cost
		if k.memory = min(2*k.memory, most); try("more memory", k) {
			continue
		}
		// Too much: once more, between the two.
		near := min(int(float64(best.cost.memory)*c.share(best)), k.memory*9/10)
		if k.memory = near >> 10 << 10; k.memory > best.cost.memory {
			try("in between", k)
		}
		return best
	}
	k := best.cost
	if k.time = int(min(float64(k.time)*c.share(best), float64(c.cfg.MaxArgon2Time))); k.time > best.cost.time {
		try("more passes", k)
	}
	return best
}

// share is how many times m would fit into the target.
func (c *calibration) share(m *measured) float64 { return float64(c.target) / float64(max(m.each, 1)) }

func (p *program) report(c *calibration) {
	fmt.Fprintf(p.stdout, "Measured here: %s/%s, %s, %s. A HASH is the median of %s one after another;\n"+
		"SIGN-INS/S is from %d for each that runs at once.\n\n",
		runtime.GOOS, runtime.GOARCH, count(runtime.GOMAXPROCS(0), "processor"), runtime.Version(), plural(c.runs, "hash", "hashes"), c.runs)
	rows := [][]string{{"PARAMETERS", "A HASH", "MEMORY", "AT ONCE", "SIGN-INS/S", "ALTOGETHER", "WHAT"}}
	for _, m := range c.rows {
		memory, all := "", ""
		if mib := m.memory(); mib > 0 {
			memory, all = fmt.Sprintf("%d MiB", mib), fmt.Sprintf("%d MiB", mib*m.room.Hashes)
		}
		rows = append(rows, []string{m.params, m.each.Round(time.Millisecond / 10).String(), memory,
			fmt.Sprint(m.room.Hashes), fmt.Sprintf("%.1f", m.rate), all, m.label})
	}
	writeTable(p.stdout, rows)
}

// memory is that of one hash in MiB, rounded up, where the hash tells it.
func (m *measured) memory() int {
	var kib int
	if _, err := fmt.Sscanf(m.params, "m=%d", &kib); err != nil {
		return 0
	}
	return (kib + 1023) >> 10
}

func (p *program) advise(c *calibration, best *measured) {
	if best == nil {
		fmt.Fprintf(p.stdout, "\nEven the least that OWASP advises takes longer than %v here. Keep the default, and\n"+
			"give the server a faster processor rather than its users weaker hashes.\n", c.target)
		return
	}
	room := best.room
	fmt.Fprintf(p.stdout, "\nThe dearest hash within %v that fits into %d MiB (SECURITY_PASSWORD_HASH_MEMORY) is made by\n\n", c.target, room.Memory)
	fmt.Fprintf(p.stdout, "  SECURITY_PASSWORD_HASH=argon2\n  SECURITY_PASSWORD_ARGON2_MEMORY=%d\n  SECURITY_PASSWORD_ARGON2_TIME=%d\n  SECURITY_PASSWORD_ARGON2_THREADS=%d\n\n",
		best.cost.memory, best.cost.time, best.cost.threads)
	fmt.Fprintf(p.stdout, "With that, %s at once on %s (SECURITY_PASSWORD_HASH_SLOTS), and about %.1f people sign in\n"+
		"each second. Of those who wait (SECURITY_PASSWORD_HASH_QUEUE, at most %d), about %.0f have their turn within\n"+
		"SECURITY_PASSWORD_HASH_WAIT (%v); the others are refused when that is over.\n",
		plural(room.Hashes, "hash runs", "hashes run"), count(room.Slots, "processor"), best.rate, room.Queue, best.rate*c.cfg.Wait.Seconds(), c.cfg.Wait)
	fmt.Fprintf(p.stdout, "A crowd that signs in faster than that is better served by a cheaper hash: OWASP's minimum is enough.\n"+
		"Weaker hashes that are stored are replaced when their owners sign in; stronger ones stay.\n")
	for _, w := range best.warn {
		fmt.Fprintf(p.stdout, "Mind: %s.\n", w)
	}
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// warnOfHashing writes to the log what of the hashing settings can exhaust the memory.
func warnOfHashing(ctx context.Context, log *slog.Logger, hasher any) {
	if h, ok := hasher.(*password.Hasher); ok {
		for _, w := range h.Warnings() {
			log.WarnContext(ctx, w)
		}
	}
}

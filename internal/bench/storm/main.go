// Storm shows what a server does when everybody signs in at once: "make storm".
// It runs the real program on SQLite, lets some signed-in clients work in quiet,
// then lets many others sign in at the same time for a minute, and prints what
// became of all of them. It measures and does not judge: a shared machine is no
// judge.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

// waitLimit is the default of SECURITY_PASSWORD_HASH_WAIT.
const waitLimit = 3 * time.Second

type options struct {
	program string
	strangers,
	clients int
	quiet, storm time.Duration
	impatient    bool
	oneAddress   bool
	oneUser      bool
}

func main() {
	var o options
	flag.StringVar(&o.program, "program", "", "the doorward `program`; built if empty")
	flag.IntVar(&o.strangers, "strangers", 500, "clients that sign in; each as a user of its own from an address of its own, unless another option says so")
	flag.IntVar(&o.clients, "clients", 16, "clients that are signed in")
	flag.DurationVar(&o.quiet, "quiet", 15*time.Second, "how long the signed-in clients work alone")
	flag.DurationVar(&o.storm, "storm", time.Minute, "how long the storm lasts")
	flag.BoolVar(&o.oneAddress, "one-address", false, "all clients come from one address")
	flag.BoolVar(&o.oneUser, "one-user", false, "all strangers sign in as the same user")
	flag.BoolVar(&o.impatient, "impatient", false, "strangers who are refused come back at once, and not when Retry-After says")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "storm")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := start(ctx, dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()

	workers, err := s.signedIn(ctx, o.clients)
	if err != nil {
		return err
	}
	crowd, err := s.crowd(ctx, o.strangers)
	if err != nil {
		return err
	}
	for _, c := range append(workers, crowd...) {
		c.patient = !o.impatient
	}
	quiet := together(ctx, o.quiet, workers, (*client).work)
	resting, err := s.memory()
	if err != nil {
		return err
	}
	watch := s.watch(ctx)
	signIns := make(chan tally, 1)
	go func() { signIns <- together(ctx, o.storm, crowd, (*client).signIn) }()
	busy := together(ctx, o.storm, workers, (*client).work)
	crowdTally := <-signIns
	peak := watch()
	if err := ctx.Err(); err != nil {
		return err
	}
	print(o, quiet, busy, crowdTally, resting, peak)
	return nil
}

func print(o options, quiet, busy, crowd tally, resting, peak int) {
	slots, memory := max(1, runtime.GOMAXPROCS(0)/2), 19
	fmt.Printf("%d processors, %d hashing slot(s) of %d MiB, argon2id m=19456 t=2 p=1; clients on the same machine\n\n", runtime.NumCPU(), slots, memory)
	row := func(name string, cells ...any) { fmt.Printf("%-44s", name); fmt.Println(cells...) }
	row("signed-in clients, quiet", fmt.Sprintf("%7.0f/s   p50 %8s   p99 %8s", quiet.rate(), quiet.quantile(0.50), quiet.quantile(0.99)))
	row("signed-in clients, in the storm", fmt.Sprintf("%7.0f/s   p50 %8s   p99 %8s", busy.rate(), busy.quantile(0.50), busy.quantile(0.99)))
	row("  kept (aim: half or more)", fmt.Sprintf("%6.0f %%", 100*busy.rate()/quiet.rate()))
	row("  answers that were not 200", fmt.Sprintf("%7d", busy.others()))
	how := "come back when Retry-After says"
	if o.impatient {
		how = "come back at once"
	}
	fmt.Printf("%d strangers for %s; refused ones %s\n", o.strangers, o.storm, how)
	row("  signed in", fmt.Sprintf("%7.1f/s   p50 %8s   p99 %8s", crowd.rate(), crowd.quantile(0.50), crowd.quantile(0.99)))
	row("  refused with 503 and Retry-After", fmt.Sprintf("%7d   longest wait %s (limit %s)", crowd.refused, crowd.longest.Round(time.Millisecond), waitLimit))
	row("  any other answer", fmt.Sprintf("%7d   %v", crowd.others(), crowd.odd))
	row("resident memory, before the storm", fmt.Sprintf("%7d MiB", resting>>10))
	row("resident memory, most in the storm", fmt.Sprintf("%7d MiB (aim: at most %d)", peak>>10, slots*memory+100))
}

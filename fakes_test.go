package doorward_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/doorward/doorward"
)

// bare is a feature that does nothing but what init says.
type bare struct {
	name string
	init func(*doorward.Runtime) error
}

func (f *bare) Name() string { return f.name }
func (f *bare) Init(rt *doorward.Runtime) error {
	if f.init == nil {
		return nil
	}
	return f.init(rt)
}

// fakeSecond is a second factor whose code is always "123456". Which methods a
// user has is the test's to say.
type fakeSecond struct {
	bare
	methods  []string
	required bool // even of who has no method
	rt       *doorward.Runtime
	begun    []string
}

func newSecond(name string, methods ...string) *fakeSecond {
	return &fakeSecond{bare: bare{name: name}, methods: methods}
}

type codeForm struct {
	Code  string `json:"code"`
	Trust bool   `json:"trust"`
}

func (f *fakeSecond) Init(rt *doorward.Runtime) error {
	f.rt = rt
	form := doorward.Form[codeForm]{Submit: f.submit}
	return rt.Handle(
		form.Route(doorward.Route{Name: f.name, Path: "/" + f.name}),
		doorward.Route{Name: f.name + "_leave", Path: "/" + f.name + "/leave", Post: func(_ http.ResponseWriter, r *http.Request) (doorward.Result, error) {
			rt.SignIn().Abandon(r)
			return doorward.Result{Redirect: "/login"}, nil
		}},
	)
}

func (f *fakeSecond) submit(w http.ResponseWriter, r *http.Request, in *codeForm) (doorward.Result, error) {
	a, err := f.rt.SignIn().Pending(r)
	if err != nil {
		return doorward.Result{}, err
	}
	_, err = f.rt.SignIn().Prove(r, doorward.Proof{
		Kind: "code", Identity: f.rt.SignIn().Identify(a.User.SecurityAccount().Email),
		Find: func(context.Context) (doorward.User, error) { return a.User, nil },
		Check: func(context.Context, doorward.User) error {
			if in.Code != "123456" {
				return doorward.Fail("code", "INVALID_CODE")
			}
			return nil
		},
	})
	if err != nil {
		return doorward.Result{}, err
	}
	return f.rt.SignIn().Complete(w, r, f.name, in.Trust)
}

func (f *fakeSecond) Methods(context.Context, doorward.User) ([]string, error) { return f.methods, nil }

func (f *fakeSecond) Required(_ context.Context, _ *doorward.Attempt, ready bool) (bool, error) {
	return ready || f.required, nil
}

func (f *fakeSecond) Begin(_ http.ResponseWriter, _ *http.Request, _ *doorward.Attempt, method string) (doorward.Result, error) {
	f.begun = append(f.begun, method)
	return doorward.Result{Redirect: "/" + f.name, JSON: map[string]any{"tf_required": true, "tf_method": method}}, nil
}

// fakeLimiter records what it is asked and told.
type fakeLimiter struct {
	bare
	refuse bool
	mu     sync.Mutex
	tries  []doorward.Try
	done   []doorward.Outcome
}

func (f *fakeLimiter) Begin(_ *http.Request, t doorward.Try) (func(doorward.Outcome), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries = append(f.tries, t)
	if f.refuse {
		p := doorward.Fail("", "TOO_MANY_TRIES")
		p.Status, p.RetryAfter = http.StatusTooManyRequests, 90*time.Second
		return nil, p
	}
	return func(o doorward.Outcome) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.done = append(f.done, o)
	}, nil
}

func (f *fakeLimiter) told() []doorward.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.done)
}

// fakeGate answers every sign-in with err.
type fakeGate struct {
	bare
	err error
	via [][]string
}

func (f *fakeGate) Admit(_ context.Context, a *doorward.Attempt) error {
	f.via = append(f.via, a.Via)
	return f.err
}

type fakeIssuer struct {
	bare
	err error
}

func (f *fakeIssuer) Issue(_ context.Context, id doorward.Identity) (map[string]any, []*http.Cookie, error) {
	return map[string]any{"issued_to": id.User.SecurityAccount().Email}, []*http.Cookie{{Name: "issued", Value: "something issued", Path: "/"}}, f.err
}

type fakeResetter struct {
	bare
	reset []string
	err   error
}

func (f *fakeResetter) ResetAccess(_ context.Context, u doorward.User) error {
	f.reset = append(f.reset, u.SecurityAccount().Email)
	return f.err
}

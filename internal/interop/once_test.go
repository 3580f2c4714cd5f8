package interop_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// taken is how many times something was taken, at each side.
type taken struct{ flask, ours int }

// atOnce sends requests of several visitors at the same time, and counts those
// that succeed at each side.
func atOnce(t *testing.T, all []*visitor, send func(v *visitor) (ok bool, err error)) (n taken) {
	t.Helper()
	var group sync.WaitGroup
	begin := make(chan struct{})
	succeeded, errs := make([]bool, len(all)), make([]error, len(all))
	for i, v := range all {
		group.Go(func() {
			<-begin
			succeeded[i], errs[i] = send(v)
		})
	}
	close(begin)
	group.Wait()
	for i, v := range all {
		switch {
		case errs[i] != nil:
			t.Fatal(errs[i])
		case succeeded[i] && v.at.name == "flask":
			n.flask++
		case succeeded[i]:
			n.ours++
		}
	}
	return n
}

// crowd are visitors at both sides, each as make prepares it.
func crowd(flask, ours *side, make func(at *side) *visitor) (all []*visitor) {
	for range 3 {
		all = append(all, make(ours), make(flask))
	}
	return all
}

// posting sends one form for each.
func posting(path string, body fields) func(v *visitor) (bool, error) {
	return func(v *visitor) (bool, error) {
		r, err := v.attempt(path, body)
		return err == nil && r.status == http.StatusOK, err
	}
}

// tally is how often something that is good once was taken.
type tally struct{ flask, ours []string }

func (c *tally) add(t *testing.T, n taken) {
	t.Helper()
	c.flask, c.ours = append(c.flask, fmt.Sprint(n.flask)), append(c.ours, fmt.Sprint(n.ours))
	if n.ours > 1 {
		t.Errorf("doorward has taken it %d times", n.ours)
	}
	if n.ours+n.flask == 0 {
		t.Error("nobody has taken it")
	}
}

func (c *tally) note(t *testing.T) {
	t.Helper()
	note(t, "taken at flask "+strings.Join(c.flask, " ")+", at doorward "+strings.Join(c.ours, " "))
}

// recoverAtOnce gives one recovery code many times.
func (w *world) recoverAtOnce(t *testing.T, flask, ours *side) {
	t.Helper()
	u := join(t, w)
	u.setUpAuthenticator(t, ours)
	u.makeRecoveryCodes(t, ours)
	var c tally
	for _, code := range u.codes {
		c.add(t, u.giveAtOnce(t, flask, ours, code, code))
		u.recover(t, ours, code, http.StatusBadRequest)
		u.recover(t, flask, code, http.StatusBadRequest)
	}
	c.note(t)
}

// giveAtOnce gives one code at one side and one at the other.
func (u *user) giveAtOnce(t *testing.T, flask, ours *side, atFlask, atOurs string) taken {
	t.Helper()
	all := crowd(flask, ours, func(at *side) *visitor { return u.signIn(t, at) })
	return atOnce(t, all, func(v *visitor) (bool, error) {
		code := atOurs
		if v.at == flask {
			code = atFlask
		}
		return posting("/mf-recovery", fields{"code": code})(v)
	})
}

// recoverTwoAtOnce gives one code at one side and another at the other. The
// original writes the list as it has read it, without its own code: ours may be
// in it again, and must be refused at our side all the same.
func (w *world) recoverTwoAtOnce(t *testing.T, flask, ours *side) {
	t.Helper()
	used, back, again := 0, 0, 0
	for range 5 {
		u := join(t, w)
		u.setUpAuthenticator(t, ours)
		u.makeRecoveryCodes(t, ours)
		for i := 0; i+1 < len(u.codes); i += 2 {
			atFlask, atOurs := u.codes[i], u.codes[i+1]
			if n := u.giveAtOnce(t, flask, ours, atFlask, atOurs); n.ours > 1 || n.flask == 0 {
				t.Errorf("taken at flask %d, at doorward %d times", n.flask, n.ours)
			}
			used++
			if strings.Contains(w.column(t, u.email, "mf_recovery_codes"), atOurs) {
				back++
			}
			if u.signIn(t, ours).post("/mf-recovery", fields{"code": atOurs}).status == http.StatusOK {
				again++
			}
			u.recover(t, ours, atFlask, http.StatusBadRequest)
		}
	}
	note(t, fmt.Sprintf("of %d codes used at doorward flask wrote %d back, and doorward took %d again", used, back, again))
	if again > 0 {
		t.Error("doorward takes codes twice")
	}
}

// validateAtOnce gives one code of an authenticator many times. The original
// takes it as often as it is given.
func (w *world) validateAtOnce(t *testing.T, flask, ours *side) {
	t.Helper()
	u := join(t, w)
	u.setUpAuthenticator(t, ours)
	var c tally
	for range 3 {
		all := crowd(flask, ours, func(at *side) *visitor { return u.signIn(t, at) })
		c.add(t, atOnce(t, all, posting("/tf-validate", fields{"code": u.code(t)})))
	}
	c.note(t)
}

// resetAtOnce sets another password with one link many times.
func (w *world) resetAtOnce(t *testing.T, flask, ours *side) {
	t.Helper()
	var c tally
	for _, made := range []*side{flask, ours, flask, ours} {
		u := join(t, w)
		token := u.resetToken(t, made)
		u.password = "another " + password
		all := crowd(flask, ours, func(at *side) *visitor {
			v := newVisitor(t, at)
			v.get("/login")
			return v
		})
		c.add(t, atOnce(t, all, posting("/reset/"+token, fields{"password": u.password, "password_confirm": u.password})))
		for _, at := range []*side{flask, ours} {
			u.signIn(t, at).mustBe(u)
			newVisitor(t, at).reset(token, u.password+"!").want(http.StatusBadRequest)
		}
	}
	c.note(t)
}

// loginLinkAtOnce signs in with one link many times.
func (w *world) loginLinkAtOnce(t *testing.T, flask, ours *side) {
	t.Helper()
	var c tally
	for _, made := range []*side{flask, ours} {
		u := join(t, w)
		token := u.loginToken(t, made)
		all := crowd(flask, ours, func(at *side) *visitor { return newVisitor(t, at) })
		c.add(t, atOnce(t, all, func(v *visitor) (bool, error) {
			if _, err := v.exchange(http.MethodGet, "/login/"+token, nil, nil); err != nil {
				return false, err
			}
			r, err := v.exchange(http.MethodGet, v.at.me, nil, nil)
			return err == nil && r.status == http.StatusOK, err
		}))
	}
	c.note(t)
}

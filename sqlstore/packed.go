package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward"
	"github.com/doorward/doorward/internal/columns"
)

// A driver spends more on a column than it costs to take a text apart, and a
// row for every role repeats all of them. So what a request reads together is
// stored, or selected, as one text where the database can.

var errFacts = errors.New("a session's facts have another form")

// facts are the fields of a session that no statement compares, as one text:
// two times, freshness, the binding and, comma-joined, the methods.
type facts doorward.Session

func factsOf(s doorward.Session) (string, error) {
	if strings.ContainsAny(s.Binding, " \x00") || strings.Contains(strings.Join(s.Via, ""), "\x00") {
		return "", errors.New("sqlstore: a space or NUL in a session's binding or methods")
	}
	via, err := columns.Join(s.Via)
	if err != nil {
		return "", err
	}
	b := make([]byte, 0, 128)
	b = strconv.AppendInt(b, toMicros(s.AuthnAt), 10)
	b = strconv.AppendInt(append(b, ' '), toMicros(s.GraceUntil), 10)
	b = append(strconv.AppendBool(append(b, ' '), s.Fresh), ' ')
	b = append(append(b, s.Binding...), ' ')
	if text, ok := via.(string); ok {
		b = append(b, text...)
	}
	return string(b), nil
}

// Scan implements [database/sql.Scanner].
func (f *facts) Scan(src any) error {
	text, ok := textOf(src)
	if !ok {
		return errFacts
	}
	return f.parse(text)
}

func (f *facts) parse(text string) (err error) {
	if f.AuthnAt, text, err = cutMicros(text); err != nil {
		return err
	}
	if f.GraceUntil, text, err = cutMicros(text); err != nil {
		return err
	}
	fresh, text, _ := strings.Cut(text, " ")
	binding, via, ok := strings.Cut(text, " ")
	if !ok || fresh != "true" && fresh != "false" {
		return errFacts
	}
	f.Fresh, f.Binding, f.Via = fresh == "true", binding, nil
	if via != "" {
		f.Via = strings.Split(via, ",")
	}
	return nil
}

// packed is a session as a request loads it: last seen, expiry, and the facts.
type packed doorward.Session

// Scan implements [database/sql.Scanner].
func (p *packed) Scan(src any) (err error) {
	text, ok := textOf(src)
	if !ok {
		return errFacts
	}
	if p.SeenAt, text, err = cutMicros(text); err != nil {
		return err
	}
	if p.ExpiresAt, text, err = cutMicros(text); err != nil {
		return err
	}
	return (*facts)(p).parse(text)
}

// cutMicros takes the first number of a text as a time.
func cutMicros(text string) (at time.Time, rest string, err error) {
	number, rest, ok := strings.Cut(text, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !ok {
		return time.Time{}, "", errFacts // not err: it would quote the value
	}
	if n != 0 {
		at = time.UnixMicro(n).UTC()
	}
	return at, rest, nil
}

func textOf(src any) (string, bool) {
	switch s := src.(type) {
	case string:
		return s, true
	case []byte:
		return string(s), true
	}
	return "", false
}

// Between the roles of a gathered text, and between a role's name and its
// permissions.
const (
	roleEnd = "\x1e"
	nameEnd = "\x1f"
)

// gatheredRoles is an expression of how many roles the user u has, and of all
// their names and permissions. The links are read first, by their index: the
// order matters, see inOrder.
func (s *Store[U, PU]) gatheredRoles() string {
	role := s.d.pack(nameEnd, "r.name", "coalesce(r.permissions, '')")
	return "(SELECT " + s.d.pack(roleEnd, "count(*)", s.d.gather(roleEnd, role)) + " FROM " + s.table(s.cfg.RolesUsers) +
		" ru " + s.d.inOrder + " " + s.table(s.cfg.Roles) + " r ON r.id = ru.role_id WHERE ru.user_id = u." + s.keyName() + ")"
}

// gathered are the roles of one user.
type gathered []doorward.Role

// Scan implements [database/sql.Scanner]. Another application may have stored
// a role whose name or permissions contain what stands between them here.
// That shows, because there are too many parts, and is an error: it must not
// become a role that the user does not have.
func (g *gathered) Scan(src any) error {
	*g = nil
	if src == nil {
		return nil
	}
	text, ok := textOf(src)
	count, text, _ := strings.Cut(text, roleEnd)
	n, err := strconv.Atoi(count)
	if !ok || err != nil || strings.Count(text, roleEnd) != n-1 || strings.Count(text, nameEnd) != n {
		return errRole
	}
	*g = make(gathered, 0, n)
	for part := range strings.SplitSeq(text, roleEnd) {
		name, permissions, ok := strings.Cut(part, nameEnd)
		if !ok {
			return errRole
		}
		r := doorward.Role{Name: name}
		if permissions != "" {
			r.Permissions = strings.Split(permissions, ",")
		}
		*g = append(*g, r)
	}
	return nil
}

var errRole = errors.New("a role of the user has a control character in its name or permissions")

// checkRole refuses what could not be read back.
func checkRole(r doorward.Role) error {
	if strings.ContainsAny(r.Name+strings.Join(r.Permissions, ""), "\x00"+roleEnd+nameEnd) {
		return errors.New("sqlstore: a control character in a role's name or permissions")
	}
	return nil
}

// request is where a request's roles go, and the list of where all goes.
type request struct {
	roles gathered
	dests [16]any
}

// loadOne reads the row of gathered roles, of a session unless x is nil, and of
// a user's lean columns, and closes rows. If several is true there may be rows
// of other users, and then it is errSeveral.
func (s *Store[U, PU]) loadOne(ctx context.Context, rows *sql.Rows, x *doorward.Session, several bool) (PU, []doorward.Role, error) {
	u := PU(new(U))
	var r request
	dests := append(r.dests[:0], &r.roles)
	if x != nil {
		dests = append(dests, (*packed)(x))
	}
	dests = s.dests(dests, u, (*columns.Column).Lean)
	found, more := rows.Next(), false
	var err error
	if found {
		err = rows.Scan(dests...)
		more = several && rows.Next()
	}
	if err := s.readError(ctx, errors.Join(err, rows.Err(), rows.Close())); err != nil {
		return nil, nil, err
	}
	switch {
	case !found:
		return nil, nil, doorward.ErrNotFound
	case more:
		return nil, nil, errSeveral
	}
	return u, tidy(r.roles), nil
}

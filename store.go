package doorward

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNotFound is returned by every look-up and change that finds nothing.
	ErrNotFound = errors.New("doorward: not found")
	// ErrDuplicate is returned when a value that must be unique is taken.
	// A store that knows which one returns a [*DuplicateError] instead.
	ErrDuplicate = errors.New("doorward: already taken")
	// ErrClaimed is returned by [ClaimStore.Claim] for a key that was claimed before.
	ErrClaimed = errors.New("doorward: already used")
	// ErrUnavailable is in the chain of an error that says that the store could
	// not be reached or could not answer: the visitor is asked to come back.
	ErrUnavailable = errors.New("doorward: the store is not available")
)

// DuplicateError says which unique attribute is taken. It is an [ErrDuplicate].
type DuplicateError struct {
	Attr string // column name: "email", "username", ...; "" if unknown
}

func (e *DuplicateError) Error() string { return "doorward: " + e.Attr + " is already taken" }

// Unwrap makes errors.Is(err, ErrDuplicate) true.
func (e *DuplicateError) Unwrap() error { return ErrDuplicate }

// UserQuery asks for the user whose column Attr has the value Value.
type UserQuery struct {
	// Attr is "email", "username", "fs_uniquifier", or a column of the application's
	// own. Nobody is found by "fs_token_uniquifier" where there is no such column.
	Attr  string
	Value string // never matches if empty
	// AnyCase makes no difference between A to Z and a to z. Every other
	// character stands for itself, so that all stores and limits agree.
	AnyCase bool
}

// The store interfaces stand together in this file so that whoever writes a
// store finds the whole contract here; package storetest is the same as a test.
//
// Every method returns the errors named in its comment, wrapped or not, and any
// other error only for trouble of the store's own: an [ErrUnavailable], which
// visitors see as 503, where coming back later may help.
// All methods are safe for concurrent use, and give up when ctx is done.
// Times have microseconds at most. Returned values are the caller's to keep.

// UserStore finds and changes users. Every installation has one.
type UserStore interface {
	// FindUser returns the whole record, or ErrNotFound. Of several matches, as
	// a table that is not unique in any case may have with AnyCase, the one whose
	// column is exactly Value is meant. If none is, or several are, it is
	// ErrNotFound too: it must not be guessed who is meant.
	FindUser(ctx context.Context, q UserQuery) (User, error)

	// LoadUser returns a user with the roles, in one round trip, as requests
	// need them: columns tagged secret or cold may be left at zero. ErrNotFound
	// as FindUser. Roles come ordered by name; their Description may be left
	// empty.
	LoadUser(ctx context.Context, q UserQuery) (User, []Role, error)

	// UpdateUser applies change to the Account of u as it is stored now and
	// stores what change altered, in one atomic step: of two concurrent updates
	// neither undoes the other, and columns that change did not touch are not
	// written. The record is found by its primary key.
	//
	// change may be called more than once; it calls no store and does no slow
	// work. If it returns an error nothing is stored and that error is
	// returned as it is. u's Account becomes the stored one after the commit
	// and not before. ErrNotFound if the record is gone, ErrDuplicate if a
	// unique value is taken.
	UpdateUser(ctx context.Context, u User, change func(*Account) error) error
}

// UserAdmin makes, lists and deletes users: for registration and for operators.
type UserAdmin interface {
	// NewUser returns an empty record of the application's type.
	NewUser() User
	// CreateUser stores u and gives it the roles named, all or nothing, and
	// fills in u's primary key. An empty Uniquifier, WebAuthnHandle, or
	// CreatedAt is filled in. ErrDuplicate if a unique value is taken,
	// ErrNotFound if there is no such role.
	CreateUser(ctx context.Context, u User, roles ...string) error
	// DeleteUser removes u with its role links, sessions and remember-me rows.
	// ErrNotFound if it is gone already.
	DeleteUser(ctx context.Context, u User) error
	// ListUsers returns up to limit whole records in the order of their
	// primary key, after skipping offset, and how many there are in all.
	// contains, if not empty, keeps those whose email or username contains it,
	// in any letter case.
	ListUsers(ctx context.Context, contains string, offset, limit int) ([]User, int, error)
}

// RoleStore keeps roles and who has them.
type RoleStore interface {
	// FindRole returns the role of exactly this name, or ErrNotFound.
	FindRole(ctx context.Context, name string) (Role, error)
	// ListRoles returns all roles ordered by name.
	ListRoles(ctx context.Context) ([]Role, error)
	// CreateRole stores r. ErrDuplicate if the name is taken. Names and
	// permissions with control characters may be refused, here and in UpdateRole.
	CreateRole(ctx context.Context, r Role) error
	// UpdateRole is to a role what UpdateUser is to a user. The name does not change.
	UpdateRole(ctx context.Context, name string, change func(*Role) error) error
	// DeleteRole removes a role and takes it from everybody. ErrNotFound.
	DeleteRole(ctx context.Context, name string) error
	// RolesOf returns u's roles ordered by name.
	RolesOf(ctx context.Context, u User) ([]Role, error)
	// AddRole gives u a role and reports whether u did not have it before. Of
	// two concurrent calls one reports true. ErrNotFound if there is no such role.
	AddRole(ctx context.Context, u User, name string) (bool, error)
	// RemoveRole takes a role from u and reports whether u had it.
	RemoveRole(ctx context.Context, u User, name string) (bool, error)
}

// Session is the stored row of a signed-in session. The visitor's cookie holds
// a random id of which the row has only the hash, so that a stolen table signs
// nobody in (ASVS 7.2.3).
type Session struct {
	IDHash     string    // SHA-256 of the cookie's id, 64 hexadecimal characters; the key
	Uniquifier string    // of the user as it was at sign-in: rotating it ends the session
	AuthnAt    time.Time // when a credential was last proved; zero after remember-me
	GraceUntil time.Time // freshness holds until then
	Fresh      bool      // false after remember-me, and after the browser seemed to change
	Via        []string  // how the user signed in: "password", ...
	Binding    string    // hash of address and browser, for session protection
	CreatedAt  time.Time // the absolute limit counts from here
	SeenAt     time.Time // the idle limit counts from here; at most a minute or so behind
	ExpiresAt  time.Time // the absolute limit
	Address    string    // where the user signed in from
	UserAgent  string
}

// SessionStore keeps signed-in sessions.
type SessionStore interface {
	// LoadSession returns a session with its user and roles as LoadUser does,
	// in one round trip. The session is joined to the user on the uniquifier:
	// ErrNotFound if the row or the user is gone or the uniquifier has rotated.
	// Expiry and activity are the caller's to check. CreatedAt, Address and
	// UserAgent may be left at zero: no request needs them.
	LoadSession(ctx context.Context, idHash string) (Session, User, []Role, error)
	// CreateSession stores s. If replaces is not empty that session is ended in
	// the same step; it is no error if it is gone.
	CreateSession(ctx context.Context, s Session, replaces string) error
	// UpdateSession applies change to the row as it is stored now, atomically;
	// IDHash and Uniquifier do not change. ErrNotFound if it has been ended: an
	// ended session is never brought back.
	UpdateSession(ctx context.Context, idHash string, change func(*Session) error) error
	// RekeySession moves a session to another id and uniquifier, atomically, and
	// is ErrNotFound if it has been ended.
	RekeySession(ctx context.Context, idHash, newIDHash, newUniquifier string) error
	// TouchSessions sets SeenAt of the sessions by their id hash, where that is
	// later than what is stored. Sessions that are gone stay gone.
	TouchSessions(ctx context.Context, seen map[string]time.Time) error
	// ListSessions returns the sessions of a uniquifier, newest first.
	ListSessions(ctx context.Context, uniquifier string) ([]Session, error)
	// EndSession removes one session of that uniquifier. ErrNotFound if there is none.
	EndSession(ctx context.Context, uniquifier, idHash string) error
	// EndSessions removes all sessions of a uniquifier except one (none if
	// empty) and says how many.
	EndSessions(ctx context.Context, uniquifier, except string) (int, error)
	// DeleteExpiredSessions removes what expired before t or was not seen since idle.
	DeleteExpiredSessions(ctx context.Context, t, idle time.Time) (int, error)
}

// Remember is one browser that stays signed in. Of its secret only hashes are kept.
type Remember struct {
	Selector   string // the key, from the cookie; 32 hexadecimal characters
	Verifier   string // SHA-256 of the current secret, hexadecimal
	Previous   string // of the one before; accepted for a moment after RotatedAt
	RotatedAt  time.Time
	Uniquifier string
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// RememberStore keeps remember-me rows.
type RememberStore interface {
	// CreateRemember stores r.
	CreateRemember(ctx context.Context, r Remember) error
	// UpdateRemember returns the row after applying change to it as it is
	// stored now, atomically. An error of change is returned as it is and
	// leaves the row. ErrNotFound if there is none.
	UpdateRemember(ctx context.Context, selector string, change func(*Remember) error) (Remember, error)
	// EndRemember removes one row. It is no error if it is gone.
	EndRemember(ctx context.Context, selector string) error
	// EndRemembers removes all rows of a uniquifier.
	EndRemembers(ctx context.Context, uniquifier string) error
}

// ClaimStore makes that what may happen once happens once. It needs no column
// of the user and works alike in every database.
type ClaimStore interface {
	// Claim records key until a time and returns nil, or ErrClaimed if it was
	// recorded before: of any number of concurrent calls with one key exactly
	// one returns nil. A claim may be forgotten after its time. Keys are 64
	// hexadecimal characters.
	Claim(ctx context.Context, key string, until time.Time) error
}

// Guesses counts wrong credentials under one key: an account, an address, an
// account as tried from one address. What the numbers mean is up to whoever
// counts; a store keeps them.
type Guesses struct {
	Key     string    // 64 hexadecimal characters
	Count   int       // how many
	At      time.Time // when that was last changed
	Until   time.Time // nothing under this key is looked at before
	Expires time.Time // the row may be forgotten then
}

// GuessStore keeps counts of wrong credentials, so that all processes of an
// installation share them.
type GuessStore interface {
	// LoadGuesses returns the row of each key, in the order of keys. One that
	// is not there has its Key and nothing else.
	LoadGuesses(ctx context.Context, keys []string) ([]Guesses, error)
	// UpdateGuesses applies change to the rows of keys, in their order, as they
	// are stored now, and stores them in one atomic step, all or none. A row
	// that is not there has its Key and nothing else; one that has nothing else
	// afterwards, At and Expires aside, is removed. Keys are different from each
	// other. An error of change is returned as it is, and nothing is stored.
	// change may be called more than once; it calls no store.
	UpdateGuesses(ctx context.Context, keys []string, change func([]Guesses) error) error
}

// Transactor runs several store calls as one.
type Transactor interface {
	// InTx calls fn with a context; the calls that fn makes with it on the
	// same store are stored all together when fn returns nil, and not at all
	// otherwise. A call inside a call joins the outer one. fn may run more
	// than once.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Stores says which stores an installation has. A nil field means "none": a
// feature that needs one refuses to start without it.
type Stores struct {
	Users    UserStore
	Admin    UserAdmin
	Roles    RoleStore
	Sessions SessionStore
	Remember RememberStore
	Claims   ClaimStore
	Guesses  GuessStore
	Tx       Transactor
}

// InTx stores all of what do stores, or nothing, where there are transactions.
// Without them do runs as it is.
func (s Stores) InTx(ctx context.Context, do func(ctx context.Context) error) error {
	if s.Tx == nil {
		return do(ctx)
	}
	return s.Tx.InTx(ctx, do)
}

// StoresFrom fills a Stores from one value that implements several of the interfaces.
func StoresFrom(store any) Stores {
	var s Stores
	s.Users, _ = store.(UserStore)
	s.Admin, _ = store.(UserAdmin)
	s.Roles, _ = store.(RoleStore)
	s.Sessions, _ = store.(SessionStore)
	s.Remember, _ = store.(RememberStore)
	s.Claims, _ = store.(ClaimStore)
	s.Guesses, _ = store.(GuessStore)
	s.Tx, _ = store.(Transactor)
	return s
}

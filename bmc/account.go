package bmc

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

const (
	opAccounts      = "list accounts"
	opEnsureAccount = "set account"
	opDeleteAccount = "delete account"

	// reservedSlot is an iDRAC's first account, which nobody can log in with.
	reservedSlot = "1"
)

// Account is a user of the BMC.
type Account struct {
	ID       string `json:"id"`
	UserName string `json:"userName"`
	// Role is Administrator, Operator, ReadOnly or another of the BMC's.
	Role    string `json:"role"`
	Enabled bool   `json:"enabled"`
	// Locked is set after too many wrong passwords.
	Locked bool `json:"locked,omitempty"`
}

// AccountSpec is how an account shall be.
type AccountSpec struct {
	UserName string
	// Password is set each time that it is given: what it was cannot be read. It may be
	// empty for an account that exists.
	Password string
	Role     string
}

// String leaves the password out, so that an AccountSpec can be printed.
func (s AccountSpec) String() string { return s.UserName + " as " + s.Role }

// GoString is String, for %#v.
func (s AccountSpec) GoString() string { return s.String() }

type accountDoc struct {
	URI      string `json:"@odata.id"`
	ID       string `json:"Id"`
	UserName string
	Role     string `json:"RoleId"`
	Enabled  bool
	Locked   bool
}

func (d *accountDoc) account() Account {
	return Account{ID: d.ID, UserName: d.UserName, Role: d.Role, Enabled: d.Enabled, Locked: d.Locked}
}

// free tells a slot that holds no account.
func (d *accountDoc) free() bool { return d.UserName == "" && !d.Enabled && d.ID != reservedSlot }

// Accounts lists the users of the BMC, without the empty slots of an iDRAC.
func (b *BMC) Accounts(ctx context.Context) ([]Account, error) {
	_, docs, err := b.accounts(ctx, opAccounts)
	if err != nil {
		return nil, err
	}
	var list []Account
	for i := range docs {
		if docs[i].UserName != "" {
			list = append(list, docs[i].account())
		}
	}
	return list, nil
}

// accounts reads all slots, in the order of their ids.
func (b *BMC) accounts(ctx context.Context, op string) (uri string, docs []accountDoc, err error) {
	uri, err = b.place("Accounts", func() (string, error) {
		service, err := b.rooted(ctx, op, "AccountService")
		if err != nil {
			return "", err
		}
		var doc struct{ Accounts link }
		_, err = b.get(ctx, op, service, &doc)
		return doc.Accounts.URI, err
	})
	if err != nil {
		return "", nil, err
	}
	docs, err = readMembers[accountDoc](ctx, b, op, uri)
	slices.SortStableFunc(docs, func(a, b accountDoc) int { return compareIDs(a.ID, b.ID) })
	return uri, docs, err
}

func withName(docs []accountDoc, name string) *accountDoc {
	i := slices.IndexFunc(docs, func(d accountDoc) bool { return d.UserName == name })
	if i < 0 {
		return nil
	}
	return &docs[i]
}

// EnsureAccount creates an account or makes the one of that name as it shall be: enabled,
// with this role and, if given, this password. It refuses to change the account that this
// connection is logged in with, which could lock everyone out: use another administrator.
func (b *BMC) EnsureAccount(ctx context.Context, spec AccountSpec) error {
	if spec.UserName == "" || spec.Role == "" {
		return b.refuse(opEnsureAccount, "the account has no user name or no role", "give both")
	}
	if spec.UserName == b.cfg.Username {
		return b.refuseOwn(opEnsureAccount)
	}
	uri, docs, err := b.accounts(ctx, opEnsureAccount)
	if err != nil {
		return err
	}
	asked := hideText(b.askAccount(ctx, uri, docs, spec), spec.Password)
	w := wait{op: opEnsureAccount, what: "account " + spec.UserName, every: b.pace.poll, limit: b.pace.boot}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		_, docs, err := b.accounts(ctx, opEnsureAccount)
		now := withName(docs, spec.UserName)
		return err == nil && now != nil && spec.matches(now), err
	})
}

func (s AccountSpec) matches(now *accountDoc) bool { return now.Enabled && now.Role == s.Role }

func (s AccountSpec) body() map[string]any {
	body := map[string]any{"UserName": s.UserName, "RoleId": s.Role, "Enabled": true}
	if s.Password != "" {
		body["Password"] = s.Password
	}
	return body
}

// askAccount changes the account where there is one. A new one goes into the first free
// slot of an iDRAC, and is posted to a BMC that has no slots or does not let them be written.
func (b *BMC) askAccount(ctx context.Context, uri string, docs []accountDoc, spec AccountSpec) error {
	if now := withName(docs, spec.UserName); now != nil {
		if spec.matches(now) && spec.Password == "" {
			return nil
		}
		return b.patchAccount(ctx, opEnsureAccount, now, spec.body())
	}
	if spec.Password == "" {
		return b.refuse(opEnsureAccount, "there is no account "+spec.UserName+" and no password for a new one", "give a password")
	}
	i := slices.IndexFunc(docs, func(d accountDoc) bool { return d.free() })
	if i >= 0 {
		err := b.patchAccount(ctx, opEnsureAccount, &docs[i], spec.body())
		if !hasStatus(err, http.StatusMethodNotAllowed) {
			return err
		}
	}
	err := b.post(ctx, opEnsureAccount, uri, spec.body())
	if i < 0 && hasStatus(err, http.StatusMethodNotAllowed) {
		return b.refuse(opEnsureAccount, fmt.Sprintf("all %d accounts of the BMC are taken", len(docs)), "delete one that is not needed")
	}
	return err
}

// patchAccount reads the account for its ETag first: a list has none.
func (b *BMC) patchAccount(ctx context.Context, op string, doc *accountDoc, body map[string]any) error {
	var now accountDoc
	etag, err := b.get(ctx, op, doc.URI, &now)
	if err != nil {
		return err
	}
	if now.UserName != doc.UserName {
		return &Error{Outcome: Transient, Op: op, Server: b.cfg.Server, Message: "account " + doc.ID + " has just been changed by someone else", Hint: "try again"}
	}
	return b.patch(ctx, op, doc.URI, etag, body)
}

// DeleteAccount removes the account of this name; without one it does nothing. The account
// that this connection is logged in with is refused.
func (b *BMC) DeleteAccount(ctx context.Context, userName string) error {
	if userName == "" {
		return b.refuse(opDeleteAccount, "no account is named", "give the user name")
	}
	if userName == b.cfg.Username {
		return b.refuseOwn(opDeleteAccount)
	}
	_, docs, err := b.accounts(ctx, opDeleteAccount)
	if err != nil {
		return err
	}
	doc := withName(docs, userName)
	if doc == nil {
		return nil
	}
	asked := b.askDelete(ctx, doc)
	w := wait{op: opDeleteAccount, what: "account " + userName + " is gone", every: b.pace.poll, limit: b.pace.boot}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		_, docs, err := b.accounts(ctx, opDeleteAccount)
		return err == nil && withName(docs, userName) == nil, err
	})
}

// askDelete empties a slot where accounts cannot be deleted as such. An iDRAC takes the
// name only from an account that is disabled already.
func (b *BMC) askDelete(ctx context.Context, doc *accountDoc) error {
	err := b.delete(ctx, opDeleteAccount, doc.URI)
	if !hasStatus(err, http.StatusMethodNotAllowed) && !hasStatus(err, http.StatusNotImplemented) {
		return err
	}
	disabled := map[string]any{"Enabled": false, "RoleId": "None"}
	if err := b.patchAccount(ctx, opDeleteAccount, doc, disabled); err != nil {
		return err
	}
	return b.patchAccount(ctx, opDeleteAccount, doc, map[string]any{"UserName": ""})
}

func (b *BMC) refuseOwn(op string) error {
	return b.refuse(op, "account "+b.cfg.Username+" is the one that is used to reach the BMC", "log in with another administrator to change it")
}

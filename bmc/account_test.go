package bmc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	accountsURI = "/redfish/v1/AccountService/Accounts"
	newPassword = "n3w-pass-word"
)

// withSlots returns a BMC with an iDRAC's 16 fixed accounts, the second of them root.
func withSlots(t *testing.T) *fake {
	t.Helper()
	f := withAccountService(t)
	for n := range 16 {
		uri := fmt.Sprintf("%s/%d", accountsURI, n+1)
		f.put(uri, object{"UserName": "", "RoleId": "None", "Enabled": false})
		f.on("PATCH "+uri, func(body object) answer {
			maps.Copy(f.docs[uri], body)
			delete(f.docs[uri], "Password")
			return answer{status: 200, body: object{}}
		})
		f.on("DELETE "+uri, always(405, ""))
	}
	f.on("POST "+accountsURI, always(405, ""))
	f.edit(accountsURI+"/2", object{"UserName": user, "RoleId": "Administrator", "Enabled": true})
	return f
}

// withMembers returns a BMC whose accounts are created and deleted.
func withMembers(t *testing.T) *fake {
	t.Helper()
	f := withAccountService(t)
	f.put(accountsURI+"/root", object{"UserName": user, "RoleId": "Administrator", "Enabled": true})
	f.on("POST "+accountsURI, func(body object) answer {
		name, _ := body["UserName"].(string)
		uri := accountsURI + "/" + name
		doc := object{"@odata.id": uri, "Id": name}
		maps.Copy(doc, body)
		f.docs[uri] = doc
		f.docs[accountsURI] = members(accountsURI+"/root", uri)
		f.actions["DELETE "+uri] = func(object) answer { f.remove(uri); return answer{status: 204} }
		f.actions["PATCH "+uri] = func(body object) answer {
			maps.Copy(f.docs[uri], body)
			return answer{status: 200, body: object{}}
		}
		return answer{status: 201, body: object{}}
	})
	return f
}

func withAccountService(t *testing.T) *fake {
	t.Helper()
	f := newFake(t)
	f.edit(serviceRootURI, object{"AccountService": to("/redfish/v1/AccountService")})
	f.put("/redfish/v1/AccountService", object{"Accounts": to(accountsURI)})
	f.collect(accountsURI)
	return f
}

// TestAccounts takes an account through its life, on both kinds of BMC.
func TestAccounts(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*testing.T) *fake{"slots": withSlots, "members": withMembers} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := with(t)
			b := f.connect(t)
			ctx := t.Context()
			steps := []struct {
				what string
				do   func() error
				want []string
			}{
				{"before", func() error { return nil }, []string{"root Administrator"}},
				{"create", func() error {
					return b.EnsureAccount(ctx, AccountSpec{UserName: "ops", Password: newPassword, Role: "Operator"})
				}, []string{"ops Operator", "root Administrator"}},
				{"again", func() error { return b.EnsureAccount(ctx, AccountSpec{UserName: "ops", Role: "Operator"}) }, []string{"ops Operator", "root Administrator"}},
				{"another role", func() error { return b.EnsureAccount(ctx, AccountSpec{UserName: "ops", Role: "ReadOnly"}) }, []string{"ops ReadOnly", "root Administrator"}},
				{"delete", func() error { return b.DeleteAccount(ctx, "ops") }, []string{"root Administrator"}},
				{"delete again", func() error { return b.DeleteAccount(ctx, "ops") }, []string{"root Administrator"}},
			}
			for _, s := range steps {
				if err := s.do(); err != nil {
					t.Fatalf("%s: %v", s.what, err)
				}
				accounts, err := b.Accounts(ctx)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, a := range accounts {
					got = append(got, a.UserName+" "+a.Role)
				}
				slices.Sort(got)
				if diff := cmp.Diff(s.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", s.what, diff)
				}
			}
		})
	}
}

// TestAccountSlot: the first account of an iDRAC is not for use, and an account that is
// emptied is disabled before.
func TestAccountSlot(t *testing.T) {
	t.Parallel()
	f := withSlots(t)
	b := f.connect(t)
	if err := b.EnsureAccount(t.Context(), AccountSpec{UserName: "ops", Password: newPassword, Role: "Operator"}); err != nil {
		t.Fatal(err)
	}
	if f.state(accountsURI+"/1", "UserName") != "" || f.state(accountsURI+"/3", "UserName") != "ops" {
		t.Error("not in slot 3")
	}
	want := object{"UserName": "ops", "Password": newPassword, "RoleId": "Operator", "Enabled": true}
	if diff := cmp.Diff(want, f.seen("PATCH " + accountsURI + "/3")[0].body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := b.DeleteAccount(t.Context(), "ops"); err != nil {
		t.Fatal(err)
	}
	sent := f.seen("PATCH " + accountsURI + "/3")
	if len(sent) != 3 || sent[1].body["Enabled"] != false || sent[2].body["UserName"] != "" {
		t.Errorf("sent %v", sent)
	}
}

// TestAccountPassword: a given password is always set, because it cannot be compared.
func TestAccountPassword(t *testing.T) {
	t.Parallel()
	f := withSlots(t)
	f.edit(accountsURI+"/5", object{"UserName": "ops", "RoleId": "Operator", "Enabled": true})
	spec := AccountSpec{UserName: "ops", Password: newPassword, Role: "Operator"}
	b := f.connect(t)
	for range 2 {
		if err := b.EnsureAccount(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(f.seen("PATCH " + accountsURI + "/5")); n != 2 {
		t.Errorf("set %d times", n)
	}
	if text := fmt.Sprintf("%v %+v %#v", spec, spec, spec); strings.Contains(text, newPassword) {
		t.Errorf("the password is in %s", text)
	}
}

func TestAccountFails(t *testing.T) {
	t.Parallel()
	ops := AccountSpec{UserName: "ops", Password: newPassword, Role: "Operator"}
	slot := "PATCH " + accountsURI + "/3"
	ensure := func(spec AccountSpec) func(*testing.T, *BMC) error {
		return func(t *testing.T, b *BMC) error { return b.EnsureAccount(t.Context(), spec) }
	}
	remove := func(name string) func(*testing.T, *BMC) error {
		return func(t *testing.T, b *BMC) error { return b.DeleteAccount(t.Context(), name) }
	}
	cases := []struct {
		name    string
		change  func(*fake)
		do      func(*testing.T, *BMC) error
		outcome Outcome
		says    string
		writes  int
	}{
		{"its own", nil, ensure(AccountSpec{UserName: user, Password: newPassword, Role: "ReadOnly"}), Permanent, "used to reach the BMC", 0},
		{"delete its own", nil, remove(user), Permanent, "used to reach the BMC", 0},
		{"delete nobody", nil, remove(""), Permanent, "no account is named", 0},
		{"no role", nil, ensure(AccountSpec{UserName: "ops"}), Permanent, "no role", 0},
		{"new without password", nil, ensure(AccountSpec{UserName: "ops", Role: "Operator"}), Permanent, "no password", 0},
		{"full", func(f *fake) {
			for n := range 16 {
				f.edit(fmt.Sprintf("%s/%d", accountsURI, n+1), object{"UserName": fmt.Sprintf("u%d", n), "Enabled": true})
			}
		}, ensure(ops), Permanent, "all 16 accounts", 1},
		{"the password is repeated", func(f *fake) {
			f.script[slot] = []answer{{status: 400, body: object{"error": object{"@Message.ExtendedInfo": []object{{"MessageId": "Base.1.12.PropertyValueFormatError", "Message": "bad " + newPassword}}}}}}
		}, ensure(ops), Permanent, "bad [redacted]", 1},
		{"the answer is lost", func(f *fake) { f.script[slot] = []answer{{drop: true}} }, ensure(ops), Done, "", 1},
		{"it does not take", func(f *fake) { f.on(slot, always(200, object{})) }, ensure(ops), Unknown, "account ops", 1},
		{"taken meanwhile", func(f *fake) {
			f.script["GET "+accountsURI+"/3"] = []answer{{}, {status: 200, body: object{"UserName": "other"}}}
		}, ensure(ops), Transient, "by someone else", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := withSlots(t)
			if c.change != nil {
				c.change(f)
			}
			err := c.do(t, f.connect(t))
			wantError(t, err, c.outcome, c.says)
			if err != nil && strings.Contains(err.Error(), newPassword) {
				t.Errorf("the new password is in %v", err)
			}
			if len(f.writes()) != c.writes {
				t.Errorf("sent %v", f.writes())
			}
		})
	}
}

package sim

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

func TestAccountSlots(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC8)
	must(t, s, http.StatusMethodNotAllowed, http.MethodPost, accountsURI, `{"UserName":"ops","Password":"secret-1","RoleId":"Operator"}`)
	must(t, s, http.StatusMethodNotAllowed, http.MethodDelete, accountURI(3), "")
	must(t, s, http.StatusOK, http.MethodPatch, accountURI(3), `{"UserName":"ops","Password":"secret-1","RoleId":"Operator","Enabled":true}`)
	must(t, s, http.StatusOK, http.MethodGet, managerURI, "", "Authorization", basic("ops", "secret-1"))
	login := must(t, s, http.StatusCreated, http.MethodPost, sessionsURI, `{"UserName":"ops","Password":"secret-1"}`, "Authorization", "")
	if login.body["UserName"] != "ops" {
		t.Errorf("the session is that of %v", login.body["UserName"])
	}
	must(t, s, http.StatusOK, http.MethodPatch, accountURI(3), `{"Enabled":false}`)
	must(t, s, http.StatusUnauthorized, http.MethodGet, managerURI, "", "Authorization", basic("ops", "secret-1"))
	must(t, s, http.StatusOK, http.MethodPatch, accountURI(3), `{"UserName":""}`)
	if diff := cmp.Diff(map[int]string{rootSlot: "root"}, s.Accounts()); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func TestAccountsAreCreated(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC10)
	const wanted = `{"UserName":"ops","Password":"secret-1","RoleId":"ReadOnly"}`
	created := must(t, s, http.StatusCreated, http.MethodPost, accountsURI, wanted)
	if created.header.Get("Location") != accountURI(3) || created.body["Enabled"] != true || created.body["Password"] != nil {
		t.Errorf("created %s: %v", created.header.Get("Location"), created.body)
	}
	must(t, s, http.StatusBadRequest, http.MethodPost, accountsURI, wanted)
	for range accountSlots - 3 {
		id := s.emptySlot()
		must(t, s, http.StatusCreated, http.MethodPost, accountsURI, `{"UserName":"u`+accountURI(id)+`","Password":"x","RoleId":"None"}`)
	}
	full := must(t, s, http.StatusBadRequest, http.MethodPost, accountsURI, `{"UserName":"more","Password":"x","RoleId":"None"}`)
	if full.messageID() != "Base.1.19.CreateLimitReachedForResource" {
		t.Errorf("no slot is left: %s", full.messageID())
	}
	must(t, s, http.StatusOK, http.MethodDelete, accountURI(3), "")
	must(t, s, http.StatusUnauthorized, http.MethodGet, managerURI, "", "Authorization", basic("ops", "secret-1"))
	must(t, s, http.StatusMethodNotAllowed, http.MethodDelete, accountURI(rootSlot), "")
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for id, role := range map[int]string{3: "Operator", 4: "ReadOnly"} {
		must(t, s, http.StatusOK, http.MethodPatch, accountURI(id), `{"UserName":"`+role+`","Password":"x","RoleId":"`+role+`","Enabled":true}`)
	}
	for _, test := range []struct {
		user, password, uri string
		status              int
	}{
		{"root", "calvin", accountURI(2), http.StatusOK},
		{"Operator", "x", accountURI(2), http.StatusForbidden},
		{"Operator", "x", systemURI, http.StatusOK},
		{"ReadOnly", "x", systemURI, http.StatusForbidden},
	} {
		must(t, s, test.status, http.MethodPatch, test.uri, `{}`, "Authorization", basic(test.user, test.password))
		must(t, s, http.StatusOK, http.MethodGet, test.uri, "", "Authorization", basic(test.user, test.password))
	}
}

func TestPasswordChanges(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	must(t, s, http.StatusOK, http.MethodPatch, accountURI(rootSlot), `{"Password":"secret-2"}`)
	must(t, s, http.StatusUnauthorized, http.MethodGet, managerURI, "")
	must(t, s, http.StatusOK, http.MethodGet, managerURI, "", "Authorization", basic("root", "secret-2"))
}

func TestAccountRefusals(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for _, test := range []struct{ uri, body, message string }{
		{accountURI(1), `{"UserName":"x"}`, "IDRAC.2.8.SYS428"},
		{accountURI(3), `{"UserName":"root"}`, "IDRAC.2.8.SWC0263"},
		{accountURI(3), `{"Enabled":true}`, "IDRAC.2.8.RAC0230"},
		{accountURI(3), `{"RoleId":"Emperor"}`, "Base.1.12.PropertyValueNotInList"},
		{accountURI(3), `{"Colour":"red"}`, "Base.1.12.PropertyUnknown"},
		{accountURI(3), `{"UserName":5}`, "Base.1.12.PropertyValueTypeError"},
	} {
		if got := must(t, s, http.StatusBadRequest, http.MethodPatch, test.uri, test.body); got.messageID() != test.message {
			t.Errorf("%s %s: %s, want %s", test.uri, test.body, got.messageID(), test.message)
		}
	}
	must(t, s, http.StatusBadRequest, http.MethodPost, accountsURI, `{"UserName":"x"}`)
}

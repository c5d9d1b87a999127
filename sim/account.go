package sim

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	accountServiceURI = rootURI + "/AccountService"
	accountsURI       = accountServiceURI + "/Accounts"
	rolesURI          = accountServiceURI + "/Roles"
)

const (
	accountSlots = 16 // with ids from 1; the first is reserved
	rootSlot     = 2
)

// role is what an account may do, and its privileges in Redfish.
type role struct {
	name       string
	privileges []string
}

var roles = []role{
	{"Administrator", []string{"Login", "ConfigureManager", "ConfigureUsers", "ConfigureSelf", "ConfigureComponents"}},
	{"Operator", []string{"Login", "ConfigureSelf", "ConfigureComponents"}},
	{"ReadOnly", []string{"Login", "ConfigureSelf"}},
	{"None", []string{}},
}

// account is one of an iDRAC's fixed slots; without a user name it is empty.
type account struct {
	username, password string
	role               string
	enabled            bool
}

// accounts are the slots; the index is the id, and 0 is not used.
type accounts [accountSlots + 1]account

func newAccounts(username, password string) accounts {
	var a accounts
	for i := range a {
		a[i].role = "None"
	}
	a[rootSlot] = account{username, password, "Administrator", true}
	return a
}

// accept reports whether the credentials are those of an enabled account.
func (a *accounts) accept(username, password string) bool {
	accepted := 0
	for _, slot := range a {
		if slot.enabled && slot.username != "" {
			accepted |= subtle.ConstantTimeCompare([]byte(slot.username), []byte(username)) &
				subtle.ConstantTimeCompare([]byte(slot.password), []byte(password))
		}
	}
	return accepted == 1
}

// mayWrite reports whether a user's role allows a change: sessions are everybody's own,
// accounts an administrator's, and the rest an operator's too.
func (s *Server) mayWrite(username, uri string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.accounts[:], func(slot account) bool { return slot.username == username })
	switch {
	case strings.HasPrefix(uri, sessionsURI+"/"):
		return true
	case i < 0:
		return false
	case s.accounts[i].role == "Administrator":
		return true
	default:
		return s.accounts[i].role == "Operator" && !strings.HasPrefix(uri, accountServiceURI)
	}
}

func (t table) addAccounts(g *generation) {
	t[accountServiceURI] = resource{get: (*Server).accountService}
	slots := resource{get: (*Server).accountCollection}
	if g.createAccounts {
		slots.post = (*Server).createAccount
	}
	t[accountsURI] = slots
	for id := 1; id <= accountSlots; id++ {
		slot := resource{
			get:   func(s *Server) doc { return s.accountDoc(id) },
			patch: func(s *Server, body doc) error { return s.patchAccount(id, body) },
		}
		if g.createAccounts {
			slot.remove = func(s *Server) error { return s.removeAccount(id) }
		}
		t[accountURI(id)] = slot
	}
	t.addRoles()
}

func (t table) addRoles() {
	uris := make([]string, 0, len(roles))
	for _, r := range roles {
		uri := rolesURI + "/" + r.name
		uris = append(uris, uri)
		t[uri] = resource{get: func(*Server) doc {
			body := described(uri, "Role", "v1_3_1", r.name, "User Role")
			body["Description"] = r.name + " User Role"
			body["RoleId"] = r.name
			body["IsPredefined"] = true
			body["AssignedPrivileges"] = r.privileges
			body["AssignedPrivileges@odata.count"] = len(r.privileges)
			return body
		}}
	}
	t[rolesURI] = resource{get: func(*Server) doc { return collection(rolesURI, "Role", "Roles Collection", uris...) }}
}

func accountURI(id int) string { return accountsURI + "/" + strconv.Itoa(id) }

func (s *Server) accountService() doc {
	body := described(accountServiceURI, "AccountService", "v1_15_1", "AccountService", "Account Service")
	body["Description"] = "BMC User Accounts"
	body["ServiceEnabled"] = true
	body["AccountLockoutThreshold"] = 0
	body["AccountLockoutDuration"] = 0
	body["AccountLockoutCounterResetAfter"] = 0
	body["AuthFailureLoggingThreshold"] = 2
	body["MinPasswordLength"] = 0
	body["MaxPasswordLength"] = 127
	body["Accounts"] = ref(accountsURI)
	body["Roles"] = ref(rolesURI)
	body["Status"] = healthy()
	return body
}

func (s *Server) accountCollection() doc {
	uris := make([]string, 0, accountSlots)
	for id := 1; id <= accountSlots; id++ {
		uris = append(uris, accountURI(id))
	}
	return collection(accountsURI, "ManagerAccount", "Accounts Collection", uris...)
}

func (s *Server) accountDoc(id int) doc {
	s.mu.Lock()
	slot := s.accounts[id]
	s.mu.Unlock()
	body := described(accountURI(id), "ManagerAccount", "v1_12_0", strconv.Itoa(id), "User Account")
	body["Description"] = "User Account"
	body["UserName"] = slot.username
	body["Password"] = nil
	body["RoleId"] = slot.role
	body["Enabled"] = slot.enabled
	body["Locked"] = false
	body["AccountTypes"] = []string{"Redfish", "SNMP", "OEM", "HostConsole", "ManagerConsole", "IPMI", "KVMIP", "VirtualMedia", "WebUI"}
	body["AccountTypes@odata.count"] = 9
	body["OEMAccountTypes"] = []string{"IPMI", "SOL", "WSMAN", "UI", "RACADM"}
	body["OEMAccountTypes@odata.count"] = 5
	body["StrictAccountTypes"] = true
	body["PasswordChangeRequired"] = false
	body["Links"] = doc{"Role": ref(rolesURI + "/" + slot.role)}
	return body
}

// change applies what a PATCH or POST says about an account.
func (a account) change(body doc) (account, error) {
	for name := range body {
		if !slices.Contains([]string{"UserName", "Password", "RoleId", "Enabled"}, name) {
			return a, refuseUnknownProperty(name)
		}
	}
	for name, to := range map[string]*string{"UserName": &a.username, "Password": &a.password} {
		value, err := text(body, name)
		if err != nil {
			return a, err
		}
		if _, sent := body[name]; sent {
			*to = value
		}
	}
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, r.name)
	}
	chosen, err := oneOf(body, "RoleId", names)
	if err != nil {
		return a, err
	}
	if chosen != "" {
		a.role = chosen
	}
	a.enabled, err = flag(body, "Enabled", a.enabled)
	return a, err
}

// check refuses what an iDRAC does not keep in a slot.
func (s *Server) checkAccount(id int, wanted account) error {
	if wanted.enabled && (wanted.username == "" || wanted.password == "") {
		return dellRefusal(http.StatusBadRequest, "RAC0230",
			"An account cannot be enabled without a user name and a password.", "Set both, and retry the operation.")
	}
	for other, slot := range s.accounts {
		if other != id && wanted.username != "" && slot.username == wanted.username {
			return dellRefusal(http.StatusBadRequest, "SWC0263",
				"The user name is already in use.", "Choose another user name, and retry the operation.")
		}
	}
	return nil
}

func (s *Server) patchAccount(id int, body doc) error {
	if id < rootSlot {
		return dellRefusal(http.StatusBadRequest, "SYS428",
			"The first account is reserved and cannot be changed.", "Use an account with an id of 2 or more.")
	}
	s.mu.Lock()
	wanted, err := s.accounts[id].change(body)
	if err == nil {
		err = s.checkAccount(id, wanted)
	}
	if err == nil {
		s.accounts[id] = wanted
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.record(AccountChanged, "id", strconv.Itoa(id), "user", wanted.username, "role", wanted.role)
	return nil
}

// createAccount fills the first empty slot.
func (s *Server) createAccount(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	for _, name := range []string{"UserName", "Password", "RoleId"} {
		if body[name] == nil {
			return baseRefusal(http.StatusBadRequest, "CreateFailedMissingReqProperties",
				"The create operation failed because the required property "+name+" was missing from the request.",
				"Correct the body to include the required property with a valid value and resubmit the request.", name)
		}
	}
	if body["Enabled"] == nil {
		body["Enabled"] = true
	}
	id := s.emptySlot()
	if id == 0 {
		return baseRefusal(http.StatusBadRequest, "CreateLimitReachedForResource",
			"The create operation failed because the resource has reached the limit of possible resources.",
			"Delete an account and resubmit the request.")
	}
	if err := s.patchAccount(id, body); err != nil {
		return err
	}
	w.Header().Set("Location", accountURI(id))
	writeJSON(w, http.StatusCreated, s.accountDoc(id))
	return nil
}

func (s *Server) emptySlot() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := rootSlot + 1; id <= accountSlots; id++ {
		if s.accounts[id].username == "" {
			return id
		}
	}
	return 0
}

func (s *Server) removeAccount(id int) error {
	if id <= rootSlot {
		return refuseMethod(http.MethodDelete)
	}
	s.mu.Lock()
	s.accounts[id] = account{role: "None"}
	s.mu.Unlock()
	s.record(AccountChanged, "id", strconv.Itoa(id), "user", "", "role", "None")
	return nil
}

// Accounts returns the user names in use, by slot.
func (s *Server) Accounts() map[int]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[int]string{}
	for id, slot := range s.accounts {
		if slot.username != "" {
			names[id] = slot.username
		}
	}
	return names
}

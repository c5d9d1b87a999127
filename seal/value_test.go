package seal_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/seal"
)

func TestIsSecretName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"password": true, "rootPassword": true, "PASSWD": true, "client_secret": true, "authToken": true,
		"private_key": true, "privateKey": true, "sshPrivateKey": true, "apikey": true, "X-API-Key": true,
		"community": true, "Cookie": true, "Set-Cookie": true, "productkey": true, "ProductKey": true, "Authorization": true,
		"": false, "user": false, "key": false, "publicKey": false, "communityName": false, "authorizationUrl": false, "cookies accepted": false,
	} {
		if got := seal.IsSecretName(name); got != want {
			t.Errorf("IsSecretName(%q) = %v", name, got)
		}
	}
}

func options() map[string]any {
	return map[string]any{
		"host": "10.0.0.1", "port": 443, "verify": true, "sku": nil, "exact": json.Number("9007199254740993"),
		"password": "calvin",
		"empty":    map[string]any{"password": "", "nil": []any(nil)},
		"template": map[string]any{"password": "{{ options.rootPassword }}"},
		"users":    []any{map[string]any{"name": "ops", "authToken": "t0k3n"}},
		"secrets":  map[string]any{"wifi": "inner", "list": []any{"inner", true, nil}},
	}
}

func TestSealSecretsThenOpen(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	in := options()
	sealed, err := k.SealSecrets(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"calvin", "t0k3n", "inner"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is still in clear: %s", secret, text)
		}
	}
	for _, plain := range []string{"10.0.0.1", "ops", "{{ options.rootPassword }}", `"password":""`} {
		if !strings.Contains(string(text), plain) {
			t.Errorf("%q is gone: %s", plain, text)
		}
	}
	if diff := cmp.Diff(options(), in); diff != "" {
		t.Errorf("the input was changed: %s", diff)
	}
	opened, err := k.OpenSecrets(t.Context(), sealed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(options()), opened); diff != "" {
		t.Errorf("opened (-want +got): %s", diff)
	}
}

func TestSealSecretsKeepsSealed(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	in := any(map[string]any{"password": mustSeal(t, k, "calvin")})
	got, err := k.SealSecrets(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, got); diff != "" {
		t.Error(diff)
	}
}

// TestSchemaHoldsNoSecrets has names that describe secrets, and one beside the schema that is a secret.
func TestSchemaHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	schema := map[string]any{
		"properties": map[string]any{"password": map[string]any{"type": "string", "minLength": 8.0}},
		"required":   []any{"password"},
	}
	in := map[string]any{"schema": schema, "default": map[string]any{"password": "calvin"}, "other": map[string]any{"schema": map[string]any{"token": "t0k3n"}}}
	sealed, err := localKeeper(t).SealSecrets(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]any{"sealed": sealed, "redacted": seal.Redact(in)} {
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "calvin") || strings.Contains(string(text), "t0k3n") {
			t.Errorf("%s: a secret is in clear: %s", name, text)
		}
		object, _ := got.(map[string]any)
		if diff := cmp.Diff(any(schema), object["schema"]); diff != "" {
			t.Errorf("%s: the schema (-want +got):\n%s", name, diff)
		}
	}
}

func TestSealSecretsTakesNumbersAsText(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	for in, want := range map[any]string{
		1234.0: "1234", 0.5: "0.5", 7: "7", int64(9007199254740993): "9007199254740993", json.Number("12e3"): "12e3",
	} {
		sealed, err := k.SealSecrets(t.Context(), map[string]any{"password": in, "port": in})
		if err != nil {
			t.Fatal(err)
		}
		token, _ := sealed.(map[string]any)["password"].(string)
		if !strings.HasPrefix(token, "sealed:v1:") {
			t.Errorf("%v was not sealed: %v", in, sealed)
		}
		opened, err := k.OpenSecrets(t.Context(), sealed)
		if diff := cmp.Diff(any(map[string]any{"password": want, "port": in}), opened); diff != "" || err != nil {
			t.Errorf("%v opened (-want +got): %s, %v", in, diff, err)
		}
	}
	if got, err := k.SealSecrets(t.Context(), map[string]any{"password": math.NaN()}); err == nil {
		t.Errorf("what is no JSON number became %v", got)
	}
}

func TestOpenSecretsNotingTellsEachClearText(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	one, two := mustSeal(t, k, "ONE"), mustSeal(t, k, "TWO")
	var noted []string
	_, err := k.OpenSecretsNoting(t.Context(), map[string]any{"a": "Bearer " + one + two, "b": "clear"}, func(plain string) {
		noted = append(noted, plain)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ONE", "TWO"}, noted); diff != "" {
		t.Errorf("noted (-want +got): %s", diff)
	}
}

func TestOpenSecretsAtAnyName(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	got, err := k.OpenSecrets(t.Context(), []any{"curl -u root:" + mustSeal(t, k, "calvin")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any([]any{"curl -u root:calvin"}), got); diff != "" {
		t.Error(diff)
	}
}

func TestOpenSecretsSaysWhere(t *testing.T) {
	t.Parallel()
	in := map[string]any{"users": []any{map[string]any{"password": "sealed:v1:cut"}}}
	_, err := localKeeper(t).OpenSecrets(t.Context(), in)
	if err == nil || !strings.Contains(err.Error(), "users: [0]: password: ") {
		t.Errorf("error %v does not say where", err)
	}
}

func TestSealSecretsInOtherTypes(t *testing.T) {
	t.Parallel()
	type login struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	k := localKeeper(t)
	for name, in := range map[string]any{
		"struct":     login{"root", "calvin"},
		"typed map":  map[string]string{"user": "root", "password": "calvin"},
		"raw":        json.RawMessage(`{"user":"root","password":"calvin"}`),
		"typed list": []login{{"root", "calvin"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sealed, err := k.SealSecrets(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(sealed)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "calvin") || !strings.Contains(string(text), "root") {
				t.Errorf("sealed: %s", text)
			}
		})
	}
	if got, err := k.SealSecrets(t.Context(), map[string]any{"x": make(chan int)}); err == nil {
		t.Errorf("a channel became %v", got)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	sealed := mustSeal(t, localKeeper(t), "calvin")
	for name, tc := range map[string]struct{ in, want any }{
		"secret name":      {map[string]any{"password": "calvin", "user": "root"}, map[string]any{"password": "REDACTED", "user": "root"}},
		"below one":        {map[string]any{"secrets": []any{"a", true, nil}}, map[string]any{"secrets": []any{"REDACTED", true, nil}}},
		"a number":         {map[string]any{"password": 1234.0, "port": 443.0}, map[string]any{"password": "REDACTED", "port": 443.0}},
		"no secret set":    {map[string]any{"password": ""}, map[string]any{"password": ""}},
		"sealed in text":   {[]any{"Bearer " + sealed + "\nok"}, []any{"Bearer REDACTED\nok"}},
		"sealed and cut":   {"x " + sealed[:30] + sealed + "!", "x REDACTEDREDACTED!"},
		"struct":           {struct{ APIKey string }{"k"}, map[string]any{"APIKey": "REDACTED"}},
		"not a JSON value": {map[string]any{"f": func() {}}, "REDACTED"},
		"nothing":          {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, seal.Redact(tc.in)); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
		})
	}
}

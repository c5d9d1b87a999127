package iso

import (
	"os/exec"
	"strings"
	"testing"
)

// TestSHA512Crypt holds the test vectors of SHA-crypt.txt. Those that cut a salt
// are here with the cut one.
func TestSHA512Crypt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		password, salt string
		rounds         int
		want           string
	}{
		{"Hello world!", "saltstring", 5000, "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
		{"Hello world!", "saltstringsaltst", 10000, "OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."},
		{"This is just a test", "toolongsaltstrin", 5000, "lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0"},
		{
			"a very much longer text to encrypt.  This one even stretches over morethan one line.", "anotherlongsalts", 1400,
			"POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1",
		},
		{"the minimum number is still observed", "roundstoolow", 1000, "kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX."},
	}
	for _, test := range tests {
		got := encodeCrypt(sha512Rounds([]byte(test.password), []byte(test.salt), test.rounds))
		if got != test.want {
			t.Errorf("%q with %q: %s, want %s", test.password, test.salt, got, test.want)
		}
	}
}

func TestSHA512CryptAgreesWithOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skipf("openssl is not installed here: %v", err)
	}
	for _, password := range []string{"a", "pass wörd", strings.Repeat("x", 63), strings.Repeat("y", 64), strings.Repeat("z", 128)} {
		out, err := exec.CommandContext(t.Context(), openssl, "passwd", "-6", "-salt", "ab./XYZ", password).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := sha512Crypt(password, "ab./XYZ"), strings.TrimSpace(string(out)); got != want {
			t.Errorf("%d bytes: %s, want %s", len(password), got, want)
		}
	}
}

func TestHashSecrets(t *testing.T) {
	t.Parallel()
	answers := Answers{
		Hostname: "a", RootPassword: "secret",
		Users: []User{{Name: "x", Password: "secret"}, {Name: "y", PasswordHash: "$6$kept"}},
	}
	hashed := answers.hashSecrets("token")
	if hashed.RootPassword != "" || hashed.Users[0].Password != "" {
		t.Error("a clear password is left")
	}
	if answers.Users[0].Password == "" {
		t.Error("the caller's answers have changed")
	}
	if hashed.RootPasswordHash == hashed.Users[0].PasswordHash {
		t.Error("two accounts share a salt")
	}
	if hashed.Users[1].PasswordHash != "$6$kept" {
		t.Error("a given hash has changed")
	}
	if checkHash(hashed.RootPasswordHash) != "" {
		t.Errorf("%s is no hash that answers may have", hashed.RootPasswordHash)
	}
	if answers.hashSecrets("token").RootPasswordHash != hashed.RootPasswordHash {
		t.Error("the same deployment got another hash")
	}
	if answers.hashSecrets("other").RootPasswordHash == hashed.RootPasswordHash {
		t.Error("another deployment has the same salt")
	}
	other := answers
	other.RootPassword = "changed"
	salt := func(hash string) string { return strings.Split(hash, "$")[2] }
	if salt(other.hashSecrets("token").RootPasswordHash) != salt(hashed.RootPasswordHash) {
		t.Error("the salt tells something of the password")
	}
}

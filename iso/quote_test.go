package iso

import (
	"os/exec"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

var nastyTexts = []string{
	"", "plain", "two words", "it's", `"quoted"`, "$(id)", "`id`", "a;b", "a\nb", "\\", "'", "''", "*", "~", "#x", "%end", "- a: b", "null", "é…", "\u2028", "\x7f",
}

func TestShellWordIsOneWord(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("no shell here: %v", err)
	}
	for _, text := range nastyTexts {
		out, err := exec.CommandContext(t.Context(), sh, "-c", "printf '<%s>' "+shellWord(text)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out); got != "<"+text+">" {
			t.Errorf("shellWord(%q) came back from the shell as %s", text, got)
		}
	}
}

func FuzzYAMLValue(f *testing.F) {
	for _, text := range nastyTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := yamlValue(text)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Key string }
		if err := yaml.Unmarshal([]byte("key: "+value+"\n"), &got); err != nil {
			t.Fatalf("%s is not YAML: %v", value, err)
		}
		if utf8.ValidString(text) && got.Key != text {
			t.Errorf("%q came back as %q", text, got.Key)
		}
	})
}

func TestYAMLValueRefusesWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	if value, err := yamlValue(func() {}); err == nil {
		t.Errorf("a function became %q", value)
	}
}

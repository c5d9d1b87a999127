package sim

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSplitShell(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		want   []command
	}{
		"words":         {`a  b\ c	d`, []command{{args: []string{"a", "b c", "d"}}}},
		"quotes":        {`a 'b "c' "d 'e" f"g"'h' ''`, []command{{args: []string{"a", "b \"c", "d 'e", "fgh", ""}}}},
		"escapes":       {`a "b\"c\\d\e" 'f\g'`, []command{{args: []string{"a", `b"c\d\e`, `f\g`}}}},
		"continuation":  {"a \\\n b\\\nc", []command{{args: []string{"a", "bc"}}}},
		"comments":      {"# no\na b#c # no; no\nd", []command{{args: []string{"a", "b#c"}}, {args: []string{"d"}}}},
		"lists":         {"a; b && c || d & e | f", []command{{args: []string{"a"}}, {args: []string{"b"}}, {joint: "&&", args: []string{"c"}}, {joint: "||", args: []string{"d"}}, {args: []string{"e"}}, {args: []string{"f"}}}},
		"redirections":  {"a >/dev/null 2>&1 b < in &> out\nc 2 >> x", []command{{args: []string{"a", "b"}, file: "out"}, {args: []string{"c", "2"}}}},
		"variables":     {`U=http://x V="$U/y"; a $U ${V} "$V" '$V' $none ${none:-else} $? \$U 5$`, []command{{args: []string{"a", "http://x", "http://x/y", "http://x/y", "$V", "", "else", "", "$U", "5$"}}}},
		"export":        {"export A=b\nc $A", []command{{args: []string{"export"}}, {args: []string{"c", "b"}}}},
		"substitution":  {"a \"$(date (x))\" `b` c", []command{{args: []string{"a", "", "c"}}}},
		"here-document": {"a <<EOF\n{\"b\": 'c'}\nEOF\nd <<-'E'\n\tx\n\tE\n", []command{{args: []string{"a"}, stdin: "{\"b\": 'c'}\n"}, {args: []string{"d"}, stdin: "\tx\n"}}},
		"here-string":   {"a <<< b", []command{{args: []string{"a"}, stdin: "b\n"}}},
		"compound":      {"if a; then b; fi; while ! c; do exit 1; done; d", []command{{args: []string{"a"}, nested: true}, {args: []string{"b"}, nested: true}, {args: []string{"c"}, nested: true}, {args: []string{"exit", "1"}, nested: true}, {args: []string{"d"}}}},
		"subshell":      {"(a b)", []command{{args: []string{"a", "b"}}}},
		"unfinished":    {`a 'b`, []command{{args: []string{"a", "b"}}}},
		"not ASCII":     {"a 'ü' ü", []command{{args: []string{"a", "ü", "ü"}}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, splitShell(test.script), cmp.AllowUnexported(command{})); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseCurl(t *testing.T) {
	t.Parallel()
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	tests := map[string]struct {
		line string
		want httpCall
	}{
		"get":       {"http://h/p", httpCall{method: "GET", url: "http://h/p"}},
		"no scheme": {"h:80/p", httpCall{method: "GET", url: "http://h:80/p"}},
		"flags":     {"-fsSLk --retry 3 -m 1.5 -o /dev/null https://h", httpCall{method: "GET", url: "https://h", fail: true, follow: true, insecure: true, retries: 3, limit: 1500 * time.Millisecond}},
		"data":      {"-d a=b --data-raw @x --url http://h", httpCall{method: "POST", url: "http://h", header: form, body: "a=b&@x"}},
		"attached":  {"-sXPUT -da http://h", httpCall{method: "PUT", url: "http://h", header: form, body: "a"}},
		"json":      {"--json {} http://h", httpCall{method: "POST", url: "http://h", header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}, body: "{}"}},
		"header":    {"-H 'A: b:c' -A agent -u u:p http://h", httpCall{method: "GET", url: "http://h", header: http.Header{"A": {"b:c"}, "User-Agent": {"agent"}, "Authorization": {"Basic dTpw"}}}},
		"head":      {"-I http://h", httpCall{method: "HEAD", url: "http://h"}},
		"stdin":     {"-d @- http://h", httpCall{method: "POST", url: "http://h", header: form, body: "fed"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseCurl(splitShell(test.line)[0].args, "fed")
			if err != nil {
				t.Fatal(err)
			}
			if test.want.header == nil {
				test.want.header = http.Header{}
			}
			if diff := cmp.Diff(&test.want, got, cmp.AllowUnexported(httpCall{})); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseCurlRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"-s", "ftp://h", "http://h --retry x", "http://h --retry", "http://h -m x", "http://h -H nocolon", "-T file http://h", "http://%zz",
	} {
		if call, err := parseCurl(strings.Fields(line), ""); err == nil {
			t.Errorf("curl %s gave %+v", line, call)
		}
	}
}

func TestParseWget(t *testing.T) {
	t.Parallel()
	got, err := parseWget([]string{"-q", "-O", "/dev/null", "--header=A: b", "--post-data", "state=done", "http://h/p"})
	if err != nil {
		t.Fatal(err)
	}
	want := &httpCall{
		method: "POST", url: "http://h/p", body: "state=done", fail: true, follow: true,
		header: http.Header{"A": {"b"}, "Content-Type": {"application/x-www-form-urlencoded"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(httpCall{})); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
	if _, err := parseWget([]string{"-q"}); err == nil {
		t.Error("wget without a URL was accepted")
	}
}

func TestParseAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parse func([]byte) (*answer, error)
		text  string
		want  answer
	}{
		"kickstart": {
			parseKickstart,
			"#c\r\nnetwork --hostname web\r\nreboot --eject\r\nautopart\n%include /tmp/x\n%pre\na\n%end\n%pre-install --erroronfail\nb\n%end\n" +
				"%post --interpreter=/usr/bin/python3\nimport os\n%end\n%post --nochroot\nc\n%end\n%onerror\nd\n%end\n%packages\n@core\n%end\n",
			answer{
				family: familyRHEL, hostname: "web", directives: []string{"autopart"}, finish: reboots,
				early: []script{{text: "a"}, {text: "b", fatal: true}}, late: []script{{text: "c"}}, onError: []script{{text: "d"}},
			},
		},
		"kickstart that stays": {parseKickstart, "text\n", answer{family: familyRHEL}},
		"kickstart that halts": {parseKickstart, "halt\n", answer{family: familyRHEL, finish: powersOff}},
		"autoinstall": {
			parseAutoinstall,
			"#cloud-config\nautoinstall:\n  version: 1\n  shutdown: poweroff\n  early-commands: a b\n  late-commands: [c, [d, \"e f\"]]\n",
			answer{
				family: familyUbuntu, finish: powersOff,
				early: []script{{text: "a b", fatal: true}}, late: []script{{text: "c", fatal: true}, {text: "'d' 'e f'", fatal: true}},
			},
		},
		"autoinstall without the key": {
			parseAutoinstall, "version: 1\nidentity: {hostname: x}\n",
			answer{family: familyUbuntu, hostname: "x", finish: reboots},
		},
		"preseed": {
			parsePreseed,
			"# c\nd-i netcfg/get_hostname string deb\nd-i preseed/early_command string wget -q \\\n  http://h\nd-i preseed/late_command string in-target a\n" +
				"d-i debian-installer/exit/poweroff boolean true\n",
			answer{
				family: familyDebian, hostname: "deb", finish: powersOff,
				early: []script{{text: "wget -q    http://h"}}, late: []script{{text: "in-target a", fatal: true}},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got, cmp.AllowUnexported(answer{}, script{})); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAnswersRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parse func([]byte) (*answer, error)
		text  string
	}{
		"empty kickstart":     {parseKickstart, ""},
		"open section":        {parseKickstart, "%pre\ncurl\n"},
		"stray end":           {parseKickstart, "%end\n"},
		"no words":            {parseKickstart, ";\n"},
		"empty autoinstall":   {parseAutoinstall, ""},
		"other cloud-config":  {parseAutoinstall, "#cloud-config\nhostname: x\n"},
		"unknown version":     {parseAutoinstall, "version: 2\n"},
		"unknown shutdown":    {parseAutoinstall, "version: 1\nshutdown: sleep\n"},
		"command of number":   {parseAutoinstall, "version: 1\nlate-commands: [1]\n"},
		"commands of numbers": {parseAutoinstall, "version: 1\nlate-commands: 5\n"},
		"empty preseed":       {parsePreseed, "# nothing\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := test.parse([]byte(test.text)); err == nil {
				t.Errorf("gave %+v", got)
			}
		})
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(kickstartFixture))
	f.Add([]byte("%post\ncat <<EOF | curl -d @- \"${URL:-http://h}\"\n$(a `b`)\nEOF\n%end"))
	f.Add([]byte("#cloud-config\nautoinstall: {version: 1, late-commands: [[curl, h], \"wget --post-data=a h\"]}"))
	f.Add([]byte("d-i preseed/late_command string curl -fsS h; \\\n exit 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (*answer, error){parseKickstart, parseAutoinstall, parsePreseed} {
			parsed, err := parse(data)
			if err != nil {
				continue
			}
			for _, part := range parsed.late {
				for _, c := range splitShell(part.text) {
					checkCall(t, c)
				}
			}
		}
		for _, c := range splitShell(string(data)) {
			checkCall(t, c)
		}
	})
}

// checkCall parses a command as both tools; what they accept must be a usable request.
func checkCall(t *testing.T, c command) {
	t.Helper()
	if len(c.args) == 0 {
		t.Fatal("command without words")
	}
	if diff := cmp.Diff(c.args, splitShell(quoteShell(c.args) + "\n")[0].args); diff != "" && c.args[0] != "" && !skipsWord(c.args[0]) {
		t.Errorf("quoting and splitting (-words +again):\n%s", diff)
	}
	if call, err := parseCurl(c.args[1:], c.stdin); err == nil && (call.url == "" || call.method == "" && call.body != "") {
		t.Errorf("curl %q gave %+v", c.args, call)
	}
	if call, err := parseWget(c.args[1:]); err == nil && call.url == "" {
		t.Errorf("wget %q gave %+v", c.args, call)
	}
}

// skipsWord reports words that are not kept at the head of a command.
func skipsWord(word string) bool {
	parsed := splitShell(quoteShell([]string{word, "x"}))
	return len(parsed) == 0 || parsed[0].args[0] != word
}

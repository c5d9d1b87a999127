package boot

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// needsInstaller skips the test if the archive lacks packages that the installer of
// a release is made of: on some networks a partial mirror, or none, is in its place.
func needsInstaller(t *testing.T, release string) {
	t.Helper()
	index := *archive + "/debian/dists/" + release + "/main/debian-installer/binary-amd64/Packages.gz"
	var paths []string
	ask(t, http.MethodGet, index, func(answer *http.Response) {
		packed, err := gzip.NewReader(answer.Body)
		must(t, err)
		paths = pathsOf(t, packed, "e2fsprogs-udeb", "finish-install", "partman-base")
	})
	for _, path := range paths {
		ask(t, http.MethodHead, *archive+"/debian/"+path, func(*http.Response) {})
	}
}

// ask passes an answer on, or skips the test.
func ask(t *testing.T, method, address string, use func(*http.Response)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	must(t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Skipf("no installer without a mirror: %v", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Skipf("the mirror that is reachable here cannot install this release: %s is %s", address, answer.Status)
	}
	use(answer)
}

// pathsOf are the files that an index of packages has for these.
func pathsOf(t *testing.T, index io.Reader, packages ...string) []string {
	t.Helper()
	var paths []string
	wanted := false
	lines := bufio.NewScanner(index)
	for lines.Scan() {
		switch key, value, _ := strings.Cut(lines.Text(), ": "); {
		case key == "Package":
			wanted = slices.Contains(packages, value)
		case key == "Filename" && wanted:
			paths = append(paths, value)
		}
	}
	must(t, lines.Err())
	if len(paths) < len(packages) {
		t.Fatalf("the index of the installer's packages has but %v of %v", paths, packages)
	}
	return paths
}

// relay passes a machine's requests on to the archive, which the machine has no
// other way to.
type relay struct {
	proxy    httputil.ReverseProxy
	requests atomic.Int64
	bytes    atomic.Int64
}

func newRelay(tb testing.TB) *relay {
	tb.Helper()
	target, err := url.Parse(*archive)
	must(tb, err)
	return &relay{proxy: httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}}
}

func (r *relay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.requests.Add(1)
	r.proxy.ServeHTTP(&counted{w, &r.bytes}, request)
}

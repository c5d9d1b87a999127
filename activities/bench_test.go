package activities_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/sim"
	"github.com/rackflow/rackflow/store"
)

// TestMain runs more tests side by side than there are processors: most of their
// time they wait between two looks at a BMC.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	m.Run()
}

const password = "calvin"

// pace is how quickly simulated servers change, compared with real ones.
const pace = 0.02

// bench is what jobs work with: everything real but Temporal's server and the BMCs.
type bench struct {
	cfg    activities.Config
	db     *store.SQLite
	blobs  *store.Blobs
	keeper *seal.Keeper
	images string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(dir, "rackflow.db"))
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	blobs, err := store.OpenBlobs(filepath.Join(dir, "blobs"))
	check(t, err)
	t.Cleanup(func() { check(t, blobs.Close()) })
	b := &bench{db: db, blobs: blobs, keeper: seal.NewLocal([seal.KeySize]byte{7}), images: filepath.Join(dir, "images")}
	check(t, os.Mkdir(b.images, 0o700))
	images, err := store.OpenImages(b.images)
	check(t, err)
	t.Cleanup(func() { check(t, images.Close()) })
	library := media.New(media.Config{Images: images, Blobs: blobs, Links: db, Keeper: b.keeper})
	t.Cleanup(library.Close)
	b.cfg = activities.Config{
		Store: db, Blobs: blobs, Images: images, Media: library, Keeper: b.keeper, BMCs: &bmc.Pool{Pace: pace}, MediaURL: mediaServer(t),
	}
	b.cfg.Connect, err = activities.ParseConnectPolicy([]string{"127.0.0.0/8", "::1"})
	check(t, err)
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mediaServer has something at every URL, as rackflow's media listener has at those it gave out.
func mediaServer(t *testing.T) func(context.Context, string) (string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "disc.iso", time.Time{}, strings.NewReader("an image"))
	}))
	t.Cleanup(server.Close)
	return func(context.Context, string) (string, error) { return server.URL, nil }
}

func (b *bench) seal(t *testing.T, plain string) string {
	t.Helper()
	sealed, err := b.keeper.Seal(t.Context(), plain)
	check(t, err)
	return sealed
}

// addServer stores a server with BMC settings; nil settings are none.
func (b *bench) addServer(t *testing.T, name string, settings map[string]any) store.Server {
	t.Helper()
	server, err := b.db.CreateServer(t.Context(), store.Server{Name: name, Type: "compute"})
	check(t, err)
	if settings != nil {
		_, err = b.db.PutOBM(t.Context(), store.OBM{ServerID: server.ID, Service: activities.RedfishService, Config: settings})
		check(t, err)
	}
	return server
}

// simulate starts a simulated server and stores its settings.
func (b *bench) simulate(t *testing.T) (*sim.Server, store.Server) {
	t.Helper()
	const step = 20 * time.Millisecond
	fleet, err := sim.Start(sim.Config{Username: "root", Password: password, Timing: sim.Timing{
		PowerOn: step, PowerOff: step, POST: step, InstallStep: step, MediaSettle: step,
	}})
	check(t, err)
	b.closeAfter(t, fleet)
	device := fleet.Servers()[0]
	return device, b.addServer(t, device.Tag(), b.settings(t, device))
}

// closeAfter logs the sessions out before the fleet goes away.
func (b *bench) closeAfter(t *testing.T, fleet *sim.Fleet) {
	t.Helper()
	t.Cleanup(func() {
		b.logOut(t)
		check(t, fleet.Close())
	})
}

func (b *bench) logOut(t *testing.T) {
	t.Helper()
	check(t, b.cfg.BMCs.Close(context.WithoutCancel(t.Context())))
}

func (b *bench) settings(t *testing.T, device *sim.Server) map[string]any {
	t.Helper()
	u, err := url.Parse(device.URL())
	check(t, err)
	port, err := strconv.ParseFloat(u.Port(), 64)
	check(t, err)
	return map[string]any{
		"host": u.Hostname(), "port": port, "user": "root", "password": b.seal(t, password), "fingerprint": device.Fingerprint(),
	}
}

// attempt is one call of a job.
type attempt struct {
	job     string
	label   string // "step" when empty
	server  string
	options map[string]any
	// number counts from 1, which 0 means too.
	number int32
	// recorded is what an earlier attempt left in its heartbeat.
	recorded any
	// refuse is how Temporal's server answers a record.
	refuse error
	// ctx, where given, is the worker's.
	ctx context.Context //nolint:containedctx // a test's argument
}

var run = workflow.Execution{ID: "server-5a", RunID: "0193-run"}

// do runs one attempt and returns what it recorded, too.
func (b *bench) do(t *testing.T, a attempt) (graph.JobOutput, *temporalSide, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	side := &temporalSide{attempt: max(a.number, 1), refuse: a.refuse}
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{side}, BackgroundActivityContext: a.ctx})
	env.SetTestTimeout(time.Minute)
	if a.recorded != nil {
		env.SetHeartbeatDetails(a.recorded)
	}
	cfg := b.cfg
	cfg.Heartbeats = side
	activities.Register(env, cfg)
	return execute(env, side, a)
}

func execute(env *testsuite.TestActivityEnvironment, side *temporalSide, a attempt) (graph.JobOutput, *temporalSide, error) {
	in := graph.JobInput{Label: a.label, Server: a.server, Options: a.options}
	if in.Label == "" {
		in.Label = "step"
	}
	var out graph.JobOutput
	value, err := env.ExecuteActivity(a.job, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, side, err
}

// want fails the test unless err is a failure of that type.
func wantFailure(t *testing.T, err error, kind string, retryable bool, words ...string) *temporal.ApplicationError {
	t.Helper()
	var failure *temporal.ApplicationError
	if !errors.As(err, &failure) {
		t.Fatalf("error %v, want %s", err, kind)
	}
	if failure.Type() != kind || failure.NonRetryable() == retryable {
		t.Errorf("%s, retryable %v: %v; want %s, %v", failure.Type(), !failure.NonRetryable(), failure, kind, retryable)
	}
	for _, word := range words {
		if !strings.Contains(failure.Message(), word) {
			t.Errorf("message %q does not hold %q", failure.Message(), word)
		}
	}
	if strings.Contains(failure.Message(), password) {
		t.Errorf("message %q holds the password", failure.Message())
	}
	return failure
}

// temporalSide stands for the server: it says which attempt it is and takes what is recorded.
type temporalSide struct {
	interceptor.WorkerInterceptorBase

	attempt int32
	refuse  error

	mu       sync.Mutex
	recorded []any
}

// RecordActivityHeartbeat implements activities.Heartbeats.
func (s *temporalSide) RecordActivityHeartbeat(_ context.Context, _ []byte, details ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recorded = append(s.recorded, details...)
	return s.refuse
}

func (s *temporalSide) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &inbound{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, side: s}
}

func (s *temporalSide) intents() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recorded
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase

	side *temporalSide
}

func (i *inbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&outbound{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: next}, side: i.side})
}

type outbound struct {
	interceptor.ActivityOutboundInterceptorBase

	side *temporalSide
}

func (o *outbound) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	info.Attempt, info.WorkflowExecution = o.side.attempt, run
	return info
}

// quiet keeps the SDK's log of failed activities out of a test's output.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

package activities

import (
	"context"
	"fmt"

	"github.com/rackflow/rackflow/graph"
)

// Errors of the outcomes that a job may declare by itself.
var (
	Permanent = permanent
	Transient = transient
	Uncertain = uncertain
)

// Perform wraps a job of a test's own as the jobs of the package are.
func Perform(cfg Config, do func(context.Context) (graph.JobOutput, error)) func(context.Context, graph.JobInput) (graph.JobOutput, error) {
	return perform(&cfg, "Job.Test", func(ctx context.Context, _ *call) (graph.JobOutput, error) { return do(ctx) })
}

// OpensHost reports whether a name may stand for any address.
func (p ConnectPolicy) OpensHost(host string) bool { return p.opensHost(host) }

// ScanHosts lists the hosts of a range as a scan takes it.
func ScanHosts(text string) ([]string, error) {
	r, err := parseScanRange(text)
	if err != nil {
		return nil, err
	}
	targets, err := scanTargets([]scanRange{r}, nil, bmcCredentials{})
	hosts := make([]string, 0, len(targets))
	for _, target := range targets {
		hosts = append(hosts, target.host)
	}
	return hosts, err
}

// ScanResult is the result of a scan that has found a BMC at each of n addresses, every
// other one refused.
func ScanResult(n int) (any, error) {
	rows := make([]scanRow, n)
	for i := range rows {
		id := fmt.Sprintf("%024d", i)
		rows[i] = scanRow{Address: id, Outcome: scanCreated, Server: id, Fingerprint: id + id}
		if i%2 == 1 {
			rows[i] = scanRow{Address: id, Outcome: scanRefused, Reason: id}
		}
	}
	out, err := scanOutput(rows)
	return out.Result, err
}

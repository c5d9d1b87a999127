package standalone

import (
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// loopback is where the services that are not for clients listen.
const loopback = "127.0.0.1"

// clusterName is written into every namespace; changing it orphans them.
const clusterName = "active"

const (
	temporalFile   = "temporal.db"
	visibilityFile = "temporal_visibility.db"
)

func serverOptions(cfg Config, ports servicePorts, logger serverLogger) []temporal.ServerOption {
	noClaims := func(*config.Config) authorization.ClaimMapper {
		return authorization.NewNoopClaimMapper()
	}
	return []temporal.ServerOption{
		temporal.WithConfig(serverConfig(cfg, ports)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(cfg, ports)),
		temporal.WithDynamicConfigClient(dynamicSettings(cfg.Settings)),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(noClaims),
	}
}

func serverConfig(cfg Config, ports servicePorts) *config.Config {
	host, _, _ := net.SplitHostPort(cfg.FrontendAddr)
	const disabled = "disabled"
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{
				MaxJoinDuration:  30 * time.Second,
				BroadcastAddress: loopback,
			},
		},
		Persistence: config.Persistence{
			DefaultStore:     "default",
			VisibilityStore:  "visibility",
			NumHistoryShards: 1,
			DataStores: map[string]config.DataStore{
				"default":    {SQL: sqliteConfig(filepath.Join(cfg.Dir, temporalFile))},
				"visibility": {SQL: sqliteConfig(filepath.Join(cfg.Dir, visibilityFile))},
			},
		},
		ClusterMetadata:     clusterMetadata(cfg.FrontendAddr),
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: cfg.FrontendAddr},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(host, ports.frontend),
			string(primitives.HistoryService):  service(loopback, ports.history),
			string(primitives.MatchingService): service(loopback, ports.matching),
			string(primitives.WorkerService):   service(loopback, ports.worker),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{
			Archival: config.ArchivalNamespaceDefaults{
				History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
				Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
			},
		},
	}
}

func clusterMetadata(frontendAddr string) *cluster.Config {
	return &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontendAddr},
		},
	}
}

func service(ip string, port int) config.Service {
	return config.Service{RPC: config.RPC{BindOnIP: ip, GRPCPort: port}}
}

// staticHosts replaces the gossip by which the services of a cluster find each
// other, and the ports it would need.
func staticHosts(cfg Config, ports servicePorts) map[primitives.ServiceName]static.Hosts {
	local := func(port int) static.Hosts {
		return static.SingleLocalHost(net.JoinHostPort(loopback, strconv.Itoa(port)))
	}
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(cfg.FrontendAddr),
		primitives.HistoryService:  local(ports.history),
		primitives.MatchingService: local(ports.matching),
		primitives.WorkerService:   local(ports.worker),
	}
}

// sqliteConfig holds the settings of the server's own configuration template
// for SQLite. More than one connection is slower and makes transactions fail
// with "database is locked"; synchronous=2 syncs every commit to disk.
func sqliteConfig(path string) *config.SQL {
	return &config.SQL{
		PluginName:      sqlite.PluginName,
		DatabaseName:    sqliteName(path),
		ConnectProtocol: "tcp",
		ConnectAddr:     "localhost",
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"cache":        "private",
			"journal_mode": "wal",
			"synchronous":  "2",
			"busy_timeout": "10000",
		},
		MaxConns:     1,
		MaxIdleConns: 1,
	}
}

// sqliteName escapes a path for SQLite, which is handed it inside a file: URI.
func sqliteName(path string) string {
	return (&url.URL{Path: path}).EscapedPath()
}

// dynamicSettings are the settings whose defaults, made for clusters, are wrong
// for one machine with one shard, and those laid over them.
func dynamicSettings(over map[string]any) dynamicconfig.StaticClient {
	settings := dynamicconfig.StaticClient{
		// With one shard the default of 20 reads a second adds 40 ms to every step.
		dynamicconfig.TransferProcessorMaxPollRPS.Key(): 100,
		// Partitions spread a queue over hosts; here they only keep a task from its poller.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// One connection queues all writes: a slow disk must not cost the shard.
		dynamicconfig.ShardIOTimeout.Key(): 30 * time.Second,
		// The default of 10 a second is less than a page that lists runs needs.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 500,
		// Rate limits by fairness key keep one busy BMC from delaying the others.
		// It decides where tasks are stored, so it is on from the first day.
		dynamicconfig.MatchingEnableFairness.Key(): true,
		// The server would call out to temporal.io.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
		// The server's own workers do a few jobs a day: fewer long polls, less idle work.
		dynamicconfig.WorkerScannerMaxConcurrentActivityTaskPollers.Key():     1,
		dynamicconfig.WorkerScannerMaxConcurrentWorkflowTaskPollers.Key():     2,
		dynamicconfig.WorkerParentCloseMaxConcurrentActivityTaskPollers.Key(): 1,
		dynamicconfig.WorkerParentCloseMaxConcurrentWorkflowTaskPollers.Key(): 2,
	}
	for name, value := range over {
		settings[dynamicconfig.MakeKey(name)] = value
	}
	return settings
}

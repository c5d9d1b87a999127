package activities

import (
	"context"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
)

// Config is what the jobs work with.
type Config struct {
	Store  Store
	Blobs  Blobs
	Images Images
	Media  Media
	Keeper *seal.Keeper
	BMCs   *bmc.Pool
	// MediaURL returns the base URL of the media listener as a BMC at that endpoint reaches it.
	MediaURL func(ctx context.Context, bmcEndpoint string) (string, error)
	// Progress tells how far BMCs have read the images of a run; nil where nobody knows.
	Progress Progress
	// Heartbeats takes what a job records before it acts; nil is the activity's own client.
	Heartbeats Heartbeats
	// Connect says where the calls of Job.Rest may go.
	Connect ConnectPolicy
	// Resolve makes the plan of a sub-graph.
	Resolve func(ctx context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error)
	Log     *slog.Logger
}

// Store is what the jobs need of the inventory.
type Store interface {
	Server(ctx context.Context, ref string) (store.Server, error)
	OBMs(ctx context.Context, serverID string) ([]store.OBM, error)
	PutLink(ctx context.Context, l store.Link) error
	DeleteLinks(ctx context.Context, workflowID, runID string) error
	CreateServer(ctx context.Context, s store.Server) (store.Server, error)
	UpdateServer(ctx context.Context, s store.Server) (store.Server, error)
	PutOBM(ctx context.Context, o store.OBM) (store.OBM, error)
	Servers(ctx context.Context) ([]store.Server, error)
	Catalogs
}

// Catalogs is what is known of servers, and the rules that tell by it what they are.
type Catalogs interface {
	PutCatalog(ctx context.Context, c store.Catalog) (store.Catalog, error)
	Catalog(ctx context.Context, serverID, source string) (store.Catalog, error)
	CatalogByID(ctx context.Context, id string) (store.Catalog, error)
	SKUs(ctx context.Context) ([]store.SKU, error)
	Tags(ctx context.Context) ([]store.Tag, error)
}

// Blobs keeps the images that jobs build.
type Blobs interface {
	Open(key string) (*os.File, int64, error)
	Put(ctx context.Context, key string, data []byte) error
	DeleteAll(folder string) error
}

// Images opens vendor images by name.
type Images interface {
	OpenImage(name string) (f *os.File, size int64, modified time.Time, err error)
}

// Media opens the sources of virtual media, and keeps overlays, as [media.Library] does.
type Media interface {
	Check(ctx context.Context, source string) error
	Open(ctx context.Context, source string) (*media.File, error)
	PutOverlay(ctx context.Context, key, image string, c iso.Customization) (media.Overlay, error)
	Describe(image string) (media.Description, error)
}

// Progress tells what has been read of the images of the run of that instance id, as
// [media.Progress] does.
type Progress interface {
	Run(instanceID string) []media.Fetch
}

// Heartbeats sends an activity's details to Temporal's server, and returns when the
// server has them. Every client.Client does.
type Heartbeats interface {
	RecordActivityHeartbeat(ctx context.Context, taskToken []byte, details ...any) error
}

// Registry takes activities: a Temporal worker, or a test environment.
type Registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// job does the work of one call.
type job func(ctx context.Context, c *call) (graph.JobOutput, error)

// Names lists the jobs, for what a build can run.
func Names() []string {
	names := make([]string, 0, len(jobs))
	for name := range jobs {
		names = append(names, name)
	}
	return names
}

var jobs = map[string]job{
	"Job.Obm.Node":      obmNode,
	"Job.Boot.Device":   bootDevice,
	"Job.Media.Insert":  mediaInsert,
	"Job.Media.Eject":   mediaEject,
	"Job.Media.Release": mediaRelease,
	"Job.Iso.Inspect":   isoInspect,
	"Job.Iso.Seed":      isoSeed,
	"Job.Iso.Overlay":   isoOverlay,
	"Job.Rest":          rest,
	"Job.Deploy.Check":  deployCheck,
	"Job.Deploy.RackHD": deployRackHD,
	"Job.Port.Wait":     portWait,
	"Job.Power.Wait":    onBMC(powerWait),

	"Job.Server.Scan":         serverScan,
	"Job.Bmc.Pin":             bmcPin,
	"Job.Catalog.GenerateSku": generateSKU,
	"Job.Catalog.GenerateTag": generateTag,

	"Job.Server.Discover":  onBMC(serverDiscover),
	"Job.Server.Catalog":   onBMC(serverCatalog),
	"Job.Server.Health":    onBMC(serverHealth),
	"Job.Firmware.Catalog": onBMC(firmwareCatalog),
	"Job.Firmware.Update":  onBMC(firmwareUpdate),
	"Job.Bios.Catalog":     onBMC(biosCatalog),
	"Job.Bios.Configure":   onBMC(biosConfigure),
	"Job.Bios.Reset":       onBMC(biosReset),
	"Job.Log.Read":         onBMC(logRead),
	"Job.Log.Clear":        onBMC(logClear),
	"Job.Power.Read":       onBMC(powerRead),
	"Job.Power.Cap":        onBMC(powerCap),
	"Job.Profile.Export":   onBMC(profileExport),
	"Job.Profile.Preview":  onBMC(profilePreview),
	"Job.Profile.Import":   onBMC(profileImport),
	"Job.Profile.Restore":  onBMC(profileRestore),
	"Job.Profile.Wait":     onBMC(profileWait),
	"Job.Volume.Create":    onBMC(volumeCreate),
	"Job.Volume.Delete":    onBMC(volumeDelete),
	"Job.Drive.Erase":      onBMC(driveErase),
	"Job.Bmc.Settings":     onBMC(bmcSettings),
	"Job.Bmc.Network":      onBMC(bmcNetwork),
	"Job.Bmc.Account":      onBMC(bmcAccount),
	"Job.Bmc.Subscribe":    onBMC(bmcSubscribe),
	"Job.Bmc.Reset":        onBMC(bmcReset),
	"Job.Bmc.Job.Wait":     onBMC(bmcJobWait),
	"Job.Bmc.Jobs.Clear":   onBMC(bmcClearJobs),

	"Job.Add.Hotspare":          onBMC(hotspareAdd),
	"Job.Clear.Sel.By.Usage":    onBMC(logClearByUsage),
	"Job.Add.Volume":            onBMC(rackhdAddVolume),
	"Job.Delete.Volume":         onBMC(rackhdDeleteVolume),
	"Job.Dell.PowerThermalTool": onBMC(wsmanPower),
	"Job.Dell.RacadmCatalog":    onBMC(racadmCatalog),
	"Job.Dell.RacadmTool":       onBMC(racadmTool),
	"Job.Redfish.Alert.Enable":  onBMC(redfishAlert),
	"Job.Rest.Catalog":          restCatalog,

	"Job.General.Redfish.Catalog":    onServers(rackhdCatalog),
	"Job.Redfish.Discovery":          rackhdDiscover,
	"Job.Redfish.Discovery.List":     rackhdList,
	"Job.Redfish.Ip.Range.Discovery": rackhdRange,
	"Job.Redfish.Update.Lookups":     onServers(rackhdLookups),
	"Job.Wsman.Update.Lookups":       onServers(rackhdLookups),
	"Job.Dell.Wsman.Discovery":       rackhdRange,
	"Job.Dell.Wsman.PostDiscovery":   rackhdPostDiscovery,

	"Job.Dell.Wsman.Add.Hotspare.UpdateXml":               onBMC(hotspareAdd),
	"Job.Dell.Wsman.Add.Volume.UpdateXml":                 onBMC(rackhdAddVolume),
	"Job.Dell.Wsman.Bios":                                 onBMC(biosCatalog),
	"Job.Dell.Wsman.Configure.Idrac":                      onBMC(wsmanAddress),
	"Job.Dell.Wsman.Configure.Redfish.Alert":              onBMC(wsmanAlert),
	"Job.Dell.Wsman.ConfigureBios":                        onBMC(wsmanSetBIOS),
	"Job.Dell.Wsman.Delete.Volume.UpdateXml":              onBMC(rackhdDeleteVolume),
	"Job.Dell.Wsman.Export.SCP":                           onBMC(wsmanExport),
	"Job.Dell.Wsman.Get.SystemConfigurationComponents":    onBMC(wsmanComponents),
	"Job.Dell.Wsman.GetTrapConfig":                        onBMC(wsmanTraps),
	"Job.Dell.Wsman.GetXml":                               onBMC(rackhdStorage),
	"Job.Dell.Wsman.Import.SCP":                           onBMC(wsmanImport),
	"Job.Dell.Wsman.Inventory":                            onBMC(serverCatalog),
	"Job.Dell.Wsman.RAID":                                 onBMC(rackhdStorage),
	"Job.Dell.Wsman.Reset.Components":                     onBMC(wsmanReset),
	"Job.Dell.Wsman.Simple.Update.Firmware":               onBMC(wsmanSimpleUpdate),
	"Job.Dell.Wsman.Update.SystemConfigurationComponents": onBMC(wsmanUpdateComponents),
}

// Register adds every job to a worker.
func Register(r Registry, cfg Config) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	for name, do := range jobs {
		r.RegisterActivityWithOptions(perform(&cfg, name, do), activity.RegisterOptions{Name: name})
	}
	r.RegisterActivityWithOptions(resolve(&cfg), activity.RegisterOptions{Name: graph.ResolveJob})
}

// resolve gives the plan of a sub-graph; what is wrong with its definition stays wrong.
func resolve(cfg *Config) func(context.Context, graph.SubgraphRequest) (*graph.Subgraph, error) {
	return func(ctx context.Context, req graph.SubgraphRequest) (*graph.Subgraph, error) {
		sub, err := cfg.Resolve(ctx, req)
		if err != nil && ctx.Err() == nil {
			return nil, temporal.NewNonRetryableApplicationError(err.Error(), TypePermanent, nil)
		}
		return sub, err
	}
}

package bmc

import (
	"context"
	"fmt"
	"time"
)

// The capabilities, each by itself, for code that needs one of them and for tests that
// stand in for it. [BMC] has all of them, and its methods say what each does.
type (
	// PowerController turns the server on and off.
	PowerController interface {
		fmt.Stringer
		PowerState(ctx context.Context) (PowerState, error)
		PowerOn(ctx context.Context) error
		PowerOff(ctx context.Context, graceful bool) error
		Restart(ctx context.Context, graceful bool) error
		Reset(ctx context.Context, kind ResetType) error
		LastResetTime(ctx context.Context) (time.Time, bool, error)
	}

	// BootSetter decides what the server boots next.
	BootSetter interface {
		Boot(ctx context.Context) (BootOverride, error)
		BootOnce(ctx context.Context, device BootDevice) error
		BootAlways(ctx context.Context, device BootDevice) error
		BootMediaOnce(ctx context.Context) error
		ClearBootOverride(ctx context.Context) error
	}

	// MediaMounter puts images into the virtual drives.
	MediaMounter interface {
		fmt.Stringer
		MediaSlots(ctx context.Context) ([]MediaSlot, error)
		InsertMedia(ctx context.Context, slot int, image string) error
		EjectMedia(ctx context.Context, slot int) error
		EjectAll(ctx context.Context) error
	}

	// Identifier tells which server it is, how it is and what can be done with it.
	Identifier interface {
		Identify(ctx context.Context) (Identity, error)
		Capabilities(ctx context.Context) (Capabilities, error)
		Health(ctx context.Context) (Health, error)
	}

	// Cataloguer reads what the server is made of.
	Cataloguer interface {
		Inventory(ctx context.Context) (Inventory, error)
		FirmwareInventory(ctx context.Context) ([]Firmware, error)
		Drives(ctx context.Context) ([]Drive, error)
		Volumes(ctx context.Context, controller string) ([]Volume, error)
	}

	// JobFollower follows what the BMC carries out in the background.
	JobFollower interface {
		fmt.Stringer
		Job(ctx context.Context, id string) (Job, error)
		Jobs(ctx context.Context) ([]Job, error)
		WaitJob(ctx context.Context, id string, seen func(Job)) (Job, error)
		WaitStaged(ctx context.Context, id string) (Job, error)
		ClearJobs(ctx context.Context) error
	}

	// FirmwareUpdater installs firmware.
	FirmwareUpdater interface {
		StartSimpleUpdate(ctx context.Context, update FirmwareUpdate) (jobID string, err error)
		StartMultipartUpdate(ctx context.Context, file FirmwareFile, targets []string, apply ApplyTime) (jobID string, err error)
		CheckStaged(ctx context.Context, jobID string) error
		AwaitFirmware(ctx context.Context, componentID, version string) error
	}

	// ProfileManager exports and imports server configuration profiles.
	ProfileManager interface {
		ExportProfile(ctx context.Context, export ProfileExport) ([]byte, error)
		StartPreviewProfile(ctx context.Context, preview ProfileImport) (jobID string, err error)
		StartImportProfile(ctx context.Context, profile ProfileImport) (jobID string, err error)
		WaitProfile(ctx context.Context, jobID string) (ProfileResult, error)
	}

	// BIOSConfigurer changes BIOS settings.
	BIOSConfigurer interface {
		BIOS(ctx context.Context) (BIOS, error)
		StartSetBIOS(ctx context.Context, want map[string]any) (BIOSChange, error)
		ClearPendingBIOS(ctx context.Context) error
		ResetBIOS(ctx context.Context) error
	}

	// StorageConfigurer makes and deletes volumes.
	StorageConfigurer interface {
		StartCreateVolume(ctx context.Context, controller string, spec VolumeSpec) (jobID string, err error)
		StartDeleteVolume(ctx context.Context, controller, volume string) (jobID string, err error)
		StartAssignSpare(ctx context.Context, drive, volume string) (jobID string, err error)
	}

	// Eraser destroys data.
	Eraser interface {
		EraseTargets(ctx context.Context, serials []string) ([]Drive, error)
		StartSecureErase(ctx context.Context, drive Drive) (jobID string, err error)
		StartSystemErase(ctx context.Context, serviceTag string, components []string) (jobID string, err error)
	}

	// LogKeeper reads and clears the BMC's logs.
	LogKeeper interface {
		LogEntries(ctx context.Context, log Log, after Cursor) ([]LogEntry, Cursor, error)
		LogUsage(ctx context.Context, log Log) (used, limit int, err error)
		ClearLog(ctx context.Context, log Log) error
	}

	// Meter reads power and sensors, and caps power.
	Meter interface {
		PowerReading(ctx context.Context) (PowerReading, error)
		Sensors(ctx context.Context) ([]Sensor, error)
		PowerCap(ctx context.Context) (PowerCap, error)
		SetPowerCap(ctx context.Context, watts int) (previous PowerCap, err error)
	}

	// Administrator sets the BMC itself up.
	Administrator interface {
		Interfaces(ctx context.Context) ([]Interface, error)
		SetNetwork(ctx context.Context, change NetworkChange) error
		Accounts(ctx context.Context) ([]Account, error)
		EnsureAccount(ctx context.Context, spec AccountSpec) error
		DeleteAccount(ctx context.Context, userName string) error
		Subscriptions(ctx context.Context) ([]Subscription, error)
		EnsureSubscription(ctx context.Context, destination, eventContext string) error
		DeleteSubscriptions(ctx context.Context, eventContext string) error
	}

	// Restarter restarts the BMC, and waits until it takes work.
	Restarter interface {
		LastBMCReset(ctx context.Context) (time.Time, bool, error)
		ResetBMC(ctx context.Context) error
		Readiness(ctx context.Context) (Readiness, error)
		WaitReady(ctx context.Context) error
	}
)

var (
	_ PowerController   = (*BMC)(nil)
	_ BootSetter        = (*BMC)(nil)
	_ MediaMounter      = (*BMC)(nil)
	_ Identifier        = (*BMC)(nil)
	_ Cataloguer        = (*BMC)(nil)
	_ JobFollower       = (*BMC)(nil)
	_ FirmwareUpdater   = (*BMC)(nil)
	_ ProfileManager    = (*BMC)(nil)
	_ BIOSConfigurer    = (*BMC)(nil)
	_ StorageConfigurer = (*BMC)(nil)
	_ Eraser            = (*BMC)(nil)
	_ LogKeeper         = (*BMC)(nil)
	_ Meter             = (*BMC)(nil)
	_ Administrator     = (*BMC)(nil)
	_ Restarter         = (*BMC)(nil)
)

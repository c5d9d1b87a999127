package bmc

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
)

const (
	opUpdate = "update firmware"
	opStaged = "check staged update"
)

// ApplyTime is when a change takes effect, in Redfish's words.
type ApplyTime string

// The apply times that iDRACs take. Immediate restarts the server where the component
// needs that; OnReset leaves the update staged until someone restarts it.
const (
	ApplyImmediate ApplyTime = "Immediate"
	ApplyOnReset   ApplyTime = "OnReset"
)

// FirmwareUpdate is an update that the BMC fetches itself.
type FirmwareUpdate struct {
	// Image is the URL of an update package, by HTTP, HTTPS, NFS or CIFS.
	Image string
	// Targets are the URIs of [Firmware] to update. Empty leaves it to the package.
	Targets []string
	// Apply is ApplyImmediate when empty.
	Apply ApplyTime
}

// FirmwareFile is an update package to send to the BMC.
type FirmwareFile struct {
	// Name is its file name, whose extension tells the BMC what it is.
	Name string
	// Size is its length in bytes.
	Size int64
	// Open returns its content from the start. It is called again when the upload has to be
	// repeated because the session had ended.
	Open func() (io.ReadCloser, error)
}

// StartSimpleUpdate makes the BMC fetch and install an update package, and returns the id
// of the job that does it. Compare versions with [UpToDate] before: installing the same
// again restarts the server for nothing.
//
// It is not idempotent. After an Unknown outcome look for the job; [NewJob] tells it.
func (b *BMC) StartSimpleUpdate(ctx context.Context, update FirmwareUpdate) (jobID string, err error) {
	protocol, err := imageProtocol(update.Image)
	if err != nil {
		return "", b.refuse(opUpdate, err.Error(), "serve the update package at a plain URL")
	}
	service, err := b.updateService(ctx, opUpdate)
	if err != nil {
		return "", err
	}
	action := service.Actions.SimpleUpdate
	if len(action.Protocols) > 0 && !slices.Contains(action.Protocols, protocol) {
		return "", b.refuse(opUpdate, "the BMC does not fetch updates over "+protocol, fmt.Sprintf("it offers %v", action.Protocols))
	}
	body := updateParameters(update.Targets, update.Apply)
	body["ImageURI"], body["TransferProtocol"] = update.Image, protocol
	jobID, err = b.start(ctx, opUpdate, http.MethodPost, action.Target, body)
	return jobID, hideImage(err, update.Image)
}

// StartMultipartUpdate sends an update package to the BMC and returns the id of the job
// that installs it. The package is streamed, whatever its size. Targets and apply are as
// in [FirmwareUpdate].
//
// It is not idempotent. After an Unknown outcome look for the job; [NewJob] tells it.
func (b *BMC) StartMultipartUpdate(ctx context.Context, file FirmwareFile, targets []string, apply ApplyTime) (jobID string, err error) {
	if !safeFileName(file.Name) || file.Size <= 0 || file.Open == nil {
		return "", b.refuse(opUpdate, fmt.Sprintf("%q with %d bytes is no file to send", file.Name, file.Size), "give a plain file name and the file's size")
	}
	service, err := b.updateService(ctx, opUpdate)
	if err != nil {
		return "", err
	}
	if service.MultipartPushURI == "" {
		return "", b.refuse(opUpdate, "the BMC takes no uploads", "serve the package at a URL and let the BMC fetch it")
	}
	parameters := updateParameters(targets, apply)
	return b.startUpload(ctx, opUpdate, upload{uri: service.MultipartPushURI, parameters: parameters, file: file})
}

func updateParameters(targets []string, apply ApplyTime) map[string]any {
	if apply == "" {
		apply = ApplyImmediate
	}
	body := map[string]any{"@Redfish.OperationApplyTime": apply}
	if len(targets) > 0 {
		body["Targets"] = targets
	}
	return body
}

// CheckStaged confirms that an update waits for the server's next restart. A BMC can lose a
// package while it fetches it and then forget the job, after which a restart would change
// nothing. It is Busy while the BMC is still fetching.
func (b *BMC) CheckStaged(ctx context.Context, jobID string) error {
	jobs, err := b.Jobs(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(jobs, func(job Job) bool { return job.ID == jobID })
	if i < 0 {
		return b.refuse(opStaged, "job "+jobID+" is gone before it was carried out", "start the update again; the BMC's Lifecycle log may say what was wrong with the package")
	}
	switch jobs[i].State {
	case JobFailed:
		return b.jobResult(jobs[i])
	case JobRunning:
		return &Error{Outcome: Busy, Op: opStaged, Server: b.cfg.Server, Message: "job " + jobID + " is still under way", Hint: "wait for it before the restart"}
	default:
		return nil
	}
}

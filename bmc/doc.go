// Package bmc drives one server's management controller over Redfish: identity,
// power, boot override, virtual media, inventory, firmware, configuration profiles,
// BIOS, storage, logs, metering, and the controller itself. It owns every quirk of
// Dell's iDRAC that these touch, so that its callers see plain operations.
//
// Operations read first, act only when needed, and confirm by reading back. They
// may therefore be repeated safely, except [BMC.Reset], [BMC.Restart] and
// [BMC.ResetBMC]. What the BMC does in the background is started by an operation whose
// name begins with Start and followed by [BMC.WaitJob]; one that was started and not
// recorded is found by [NewJob]. Each
// failure is an [Error] whose [Outcome] says what a caller may do about it; the
// end of a caller's context is returned as such and is no outcome of the BMC.
// Operations that wait for a state end with their context: give it a deadline.
//
// The package must not import any other package of this module, and reads no
// environment, flag or file.
package bmc

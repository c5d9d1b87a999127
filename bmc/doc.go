// Package bmc drives one server's management controller over Redfish: identity,
// power, boot override and virtual media. It owns every quirk of Dell's iDRAC
// that these touch, so that its callers see plain operations.
//
// Operations read first, act only when needed, and confirm by reading back. They
// may therefore be repeated safely, except [BMC.Reset] and [BMC.Restart]. Each
// failure is an [Error] whose [Outcome] says what a caller may do about it; the
// end of a caller's context is returned as such and is no outcome of the BMC.
// Operations that wait for a state end with their context: give it a deadline.
//
// The package must not import any other package of this module, and reads no
// environment, flag or file.
package bmc

// Package sim is a simulated fleet of Dell iDRAC9 servers: the other side of the
// Redfish connection. Each server has its own TLS listener and Redfish service, a
// power state that takes time to change, two virtual media slots, and a boot that
// reads the inserted image over HTTP ranges as the real device does. What the image
// and the answer file beside it say is carried out by a simulated installer, whose
// curl calls are real.
//
// It exists to test a client against an implementation that shares no code with it,
// so it must not import any other package of this module.
package sim

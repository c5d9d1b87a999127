// Package sim is a simulated fleet of Dell servers with iDRACs: the other side of the
// Redfish connection. Each server has its own TLS listener and Redfish service, a
// power state that takes time to change, two virtual media slots, and a boot that
// reads the inserted image over HTTP ranges as the real device does. What the image
// and the answer file beside it say is carried out by a simulated installer, whose
// curl calls are real. Attributes, firmware and volumes change by jobs, some of them
// only when the host boots.
//
// What differs between generations of iDRACs is in one type, generation; the resources
// of each are a table. A document is made when it is asked for, and not kept.
//
// A server misbehaves when it is given faults: see Fault, FaultKinds and Quirks. They
// are put on by Config, by methods, or from outside by the control API.
//
// It exists to test a client against an implementation that shares no code with it,
// so it must not import any other package of this module.
package sim

// Package rackhd judges RackHD's definitions: which graphs run here as they are,
// what the others wait for, and what is wrong with the rest.
//
// It is pure: documents come in as bytes, and what a build can do is handed in. It
// must not import activities, workflows, starter or api.
//
// The way through: an [Input] takes files, [Judge] makes a [Report] of it, and
// [Report.Plan] says what is worth storing.
package rackhd

// Package activities holds the jobs: what a task of a graph really does. Each is
// a Temporal activity whose type is the job's RackHD name, one file a family.
//
// A job reads, acts only if needed, and confirms, so that it can be tried again
// after a crash. What cannot be read back is recorded before it is done, see
// call.checkpoint. Secrets reach a job opened and leave it sealed.
//
// The package must not import workflows, api or starter: they call jobs by name.
package activities

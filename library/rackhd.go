package library

import _ "embed" // for the table

//go:embed rackhd.yaml
var rackhd []byte

// RackHD returns the table of RackHD's base tasks: the job behind each, and what
// stands in the way of those that have none here.
func RackHD() []byte { return rackhd }

// Command rackflow runs bare-metal task graphs as durable workflows.
//
// It owns the command line, and is the only package that reads flags, environment
// and files of its own accord. All of that enters through one process value made
// in main, so that tests run whole command lines in memory; package os is not to
// be used elsewhere. Commands that ask a running rackflow know it by its REST API
// alone.
package main

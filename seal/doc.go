// Package seal owns how secrets travel. They are sealed where they enter
// rackflow, are kept and passed on sealed, and are opened only where they are
// used, so that no event history, store or log ever holds one in clear.
//
// A sealed secret is a token of text that may stand inside a larger string,
// such as "Bearer sealed:v1:…". Templates may therefore put sealed values
// together as they would clear ones, but cannot look inside them.
//
// The package imports nothing else of the project.
package seal

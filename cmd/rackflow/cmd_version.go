package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the linker for a release.
var version string

type buildInfo struct {
	Version   string `json:"version"`
	Commit    string `json:"commit,omitempty"`
	Modified  bool   `json:"modified,omitempty"`
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"`
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of this program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info := readBuildInfo()
			return a.print(info, func(b *strings.Builder) { fmt.Fprintln(b, info) })
		},
	}
}

// readBuildInfo takes the linker's version, or else what the Go tool recorded.
func readBuildInfo() buildInfo {
	info := buildInfo{
		Version: version, GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	build, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range build.Settings {
			switch s.Key {
			case "vcs.revision":
				info.Commit = s.Value
			case "vcs.modified":
				info.Modified = s.Value == "true"
			}
		}
	}
	if info.Version == "" && ok {
		info.Version = build.Main.Version
	}
	if info.Version == "" || info.Version == "(devel)" {
		info.Version = "development"
	}
	return info
}

func (i buildInfo) String() string {
	details := []string{i.GoVersion, i.Platform}
	if i.Commit != "" {
		commit := "commit " + i.Commit
		if i.Modified {
			commit += ", modified"
		}
		details = append([]string{commit}, details...)
	}
	return fmt.Sprintf("rackflow %s (%s)", i.Version, strings.Join(details, ", "))
}

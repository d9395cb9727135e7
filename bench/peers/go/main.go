// Badger, the original in Go, as one more peer: one phase of a workload in a
// process of its own, with the arguments and the output of phase.mjs.
//
//	badger-go <peer> <workload> <phase> <parameters as JSON>
//	badger-go digest <keys>       what keys.mjs and zipfian.mjs must agree with
//	badger-go pipe <parameters>   a store that is written through standard input
//	badger-go version
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// badgerVersion is set by the build.
var badgerVersion = "unknown"

// step is what a phase is told; see rounds.ts.
type step struct {
	Kind       string   `json:"kind"`
	Operation  string   `json:"operation"`
	Idiom      string   `json:"idiom"`
	Directory  string   `json:"directory"`
	Settings   settings `json:"settings"`
	Keys       int      `json:"keys"`
	ValueBytes int      `json:"valueBytes"`
	Count      int      `json:"count"`
	First      int      `json:"first"`
	Seed       uint32   `json:"seed"`
	Group      int      `json:"group"`
	InFlight   int      `json:"inFlight"`
	Generation int      `json:"generation"`
	Passes     int      `json:"passes"`
	Updates    float64  `json:"updates"`
	View       bool     `json:"view"`
	Missing    bool     `json:"missing"`
	Durable    bool     `json:"durable"`
	Close      bool     `json:"close"`
	QuietMs    int      `json:"quietMs"`
	BoundMs    int      `json:"boundMs"`

	// skipCheck leaves the store open: the caller goes on with it.
	skipCheck bool
}

// result is one thing measured, and the line that tells it.
type result struct {
	Version      string   `json:"version"`
	Peer         string   `json:"peer"`
	Workload     string   `json:"workload"`
	Phase        string   `json:"phase"`
	Idiom        string   `json:"idiom,omitempty"`
	Operations   int      `json:"operations"`
	Seconds      float64  `json:"seconds"`
	OpsPerSecond float64  `json:"opsPerSecond"`
	CloseSeconds float64  `json:"closeSeconds,omitempty"`
	BytesOnDisk  int64    `json:"bytesOnDisk"`
	RssBytes     int64    `json:"rssBytes,omitempty"`
	Space        *float64 `json:"space,omitempty"`

	suffix string
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func version() string {
	return badgerVersion + " (" + runtime.Version() + ")"
}

func runPhase(arguments []string) error {
	if len(arguments) != 4 {
		return fmt.Errorf("Cannot run a phase: it takes peer, workload, phase and parameters")
	}
	var told step
	if err := json.Unmarshal([]byte(arguments[3]), &told); err != nil {
		return err
	}
	kinds := map[string]func(step) ([]result, error){
		"compact":     compact,
		"fillForKill": fillForKill,
		"mixed":       mixed,
		"read":        read,
		"reopen":      reopen,
		"space":       space,
		"write":       write,
	}
	kind, isKnown := kinds[told.Kind]
	if !isKnown {
		return fmt.Errorf("Cannot run a phase of the kind %q", told.Kind)
	}
	results, err := kind(told)
	if err != nil {
		return err
	}
	for _, one := range results {
		one.Version = version()
		one.Peer, one.Workload = arguments[0], arguments[1]
		one.Phase = arguments[2] + one.suffix
		one.Idiom = told.Idiom
		one.OpsPerSecond = float64(one.Operations) / one.Seconds
		one.BytesOnDisk = bytesOnDisk(told.Directory)
		line, err := json.Marshal(one)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	return nil
}

func main() {
	arguments := os.Args[1:]
	var err error
	switch {
	case len(arguments) == 1 && arguments[0] == "version":
		fmt.Println(version())
	case len(arguments) == 2 && arguments[0] == "digest":
		var keys int
		if keys, err = strconv.Atoi(arguments[1]); err == nil {
			fmt.Println(digest(keys))
		}
	case len(arguments) == 2 && arguments[0] == "pipe":
		err = pipe(arguments[1])
	default:
		err = runPhase(arguments)
	}
	if err != nil {
		fail(err)
	}
}

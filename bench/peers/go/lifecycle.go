package main

// The phases about a directory as a whole, as lifecycle.mjs has them.

import (
	"fmt"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v2"
)

const (
	pollInterval = 250 * time.Millisecond
	// As low as the ratio that Sett is compacted with.
	compactDiscardRatio = 0.01
)

// reopen opens the directory and gets one value.
func reopen(told step) ([]result, error) {
	key := keysOf(orderOf(told.Keys, 1, told.Seed), false)[0]
	start := time.Now()
	db, err := open(told.Directory, told.Durable, told.Settings)
	if err != nil {
		return nil, err
	}
	value, err := db.get(key)
	seconds := time.Since(start).Seconds()
	if err != nil {
		return nil, err
	}
	if len(value) != told.ValueBytes {
		return nil, fmt.Errorf("Cannot take the result: the first key has no value")
	}
	one := result{Operations: 1, Seconds: seconds, RssBytes: rssBytes()}
	return []result{one}, db.Close()
}

// fillForKill fills the directory and leaves it as a killed process does.
func fillForKill(told step) ([]result, error) {
	told.Close, told.skipCheck = false, true
	if _, _, err := writeOpen(told); err != nil {
		return nil, err
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGKILL); err != nil {
		return nil, err
	}
	select {}
}

// settle waits until the files have been the same for a while; bounded.
func settle(told step) int64 {
	bytes := bytesOnDisk(told.Directory)
	changed := time.Now()
	end := changed.Add(time.Duration(told.BoundMs) * time.Millisecond)
	quiet := time.Duration(told.QuietMs) * time.Millisecond
	for time.Now().Before(end) && time.Since(changed) < quiet {
		time.Sleep(pollInterval)
		if now := bytesOnDisk(told.Directory); now != bytes {
			bytes, changed = now, time.Now()
		}
	}
	return bytes
}

func spaceResults(told step, seconds float64, open, closed int64) []result {
	logicalBytes := float64(told.Keys * (keyBytes + told.ValueBytes))
	one := func(suffix string, bytes int64) result {
		ratio := float64(bytes) / logicalBytes
		return result{
			Operations: told.Keys,
			Seconds:    seconds,
			Space:      &ratio,
			suffix:     suffix,
		}
	}
	return []result{one(", open", open), one(", closed", closed)}
}

// space is what is taken after everything was overwritten.
func space(told step) ([]result, error) {
	told.Close, told.skipCheck = false, true
	db, written, err := writeOpen(told)
	if err != nil {
		return nil, err
	}
	open := settle(told)
	if err = db.Close(); err != nil {
		return nil, err
	}
	return spaceResults(told, written.Seconds, open, bytesOnDisk(told.Directory)), nil
}

// compact is the space after Badger's own compaction.
func compact(told step) ([]result, error) {
	db, err := open(told.Directory, told.Durable, told.Settings)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err = db.Flatten(1); err != nil {
		return nil, err
	}
	for err == nil {
		err = db.RunValueLogGC(compactDiscardRatio)
		if err == badger.ErrRejected {
			// That of the clock is under way.
			time.Sleep(pollInterval)
			err = nil
		}
	}
	if err != badger.ErrNoRewrite {
		return nil, err
	}
	seconds := time.Since(start).Seconds()
	open := bytesOnDisk(told.Directory)
	if err = db.Close(); err != nil {
		return nil, err
	}
	return spaceResults(told, seconds, open, bytesOnDisk(told.Directory)), nil
}

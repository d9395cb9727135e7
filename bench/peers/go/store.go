package main

// Badger with the settings of the plugin for which Sett stands in.

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v2"
)

// What the plugin's documentation gives as the default of each of its settings.
const (
	memTableSize           = 10 << 20
	numMemTables           = 1
	valueLogFileSize       = 1<<30 - 1
	valueThreshold         = 1 << 20
	valueLogMaxEntries     = 1_000_000
	numLevel0Tables        = 1
	numLevel0TablesStall   = 2
	valueLogGcDiscardRatio = 0.5
	valueLogGcSeconds      = 120
)

// settings are those that a workload may change; 0 is the plugin's default.
type settings struct {
	ValueLogFileSize  int64 `json:"valueLogFileSize"`
	ValueLogGcSeconds int   `json:"valueLogGcSeconds"`
}

// store is an open database and the clock of its garbage collection.
type store struct {
	*badger.DB
	stop chan struct{}
	done sync.WaitGroup
}

func open(directory string, isDurable bool, told settings) (*store, error) {
	options := badger.DefaultOptions(directory).
		WithLogger(nil).
		WithSyncWrites(isDurable).
		// The memtable's size; this version names it after the tables made of it.
		WithMaxTableSize(memTableSize).
		WithNumMemtables(numMemTables).
		WithValueLogFileSize(valueLogFileSize).
		WithValueThreshold(valueThreshold).
		WithValueLogMaxEntries(valueLogMaxEntries).
		WithNumLevelZeroTables(numLevel0Tables).
		WithNumLevelZeroTablesStall(numLevel0TablesStall).
		// Without it this version refuses to open what a killed process left.
		WithTruncate(true)
	if told.ValueLogFileSize > 0 {
		options = options.WithValueLogFileSize(told.ValueLogFileSize)
	}
	database, err := badger.Open(options)
	if err != nil {
		return nil, err
	}
	one := &store{DB: database, stop: make(chan struct{})}
	seconds := valueLogGcSeconds
	if told.ValueLogGcSeconds > 0 {
		seconds = told.ValueLogGcSeconds
	}
	one.done.Add(1)
	go one.collect(time.Duration(seconds) * time.Second)
	return one, nil
}

// collect collects garbage by the clock, as the plugin does.
func (one *store) collect(interval time.Duration) {
	defer one.done.Done()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-one.stop:
			return
		case <-ticker.C:
			for one.RunValueLogGC(valueLogGcDiscardRatio) == nil {
			}
		}
	}
}

// Close ends the clock, and then the database.
func (one *store) Close() error {
	close(one.stop)
	one.done.Wait()
	return one.DB.Close()
}

// get is a copy of a value that the caller owns; nil if there is none.
func (one *store) get(key []byte) ([]byte, error) {
	var value []byte
	err := one.View(func(txn *badger.Txn) (err error) {
		value, err = getIn(txn, key)
		return err
	})
	return value, err
}

// getIn is get in a transaction that is there already.
func getIn(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if err == badger.ErrKeyNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// bytesOnDisk has the bytes of the blocks that a directory's files have.
func bytesOnDisk(directory string) int64 {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return 0
	}
	bytes := int64(0)
	for _, entry := range entries {
		path := directory + "/" + entry.Name()
		if entry.IsDir() {
			bytes += bytesOnDisk(path)
			continue
		}
		var stat syscall.Stat_t
		// It may have been removed since.
		if syscall.Stat(path, &stat) == nil {
			bytes += stat.Blocks * 512
		}
	}
	return bytes
}

// rssBytes has the memory that the process has, mapped files with it; 0 if unknown.
func rssBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

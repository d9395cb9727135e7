package main

// The phases that read, as reading.mjs has them.

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dgraph-io/badger/v2"
)

// warm has the operating system read every file of a directory.
func warm(directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		file, err := os.Open(directory + "/" + entry.Name())
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, file)
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// reader reads with a function in a transaction: one for each key, or one for all.
type reader func(run func(txn *badger.Txn) error) error

// The first byte is touched, so that a view is more than a promise.
func readAll(in reader, keys [][]byte) (int, error) {
	sum := 0
	for _, key := range keys {
		var value []byte
		err := in(func(txn *badger.Txn) (err error) {
			value, err = getIn(txn, key)
			return err
		})
		if err != nil {
			return 0, err
		}
		if value == nil {
			return 0, fmt.Errorf("Cannot take the result: %s is missing", key)
		}
		sum += len(value) + int(value[0])
	}
	return sum, nil
}

func viewAll(in reader, keys [][]byte) (int, error) {
	sum := 0
	add := func(value []byte) error {
		sum += len(value) + int(value[0])
		return nil
	}
	for _, key := range keys {
		err := in(func(txn *badger.Txn) error {
			item, err := txn.Get(key)
			if err != nil {
				return err
			}
			return item.Value(add)
		})
		if err != nil {
			return 0, err
		}
	}
	return sum, nil
}

func countAbsent(in reader, keys [][]byte) (int, error) {
	absent := 0
	for _, key := range keys {
		err := in(func(txn *badger.Txn) error {
			_, err := txn.Get(key)
			if err == badger.ErrKeyNotFound {
				absent++
				return nil
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return absent, nil
}

func readerOf(db *store, idiom string) (in reader, end func(), err error) {
	switch idiom {
	case "transactions":
		return db.View, func() {}, nil
	case "one transaction":
		txn := db.NewTransaction(false)
		in = func(run func(txn *badger.Txn) error) error { return run(txn) }
		return in, txn.Discard, nil
	}
	return nil, nil, fmt.Errorf("Cannot find how to read with %q", idiom)
}

// read reads keys that are there, or asks for ones that are not.
func read(told step) ([]result, error) {
	order := orderOf(told.Keys, told.Count, told.Seed)
	keys := keysOf(order, told.Missing)
	values := valuesOf(told.ValueBytes)
	if err := warm(told.Directory); err != nil {
		return nil, err
	}
	db, err := open(told.Directory, told.Durable, told.Settings)
	if err != nil {
		return nil, err
	}
	run := readAll
	if told.Missing {
		run = countAbsent
	} else if told.View {
		run = viewAll
	}
	in, end, err := readerOf(db, told.Idiom)
	if err != nil {
		return nil, err
	}
	var results []result
	for pass := 1; pass <= told.Passes; pass++ {
		start := time.Now()
		found, err := run(in, keys)
		seconds := time.Since(start).Seconds()
		if err != nil {
			return nil, err
		}
		if found < len(keys) || told.Missing && found > len(keys) {
			return nil, fmt.Errorf("Cannot take the result: found %d", found)
		}
		one := result{Operations: len(keys), Seconds: seconds, RssBytes: rssBytes()}
		if told.Passes > 1 {
			one.suffix = fmt.Sprintf(", pass %d", pass)
		}
		results = append(results, one)
	}
	end()
	if !told.Missing {
		if err = checkValues(db, order, valueIndexes(order, 0), values); err != nil {
			return nil, err
		}
	}
	return results, db.Close()
}

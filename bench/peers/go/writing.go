package main

// The phases that write, as writing.mjs has them.

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v2"
)

// change is what a write does to a key in a transaction.
type change func(txn *badger.Txn, i int) error

// flight is the writes that were begun and not yet awaited.
type flight struct {
	sync.WaitGroup
	failure atomic.Value
}

func (one *flight) finish(err error) {
	if err != nil {
		one.failure.Store(err)
	}
	one.Done()
}

// begin commits one change, without waiting for it.
func (one *flight) begin(db *store, apply change, i int) error {
	txn := db.NewTransaction(true)
	if err := apply(txn, i); err != nil {
		txn.Discard()
		return err
	}
	one.Add(1)
	txn.CommitWith(one.finish)
	return nil
}

// land waits for all that were begun.
func (one *flight) land() error {
	one.Wait()
	if err, isError := one.failure.Load().(error); isError {
		return err
	}
	return nil
}

// writeGroup writes the keys from `from` to before `to` and waits until they are.
func writeGroup(db *store, told step, apply change, from, to int) error {
	switch told.Idiom {
	case "groups", "one group":
		var begun flight
		for i := from; i < to; i++ {
			if err := begun.begin(db, apply, i); err != nil {
				return err
			}
		}
		return begun.land()
	case "update":
		for i := from; i < to; i++ {
			err := db.Update(func(txn *badger.Txn) error { return apply(txn, i) })
			if err != nil {
				return err
			}
		}
		return nil
	case "transactions":
		return db.Update(func(txn *badger.Txn) error {
			for i := from; i < to; i++ {
				if err := apply(txn, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return fmt.Errorf("Cannot find how to %s with %q", told.Operation, told.Idiom)
}

// writeBatch does the same through Badger's batch, which is not one transaction.
func writeBatch(db *store, keys, values [][]byte, indexes []uint16, from, to int) error {
	batch := db.NewWriteBatch()
	defer batch.Cancel()
	for i := from; i < to; i++ {
		if err := batch.Set(keys[i], values[indexes[i]]); err != nil {
			return err
		}
	}
	return batch.Flush()
}

// writeInFlight has as many goroutines as writes are to be under way.
func writeInFlight(db *store, apply change, width, count int) error {
	var next int64 = -1
	failures := make(chan error, width)
	for worker := 0; worker < width; worker++ {
		go func() {
			for {
				i := int(atomic.AddInt64(&next, 1))
				if i >= count {
					failures <- nil
					return
				}
				err := db.Update(func(txn *badger.Txn) error { return apply(txn, i) })
				if err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	var failure error
	for worker := 0; worker < width; worker++ {
		if err := <-failures; err != nil {
			failure = err
		}
	}
	return failure
}

func writeAll(db *store, told step, keys, values [][]byte, indexes []uint16) error {
	apply := func(txn *badger.Txn, i int) error {
		if told.Operation == "remove" {
			return txn.Delete(keys[i])
		}
		return txn.Set(keys[i], values[indexes[i]])
	}
	if told.InFlight > 0 {
		return writeInFlight(db, apply, told.InFlight, len(keys))
	}
	size := told.Group
	if told.Idiom == "one group" {
		size = len(keys)
	}
	for from := 0; from < len(keys); from += size {
		to := from + size
		if to > len(keys) {
			to = len(keys)
		}
		var err error
		if told.Idiom == "write batch" {
			err = writeBatch(db, keys, values, indexes, from, to)
		} else {
			err = writeGroup(db, told, apply, from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkValues compares what a thousand of the keys have with what they should have.
func checkValues(db *store, order []uint32, indexes []uint16, values [][]byte) error {
	step := len(order) / 1000
	if step == 0 {
		step = 1
	}
	for i := 0; i < len(order); i += step {
		key := keysOf(order[i:i+1], false)[0]
		found, err := db.get(key)
		if err != nil {
			return err
		}
		isRight := found == nil
		if indexes != nil {
			isRight = bytes.Equal(found, values[indexes[i]])
		}
		if !isRight {
			return fmt.Errorf("Cannot take the result: %s has a wrong value", key)
		}
	}
	return nil
}

// writeOpen is write without the check; it returns the store if it left it open.
func writeOpen(told step) (*store, result, error) {
	values := valuesOf(told.ValueBytes)
	order := orderOf(told.Keys, told.Keys, told.Seed)[told.First : told.First+told.Count]
	keys := keysOf(order, false)
	indexes := valueIndexes(order, told.Generation)
	db, err := open(told.Directory, told.Durable, told.Settings)
	if err != nil {
		return nil, result{}, err
	}
	start := time.Now()
	if err = writeAll(db, told, keys, values, indexes); err != nil {
		return nil, result{}, err
	}
	written := time.Now()
	if told.Close {
		if err = db.Close(); err != nil {
			return nil, result{}, err
		}
	}
	end := time.Now()
	measured := result{
		Operations:   len(keys),
		Seconds:      end.Sub(start).Seconds(),
		CloseSeconds: end.Sub(written).Seconds(),
		RssBytes:     rssBytes(),
	}
	if told.skipCheck {
		return db, measured, nil
	}
	if told.Close {
		if db, err = open(told.Directory, told.Durable, told.Settings); err != nil {
			return nil, result{}, err
		}
	}
	expected := indexes
	if told.Operation == "remove" {
		expected = nil
	}
	if err = checkValues(db, order, expected, values); err != nil {
		return nil, result{}, err
	}
	return nil, measured, db.Close()
}

func write(told step) ([]result, error) {
	_, measured, err := writeOpen(told)
	return []result{measured}, err
}

// mixed reads and updates: YCSB's workloads A and B.
func mixed(told step) ([]result, error) {
	values := valuesOf(told.ValueBytes)
	all := make([]uint32, told.Keys)
	for i := range all {
		all[i] = uint32(i)
	}
	keys := keysOf(all, false)
	order := zipfianOrder(told.Keys, told.Count, told.Seed)
	flags := updateFlags(told.Count, told.Updates, told.Seed+1)
	db, err := open(told.Directory, told.Durable, told.Settings)
	if err != nil {
		return nil, err
	}
	apply := func(txn *badger.Txn, i int) error {
		return txn.Set(keys[order[i]], values[i&(valueCount-1)])
	}
	var begun flight
	sum := 0
	start := time.Now()
	for i := range order {
		if !flags[i] {
			value, err := db.get(keys[order[i]])
			if err != nil {
				return nil, err
			}
			sum += len(value)
		} else if told.Idiom == "groups" {
			err = begun.begin(db, apply, i)
		} else {
			err = writeGroup(db, told, apply, i, i+1)
		}
		if err == nil && (i+1)%told.Group == 0 {
			err = begun.land()
		}
		if err != nil {
			return nil, err
		}
	}
	if err = begun.land(); err != nil {
		return nil, err
	}
	seconds := time.Since(start).Seconds()
	if sum == 0 {
		return nil, fmt.Errorf("Cannot mix: nothing was read")
	}
	measured := result{Operations: told.Count, Seconds: seconds, RssBytes: rssBytes()}
	return []result{measured}, db.Close()
}

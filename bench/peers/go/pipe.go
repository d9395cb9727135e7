package main

// A store that another program writes to: batches come through standard input, and
// a byte is answered when one is written. So the other program chooses the keys,
// and reads from outside what this process has cost.

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// pipe serves until a batch of nothing comes; then it closes the store, answers, and
// stays until the input ends, so that its counters can still be read.
//
// A batch is the number of its entries, and for each of them the length of the key,
// the length of the value, the key and the value; numbers have 32 bits, low byte
// first.
func pipe(parameters string) error {
	var told step
	if err := json.Unmarshal([]byte(parameters), &told); err != nil {
		return err
	}
	db, err := open(told.Directory, told.Durable, told.Settings)
	if err != nil {
		return err
	}
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		count, err := readNumber(input)
		if err != nil {
			return fmt.Errorf("Cannot read a batch: %w", err)
		}
		if count == 0 {
			break
		}
		if err = applyBatch(db, input, int(count)); err != nil {
			return err
		}
		if _, err = os.Stdout.Write([]byte{1}); err != nil {
			return err
		}
	}
	if err = db.Close(); err != nil {
		return err
	}
	if _, err = os.Stdout.Write([]byte{1}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, input)
	return err
}

func readNumber(input io.Reader) (uint32, error) {
	var number [4]byte
	_, err := io.ReadFull(input, number[:])
	return binary.LittleEndian.Uint32(number[:]), err
}

func applyBatch(db *store, input io.Reader, count int) error {
	batch := db.NewWriteBatch()
	defer batch.Cancel()
	for i := 0; i < count; i++ {
		keyLength, err := readNumber(input)
		if err != nil {
			return err
		}
		valueLength, err := readNumber(input)
		if err != nil {
			return err
		}
		entry := make([]byte, keyLength+valueLength)
		if _, err = io.ReadFull(input, entry); err != nil {
			return err
		}
		if err = batch.Set(entry[:keyLength:keyLength], entry[keyLength:]); err != nil {
			return err
		}
	}
	return batch.Flush()
}

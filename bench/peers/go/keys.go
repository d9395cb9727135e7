package main

// The keys and values of every workload: what keys.mjs makes, number for number.

import (
	"encoding/binary"
	"math"
)

const (
	keyBytes   = 16
	valueCount = 4096
	valueStep  = 1009
)

// randomNumbers are numbers from 0 to 2^32 - 1 that look random.
func randomNumbers(seed uint32) func() uint32 {
	state := seed*0x9e3779b1 ^ 0x5bd1e995
	if state == 0 {
		state = 1
	}
	return func() uint32 {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		return state
	}
}

// permutation is one of the numbers below total, as a function from place to number.
func permutation(total int, seed uint32) func(uint32) uint32 {
	bits := int(math.Ceil(math.Log2(float64(total))))
	if bits < 4 {
		bits = 4
	}
	mask := uint32(1)<<bits - 1
	half := bits >> 1
	random := randomNumbers(seed)
	first := random() | 1
	second := random() | 1
	offset := random()
	scramble := func(number uint32) uint32 {
		x := (number + offset) & mask
		x ^= x >> half
		x = x * first & mask
		x ^= x >> half
		x = x * second & mask
		return x ^ x>>half
	}
	return func(place uint32) uint32 {
		number := scramble(place)
		for number >= uint32(total) {
			number = scramble(number)
		}
		return number
	}
}

// orderOf has the numbers of the first count of total keys in the order of a seed.
func orderOf(total, count int, seed uint32) []uint32 {
	next := permutation(total, seed)
	order := make([]uint32, count)
	for i := range order {
		order[i] = next(uint32(i))
	}
	return order
}

// keysOf has the texts of keys; with isMissing, of ones between those that are there.
func keysOf(order []uint32, isMissing bool) [][]byte {
	keys := make([][]byte, len(order))
	for i, number := range order {
		key := []byte("key/000000000000")
		rest := uint64(number) * 2
		if isMissing {
			rest++
		}
		for at := keyBytes - 1; at >= 4; at-- {
			key[at] = byte('0' + rest%10)
			rest /= 10
		}
		keys[i] = key
	}
	return keys
}

// valuesOf has values of random bytes: slices of one pool.
func valuesOf(valueBytes int) [][]byte {
	random := randomNumbers(77)
	pool := make([]byte, (valueStep*valueCount+valueBytes+3)/4*4)
	for at := 0; at < len(pool); at += 4 {
		binary.LittleEndian.PutUint32(pool[at:], random())
	}
	values := make([][]byte, valueCount)
	for i := range values {
		at := i * valueStep
		values[i] = pool[at : at+valueBytes : at+valueBytes]
	}
	return values
}

// valueIndexes has the places of the values that keys have after some overwrites.
func valueIndexes(order []uint32, generation int) []uint16 {
	indexes := make([]uint16, len(order))
	for i, number := range order {
		indexes[i] = uint16((int(number) + generation*1237) & (valueCount - 1))
	}
	return indexes
}

package main

// What zipfian.mjs draws, and the digest by which the two are held together.

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

const (
	theta        = 0.99
	scrambleSeed = 55
)

func zeta(count int) float64 {
	sum := 0.0
	for rank := 1; rank <= count; rank++ {
		sum += 1 / math.Pow(float64(rank), theta)
	}
	return sum
}

// zipfianOrder has the numbers of count keys out of total, in the order asked for.
func zipfianOrder(total, count int, seed uint32) []uint32 {
	random := randomNumbers(seed)
	keyOfRank := permutation(total, scrambleSeed)
	all := zeta(total)
	two := 1 + math.Pow(0.5, theta)
	alpha := 1 / (1 - theta)
	eta := (1 - math.Pow(2/float64(total), 1-theta)) / (1 - zeta(2)/all)
	order := make([]uint32, count)
	for i := range order {
		u := float64(random()) / (1 << 32)
		area := u * all
		rank := 0.0
		if area >= two {
			rank = math.Floor(float64(total) * math.Pow(eta*u-eta+1, alpha))
		} else if area >= 1 {
			rank = 1
		}
		order[i] = keyOfRank(uint32(math.Min(rank, float64(total-1))))
	}
	return order
}

// updateFlags tells which of count operations are updates.
func updateFlags(count int, share float64, seed uint32) []bool {
	random := randomNumbers(seed)
	flags := make([]bool, count)
	for i := range flags {
		flags[i] = float64(random()) < share*(1<<32)
	}
	return flags
}

// digest covers what digest.mjs covers, in the same order.
func digest(total int) string {
	hash := sha256.New()
	count := 1000
	if total < count {
		count = total
	}
	for seed := uint32(1); seed <= 5; seed++ {
		order := orderOf(total, count, seed)
		for _, isMissing := range []bool{false, true} {
			for _, key := range keysOf(order, isMissing) {
				hash.Write(key)
			}
		}
		for generation := 0; generation < 2; generation++ {
			binary.Write(hash, binary.LittleEndian, valueIndexes(order, generation))
		}
	}
	for _, valueBytes := range []int{100, 4096} {
		for _, value := range valuesOf(valueBytes)[:count] {
			hash.Write(value)
		}
	}
	// All of the draws: powers are computed with rounding, which might differ.
	binary.Write(hash, binary.LittleEndian, zipfianOrder(total, total, 5))
	for _, share := range []float64{0.5, 0.05} {
		for _, isUpdate := range updateFlags(total, share, 6) {
			if isUpdate {
				hash.Write([]byte{1})
			} else {
				hash.Write([]byte{0})
			}
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}

/**
 * The plan of a cluster by itself; `tests/contract/prediction.mjs` holds it against a
 * real one.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";
import { planCluster } from "../../src/redis/mod.ts";
import { allocatedBytes, memoryOfKeys } from "../../src/redis/server_memory.ts";
import {
  masterShares,
  slotRanges,
  SLOTS,
  slotShares,
} from "../../src/redis/slot_shares.ts";

const LOAD = {
  keys: 100_000,
  valueSize: 200,
  operationRate: 300_000,
  nodeMemory: 8 * 2 ** 30,
  nodeOperationRate: 100_000,
};

const sum = (parts: Iterable<number>) => [...parts].reduce((a, b) => a + b, 0);

Deno.test("cluster plan: slots are dealt out as redis-cli deals them", () => {
  assertEquals(slotRanges(3), [
    { from: 0, to: 5460 },
    { from: 5461, to: 10922 },
    { from: 10923, to: 16383 },
  ]);
  assertEquals(
    slotRanges(5).map(({ from, to }) => `${from}-${to}`),
    ["0-3276", "3277-6553", "6554-9829", "9830-13106", "13107-16383"],
  );
  for (const masters of [1, 2, 7, 100]) {
    const ranges = slotRanges(masters);
    assertEquals(ranges.at(-1)!.to, SLOTS - 1);
    for (const [i, { from }] of ranges.entries()) {
      assertEquals(from, i === 0 ? 0 : ranges[i - 1]!.to + 1);
    }
  }
});

Deno.test("cluster plan: the memory of a key is what a Redis 7 took", () => {
  // `used_memory` of a node with 131,072 keys, less that of an empty one.
  const measured = [
    [16, 44, 152],
    [16, 45, 168],
    [16, 100, 216],
    [16, 300, 424],
    [16, 1000, 1128],
    [16, 4096, 5224],
    [40, 200, 344],
    [100, 20, 216],
  ] as const;
  for (const [nameSize, valueSize, bytes] of measured) {
    const stored = { nameSize, valueSize, isExpiring: false };
    assertEquals(memoryOfKeys(131_072, stored) / 131_072, bytes);
  }
  assertEquals([1, 8, 9, 129, 1025].map(allocatedBytes), [8, 8, 16, 160, 1280]);
});

Deno.test("cluster plan: shares add up, with keys that are not looked at one by one too", () => {
  for (const skew of [0, 0.5, 0.99, 1, 1.2]) {
    for (const keys of [1, 1000, 1_500_000]) {
      const shares = slotShares({ keys, skew });
      assertAlmostEquals(sum(shares.keys), 1, 1e-9);
      assertAlmostEquals(sum(shares.operations), 1, 1e-9);
      assertAlmostEquals(sum(masterShares(shares.operations, 7)), 1, 1e-9);
    }
  }
  // The integral over the ranks beyond the first million is close to their sum.
  const { hottestKey } = slotShares({ keys: 3_000_000, skew: 0.99 });
  let all = 0;
  for (let rank = 1; rank <= 3_000_000; rank++) all += rank ** -0.99;
  assertAlmostEquals(hottestKey, 1 / all, 1e-9);
});

Deno.test("cluster plan: memory, operations and a hot key each ask for their masters", () => {
  const even = planCluster({ ...LOAD, keys: 200_000 });
  // 300,000 on nodes of 60,000 each, and a little for slots that are not alike.
  assert(even.mastersForOperations === 6 || even.mastersForOperations === 5);
  const large = planCluster({
    ...LOAD,
    operationRate: 1,
    nodeMemory: 10 * 2 ** 20,
  });
  assertEquals(large.mastersForMemory, large.masters);
  assertEquals(large.nodes, 2 * large.masters);
  assertAlmostEquals(
    large.masters,
    large.memory / (10 * 2 ** 20 * 0.6),
    1.5,
  );
  const hot = planCluster({ ...LOAD, operationRate: 2_000_000, skew: 1.2 });
  assertEquals(hot.mastersForOperations, undefined);
  assert(hot.operationRateMax < 2_000_000);
  assert(hot.hottestSlot.share >= hot.hottestKey);
  const small = planCluster({ ...LOAD, keys: 10, operationRate: 1 });
  assertEquals([small.masters, small.nodes], [3, 6]);
});

Deno.test("cluster plan: numbers that make no sense are refused", () => {
  for (
    const wrong of [
      { keys: 0 },
      { keys: NaN },
      { valueSize: -1 },
      { operationRate: Infinity },
      { skew: -1 },
      { fill: 0 },
      { fill: 1.1 },
      { replicas: -1 },
      { replicas: 0.5 },
      { keys: 1.5 },
      { nodeMemory: 0 },
      { nodeMemory: 1000 },
      { nodeOperationRate: 0 },
    ]
  ) {
    assertThrows(
      () => planCluster({ ...LOAD, ...wrong }),
      RangeError,
      "Cannot plan",
    );
  }
});

/**
 * Histories that once failed, as `deno task simulate` printed them. To add one, paste
 * the array it prints.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { History } from "../simulate/operations.ts";
import { runHistory } from "../simulate/simulation.ts";

const REGRESSIONS: Record<string, History> = {
  "a direct value that was written is not rejected with the next one": [
    {
      op: "open",
      options: { memTableSize: 65_536, valueThreshold: 0 },
      seed: 1,
    },
    { op: "fault", after: 2, kind: "ENOSPC" },
    { op: "fill", value: 306, count: 2, first: 0, keys: 41, length: 0 },
  ],
  "what a failed sync dropped is written again when the store is reopened": [
    { op: "set", at: "/k5", value: 2 },
    { op: "fault", after: 0, kind: "dropped" },
    { op: "open", options: { memTableSize: 65_536 }, seed: 1 },
    { op: "crash", power: true, back: 0, keep: 1, seed: 1 },
  ],
  "no hole is left before what is synced after a failed sync": [
    {
      op: "open",
      options: { memTableSize: 65_536, valueThreshold: 0 },
      seed: 1,
    },
    { op: "fault", after: 2, kind: "dropped" },
    { op: "set", at: "/k0", value: 46 },
    {
      op: "open",
      options: { memTableSize: 65_536, syncWrites: true },
      seed: 1,
    },
    { op: "set", at: "/k0", value: 47 },
    { op: "crash", power: true, back: 0, keep: 1, seed: 1 },
  ],
  "the books are right after a victim could not be read again": [
    {
      op: "open",
      options: {
        memTableSize: 65_536,
        syncWrites: true,
        valueLogMaxEntries: 60,
      },
      seed: 1_256_645_131,
    },
    { op: "fill", value: 0, count: 64, first: 0, keys: 4, length: 0 },
    { op: "gc", ratio: 0.05 },
    { op: "fault", after: 2, kind: "EIO" },
    { op: "breathe", times: 2 },
  ],
  "a horizon that could not be written is written later": [
    {
      "op": "fill",
      "value": 0,
      "count": 16,
      "first": 0,
      "keys": 10,
      "length": 0,
    },
    { "op": "set", "at": "other/k7", "value": 36, "length": 95 },
    { "op": "set", "at": "other/k1", "value": 39, "expireIn": 1 },
    { "op": "advance", "milliseconds": 250 },
    { "op": "set", "at": "other/k1", "value": 40, "expireIn": 1 },
    { "op": "set", "at": "other/k7", "value": 44 },
    { "op": "setClock", "by": -2972 },
    {
      "op": "batch",
      "changes": [{ "at": "b/k3", "value": 96, "expireIn": 3954 }, {
        "at": "other/k0",
        "value": 97,
      }, { "at": "other/k4", "value": 98 }],
    },
    {
      "op": "open",
      "options": {
        "memTableSize": 65536,
        "valueLogMaxEntries": 17,
        "valueLogGcIntervalInSeconds": 1,
      },
      "seed": 1929415775,
    },
    { "op": "advance", "milliseconds": 2188 },
    { "op": "set", "at": "b/k8", "value": 99 },
    { "op": "advance", "milliseconds": 1766 },
    { "op": "fault", "after": 1, "kind": "EMFILE" },
    { "op": "advance", "milliseconds": 1 },
  ],
  "what the collector swept stays expired when the clock is set back": [
    { "op": "set", "at": "/k18", "value": 0 },
    { "op": "set", "at": "/k13", "value": 1 },
    { "op": "set", "at": "/k23", "value": 14 },
    { "op": "close" },
    { "op": "setClock", "by": -2942 },
    {
      "op": "batch",
      "changes": [{ "at": "/k5", "value": 15 }, { "at": "/k4" }, {
        "at": "/k4",
        "value": 16,
      }],
    },
    { "op": "setIfAbsent", "at": "/k2", "value": 17 },
    { "op": "set", "at": "/k2", "value": 18 },
    {
      "op": "batch",
      "changes": [
        { "at": "/k7", "value": 19, "expireIn": 1 },
        { "at": "/k28", "value": 20 },
        { "at": "/k0", "value": 21 },
        { "at": "/k13", "value": 22 },
        { "at": "/k9", "value": 23 },
      ],
    },
    { "op": "delete", "at": "/k0" },
    { "op": "delete", "at": "/k5" },
    { "op": "delete", "at": "/k18" },
    { "op": "gc", "ratio": 0.05 },
    {
      "op": "batch",
      "changes": [
        { "at": "/k5", "value": 24 },
        { "at": "/k20", "value": 25 },
        { "at": "/k2", "value": 26 },
        { "at": "/k22", "value": 27 },
        { "at": "/k19", "value": 28 },
      ],
    },
    { "op": "advance", "milliseconds": 1 },
    { "op": "set", "at": "/k4", "value": 36 },
    { "op": "breathe", "times": 1 },
  ],
  "a kill that goes back past a reopen may find what a full disk refused": [
    { "op": "setSync", "at": "/k40", "value": 38 },
    { "op": "full", "isFull": true },
    {
      "op": "fill",
      "value": 40,
      "count": 2,
      "first": 0,
      "keys": 42,
      "length": 0,
    },
    { "op": "set", "at": "/k28", "value": 57 },
    { "op": "set", "at": "/k4", "value": 58 },
    { "op": "crash", "power": false, "back": 1, "keep": 0, "seed": 1036210413 },
    {
      "op": "fill",
      "value": 59,
      "count": 1,
      "first": 0,
      "keys": 42,
      "length": 0,
    },
    { "op": "close" },
    {
      "op": "crash",
      "power": false,
      "back": 28,
      "keep": 1,
      "seed": 2026159183,
    },
  ],
  "a sync that failed under way is told to those who joined it": [
    {
      "op": "open",
      "options": {
        "syncWrites": true,
        "memTableSize": 65536,
        "valueThreshold": 0,
      },
      "seed": 110741331,
    },
    { "op": "fault", "after": 8, "kind": "EMFILE" },
    { "op": "set", "at": "/k4", "value": 17 },
    { "op": "set", "at": "/k1", "value": 18 },
    { "op": "set", "at": "other/k6", "value": 19, "wait": false },
    { "op": "lose", "kind": "snapshot", "seed": 1103729602 },
    { "op": "batch", "changes": [{ "at": "b/k21", "value": 20 }] },
  ],
  "a store whose books were left inexact can be emptied once it is reopened": [
    {
      "op": "open",
      "options": {
        "memTableSize": 65536,
        "valueLogMaxEntries": 76,
        "valueThreshold": 200,
      },
      "seed": 476037320,
    },
    {
      "op": "fill",
      "value": 0,
      "count": 76,
      "first": 0,
      "keys": 14,
      "length": 0,
    },
    {
      "op": "fill",
      "value": 81,
      "count": 14,
      "first": 0,
      "keys": 14,
      "length": 0,
    },
    { "op": "fault", "after": 10, "kind": "ENOSPC" },
    { "op": "batch", "changes": [{ "at": "/k3" }] },
    { "op": "set", "at": "other/k3", "value": 111 },
    { "op": "gc", "ratio": 0.5 },
    { "op": "set", "at": "b/k4", "value": 112 },
    { "op": "set", "at": "/k5", "value": 113, "length": 200 },
    { "op": "breathe", "times": 1 },
    { "op": "empty" },
  ],
  "a segment is not sealed by a sync that stands in the shadow of a failed one":
    [
      {
        "op": "open",
        "options": {
          "syncWrites": true,
          "memTableSize": 65536,
          "valueThreshold": 0,
        },
        "seed": 436093186,
      },
      { "op": "set", "at": "/k1", "value": 217 },
      { "op": "fault", "after": 2, "kind": "dropped" },
      { "op": "set", "at": "/k1", "value": 219, "wait": false },
      { "op": "gc", "ratio": 0.3 },
      { "op": "crash", "power": true, "back": 0, "keep": 1, "seed": 987443157 },
    ],
  "a sync of the collector's that failed is told to those who joined it": [
    {
      "op": "batch",
      "changes": [
        { "at": "/k4", "value": 3 },
        { "at": "b/k4" },
        { "at": "/k2", "value": 4 },
        { "at": "b/k3" },
        { "at": "other/k1", "value": 5 },
        { "at": "b/k2" },
        { "at": "b/k4", "value": 6 },
      ],
    },
    { "op": "setSync", "at": "other/k4", "value": 9 },
    {
      "op": "open",
      "options": { "memTableSize": 65536, "valueLogMaxEntries": 8 },
      "seed": 228101867,
    },
    { "op": "set", "at": "other/k0", "value": 10 },
    { "op": "set", "at": "/k0", "value": 11 },
    { "op": "delete", "at": "/k2" },
    { "op": "setSync", "at": "/k1", "value": 12 },
    { "op": "set", "at": "other/k1", "value": 13 },
    { "op": "delete", "at": "other/k4" },
    { "op": "set", "at": "other/k0", "value": 14 },
    { "op": "delete", "at": "/k1" },
    {
      "op": "fill",
      "value": 15,
      "count": 52,
      "first": 2,
      "keys": 5,
      "length": 0,
    },
    {
      "op": "batch",
      "changes": [
        { "at": "b/k2" },
        { "at": "other/k0", "value": 69 },
        { "at": "/k4" },
        { "at": "b/k0", "value": 70 },
        { "at": "other/k1", "value": 71 },
        { "at": "other/k1", "value": 72 },
      ],
    },
    { "op": "setSync", "at": "other/k3", "value": 73 },
    {
      "op": "batch",
      "changes": [{ "at": "b/k4", "value": 74 }, {
        "at": "other/k3",
        "value": 75,
      }],
    },
    {
      "op": "open",
      "options": { "syncWrites": true, "memTableSize": 65536 },
      "seed": 1013530636,
    },
    { "op": "gc", "ratio": 0.5 },
    { "op": "setIfAbsent", "at": "b/k2", "value": 78, "wait": false },
    { "op": "fault", "after": 25, "kind": "dropped" },
    { "op": "set", "at": "/k1", "value": 79 },
    {
      "op": "fill",
      "value": 80,
      "count": 1,
      "first": 0,
      "keys": 5,
      "length": 0,
    },
  ],
  "a value that comes back when the clock is set back may be the one before": [
    { "op": "set", "at": "/k3", "value": 131, "expireIn": 1 },
    { "op": "set", "at": "/k3", "value": 135, "expireIn": 1 },
    { "op": "batch", "changes": [{ "at": "/k1", "value": 141 }] },
    { "op": "advance", "milliseconds": 250 },
    {
      "op": "crash",
      "power": true,
      "back": 2,
      "keep": 1,
      "seed": 962277005,
      "torn": 0.29235933907330036,
      "fill": "garbage",
    },
    { "op": "setClock", "by": -8037 },
    {
      "op": "crash",
      "power": true,
      "back": 0,
      "keep": 1,
      "seed": 560832770,
      "fill": "zeros",
    },
  ],
  "a value that comes back may be the one before though the process was only killed":
    [
      {
        "op": "batch",
        "changes": [{ "at": "b/k0", "value": 11, "expireIn": 1 }],
      },
      { "op": "set", "at": "b/k0", "value": 21, "expireIn": 1 },
      { "op": "setClock", "by": 2770 },
      {
        "op": "crash",
        "power": false,
        "back": 0,
        "keep": 0,
        "seed": 1435355611,
        "torn": 0.7358475863002241,
        "fill": "garbage",
      },
      { "op": "set", "at": "/k0", "value": 30 },
      { "op": "fault", "after": 0, "kind": "dropped" },
      { "op": "set", "at": "b/k0", "value": 33 },
      { "op": "setClock", "by": -10743 },
    ],
  "the deletion of a range is rejected if a part of it was taken back": [
    {
      op: "open",
      options: {
        memTableSize: 65_536,
        valueLogMaxEntries: 189,
        valueLogGcIntervalInSeconds: 2,
      },
      seed: 1_023_040_681,
    },
    { op: "fill", value: 0, count: 190, first: 0, keys: 27, length: 0 },
    {
      op: "crash",
      power: true,
      back: 0,
      keep: 1,
      seed: 426_062_493,
      fill: "zeros",
    },
    { op: "advance", milliseconds: 2000 },
    { op: "full", isFull: true },
    { op: "deleteRange", bucket: "", changes: [] },
  ],
  "a tombstone that the collector moved is no conflict": [
    { op: "crash", power: true, back: 0, keep: 1, seed: 1_417_764_154 },
    {
      op: "batch",
      changes: [
        { at: "/k4", value: 4 },
        { at: "/k2" },
        { at: "/k2", value: 5 },
        { at: "/k5" },
        { at: "/k1", value: 6 },
        { at: "/k3" },
      ],
    },
    { op: "setSync", at: "/k3", value: 7 },
    { op: "atomic", checks: [], changes: [{ at: "/k3", value: 18 }] },
    {
      op: "batch",
      changes: [
        { at: "/k5", value: 19 },
        { at: "/k5" },
        { at: "/k1" },
        { at: "/k1", value: 20 },
        { at: "/k5" },
        { at: "/k2" },
        { at: "/k2", value: 21 },
        { at: "/n1" },
      ],
    },
    { op: "delete", at: "/k1" },
    { op: "gc", ratio: 0.3 },
    {
      op: "transaction",
      reads: [],
      ranges: [{ bucket: "" }],
      changes: [{ at: "/k0", value: 31 }],
      others: [{ at: "/k5", value: 32 }],
    },
  ],
  "an entry's version is not given again when its write is undone": [
    { op: "open", options: { memTableSize: 65_536 }, seed: 1 },
    { op: "set", at: "/k1", value: 1, wait: false },
    { op: "full", isFull: true },
    {
      op: "atomic",
      checks: [{ at: "/k1", is: "current" }],
      changes: [],
      wait: false,
    },
    { op: "breathe", times: 1 },
    { op: "full", isFull: false },
    { op: "set", at: "/k1", value: 2 },
  ],
};

for (const [name, history] of Object.entries(REGRESSIONS)) {
  Deno.test(`regression: ${name}`, async () => {
    const { failure } = await runHistory(history);
    assertEquals(failure?.message, undefined, failure?.stack);
  });
}

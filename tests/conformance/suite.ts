/**
 * What every key space does, wherever it keeps its keys: one suite, run over stores
 * on disk and in memory, over buckets and through the plugin, on every runtime.
 *
 * It uses no API of one runtime. Whoever runs it brings a way to register tests and a
 * factory; what a key space cannot do is left out of its subject.
 *
 * @module
 */

import type { Key, KeySpace, SetOptions, Value } from "../../mod.ts";
import { addAtomicTests } from "./atomics.ts";
import { addBatchTests } from "./batches.ts";
import { addListTests } from "./listing.ts";
import { addKeyTests } from "./keys.ts";
import { addMistakeTests } from "./mistakes.ts";
import { addRangeTests } from "./ranges.ts";
import { addSpaceTests } from "./space.ts";
import { addValueTests } from "./values.ts";
import { addWatchTests } from "./watching.ts";

/** What any key space can do. */
export interface Keys {
  /** Sets a key. */
  set(key: Key, value: Value, options?: SetOptions): Promise<void>;
  /** The value of a key, or `undefined`. */
  get(key: Key): Promise<Uint8Array | undefined>;
  /** True if the key has a value. */
  has(key: Key): boolean | Promise<boolean>;
  /** Deletes a key; true if it had a value. */
  delete(key: Key): Promise<boolean>;
}

/** A key space to be examined. */
export interface Subject {
  /** What every key space can do. */
  readonly keys: Keys;
  /** All that a store or a bucket can do, if the subject is one. */
  readonly space?: KeySpace;
  /** True if a write takes effect before the call returns. */
  readonly isImmediate: boolean;
  /** Bytes of the longest key. */
  readonly keyBytesMax: number;
  /** Bytes of the largest value, if the suite is to try it. */
  readonly valueBytesMax?: number;
  /** Closes it and opens it again with what it held; absent if nothing survives. */
  readonly reopen?: () => Promise<void>;
  /** Closes it; a second call does nothing. */
  readonly close: () => Promise<void>;
  /** Removes what it left behind. */
  readonly discard?: () => PromiseLike<void>;
}

/** Makes an empty key space. */
export type Factory = () => Promise<Subject>;

/** Registers one test. */
export type Register = (name: string, run: () => Promise<void>) => void;

/** Registers one test that gets a fresh subject, which is closed afterwards. */
export type Check = (
  name: string,
  run: (subject: Subject) => Promise<void>,
) => void;

/** Registers the suite for one kind of key space: all of it for stores and buckets. */
export function addConformanceTests(
  kind: string,
  register: Register,
  factory: Factory,
  hasSpace: boolean = true,
): void {
  const check: Check = (name, run) =>
    register(`${kind}: ${name}`, async () => {
      const subject = await factory();
      try {
        await run(subject);
      } finally {
        await subject.close();
        await subject.discard?.();
      }
    });
  addKeyTests(check);
  addValueTests(check);
  addMistakeTests(check);
  if (!hasSpace) return;
  addSpaceTests(check);
  addBatchTests(check);
  addListTests(check);
  addRangeTests(check);
  addAtomicTests(check);
  addWatchTests(check);
}

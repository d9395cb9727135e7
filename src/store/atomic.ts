/**
 * Atomic operations: checks of what was read, and writes that take effect together if
 * all checks hold.
 *
 * @module
 */

import type { Compression } from "../engine/compression.ts";
import { Engine } from "../engine/engine.ts";
import { bucketPrefix } from "./bucket_name.ts";
import type { BatchTarget } from "./batch.ts";
import {
  type Change,
  Changes,
  copyKey,
  copyValue,
  loadKey,
} from "./changes.ts";
import { checkOperand, count, type CounterOperation } from "./counter.ts";
import { readExpireIn } from "./expire_in.ts";
import type { Key, SetOptions, Value } from "./types.ts";
import { readVersionstamp, writeVersionstamp } from "./versionstamp.ts";

/** What a key must be for an atomic operation to take effect. */
export interface AtomicCheck extends BatchTarget {
  /** The key. */
  key: Key;
  /** The commit that set it last; null if it must have no value. */
  versionstamp: string | null;
}

/** An atomic operation took effect. */
export interface CommitResult {
  /** True: it was written. */
  ok: true;
  /** The commit; what it set has this versionstamp. */
  versionstamp: string;
}

/** A check of an atomic operation did not hold; nothing was written. */
export interface CommitError {
  /** False: nothing was written. */
  ok: false;
}

/**
 * Makes a value from the one that a key has, or `undefined`, and an operand. It must
 * not call the store.
 */
export type Merge = (
  value: Uint8Array | undefined,
  operand: Uint8Array,
) => Uint8Array;

interface State {
  value: Uint8Array | undefined;
  expiry: number;
}

type Write =
  | { kind: "set"; value: Uint8Array; expireIn: number }
  | { kind: "delete" }
  | {
    kind: "change";
    change: (value: Uint8Array | undefined) => Uint8Array;
    expireIn: number;
  };

/** The state that the key at hand has now. */
function readState(engine: Engine): State {
  const { ledger, reader } = engine;
  const pointer = ledger.findLive(engine);
  if (pointer === 0) return { value: undefined, expiry: 0 };
  reader.read(pointer);
  return {
    value: reader.buffer.slice(reader.start, reader.end),
    expiry: ledger.index.arena.expiry(pointer),
  };
}

/** The version of the key at hand; 0 if it has no value. */
function readVersion(engine: Engine): number {
  const { ledger, reader } = engine;
  const pointer = ledger.findLive(engine);
  if (pointer === 0) return 0;
  reader.read(pointer);
  return reader.version();
}

/**
 * An atomic operation, made by {@linkcode KeySpace.atomic}, with the vocabulary of
 * Deno.Kv. Keys and values are copied when they are added. All writes must fit in one
 * segment; there are no other limits.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * await store.set("balance", "100");
 * const balance = store.getEntry("balance");
 * const result = await store.atomic()
 *   .check(balance)
 *   .set("balance", "60")
 *   .sum("withdrawals", 1n)
 *   .commit();
 * assertEquals(result.ok, true);
 * // The entry is not what was read any more.
 * const second = await store.atomic().check(balance).delete("balance").commit();
 * assertEquals(second.ok, false);
 * ```
 */
export class AtomicOperation {
  readonly #engine: Engine;
  readonly #space: Uint8Array | undefined;
  readonly #checks: { key: Uint8Array; isBucket: boolean; version: number }[] =
    [];
  readonly #writes: (Pick<Change, "key" | "isBucket" | "compression"> & {
    write: Write;
  })[] = [];
  readonly #compression: Compression;

  /** Not for callers: use {@linkcode KeySpace.atomic}. */
  constructor(
    engine: unknown,
    space: Uint8Array | undefined,
    compression: unknown,
  ) {
    if (!(engine instanceof Engine)) {
      throw new TypeError("Cannot construct an atomic operation: call atomic");
    }
    this.#engine = engine;
    this.#space = space;
    this.#compression = compression as Compression;
  }

  #spaceOf(target: BatchTarget | undefined): Uint8Array | undefined {
    const bucket = target?.bucket;
    return bucket === undefined ? this.#space : bucketPrefix(bucket);
  }

  #add(key: Key, target: BatchTarget | undefined, write: Write): this {
    this.#engine.check("add to an atomic operation");
    const space = this.#spaceOf(target);
    this.#writes.push({
      key: copyKey(this.#engine, key, space),
      isBucket: space !== undefined,
      compression: target?.bucket === undefined
        ? this.#compression
        : this.#engine.compression,
      write,
    });
    return this;
  }

  /**
   * Adds checks: each key must have been set last by the commit with the versionstamp,
   * or have no value where that is null. Entries of {@linkcode KeyReader.getEntry} are
   * checks.
   */
  check(...checks: AtomicCheck[]): this {
    this.#engine.check("add to an atomic operation");
    for (const check of checks) {
      const { key, versionstamp } = check;
      const space = this.#spaceOf(check);
      this.#checks.push({
        key: copyKey(this.#engine, key, space),
        isBucket: space !== undefined,
        version: versionstamp === null ? 0 : readVersionstamp(versionstamp),
      });
    }
    return this;
  }

  /** Adds the setting of a key. Its time to expire starts with the commit. */
  set(key: Key, value: Value, options?: SetOptions & BatchTarget): this {
    const expireIn = readExpireIn(options);
    const copy = copyValue(value);
    return this.#add(key, options, { kind: "set", value: copy, expireIn });
  }

  /** Adds the deletion of a key. */
  delete(key: Key, options?: BatchTarget): this {
    return this.#add(key, options, { kind: "delete" });
  }

  /**
   * Adds `n` to a counter: an unsigned 64-bit number, which wraps around. A key
   * without a value counts from 0; `expireIn` is for it alone, as a counter keeps the
   * time at which it expires.
   */
  sum(key: Key, n: bigint, options?: SetOptions & BatchTarget): this {
    return this.#count(key, "sum", n, options);
  }

  /** Makes a counter `n` if it is larger, or if the key has no value. */
  min(key: Key, n: bigint, options?: SetOptions & BatchTarget): this {
    return this.#count(key, "min", n, options);
  }

  /** Makes a counter `n` if it is smaller, or if the key has no value. */
  max(key: Key, n: bigint, options?: SetOptions & BatchTarget): this {
    return this.#count(key, "max", n, options);
  }

  #count(
    key: Key,
    operation: CounterOperation,
    n: bigint,
    options: (SetOptions & BatchTarget) | undefined,
  ): this {
    checkOperand(n, operation);
    return this.#add(key, options, {
      kind: "change",
      change: (value) => count(value, operation, n),
      expireIn: readExpireIn(options),
    });
  }

  /**
   * Adds a change of a key by `merge`, which is called in the commit with the value
   * that the key has then. The key keeps the time at which it expires.
   */
  merge(
    key: Key,
    operand: Value,
    merge: Merge,
    options?: SetOptions & BatchTarget,
  ): this {
    if (typeof merge !== "function") {
      throw new TypeError("Cannot merge: merge must be a function");
    }
    const copy = copyValue(operand);
    return this.#add(key, options, {
      kind: "change",
      change: (value) => copyValue(merge(value, copy)),
      expireIn: readExpireIn(options),
    });
  }

  /**
   * Writes everything in one step if all checks hold.
   *
   * @returns Whether it took effect, and the versionstamp if it did.
   * @throws {StoreError} `BATCH_TOO_LARGE` if the writes do not fit in one segment,
   * `NOT_A_COUNTER` if a key that is to count has another value; nothing is written
   * then.
   */
  commit(): Promise<CommitResult | CommitError> {
    try {
      const engine = this.#engine;
      engine.check("commit an atomic operation");
      // What a poisoned store refuses it refuses before it reads anything.
      if (this.#writes.length > 0) engine.writer.syncer.check();
      if (!this.#holds()) {
        return engine.queue.doneFalse.then(() => ({ ok: false }));
      }
      const now = engine.now();
      const version = this.#resolve().commit(engine, now);
      const versionstamp = writeVersionstamp(version);
      return engine.queue.done.then(() => ({ ok: true, versionstamp }));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #holds(): boolean {
    const engine = this.#engine;
    return this.#checks.every(({ key, isBucket, version }) => {
      loadKey(engine, key, isBucket);
      return readVersion(engine) === version;
    });
  }

  /** What all writes, one after the other, make of the keys as they are now. */
  #resolve(): Changes {
    const engine = this.#engine;
    const changes = new Changes();
    for (const { key, isBucket, compression, write } of this.#writes) {
      const place = { key, isBucket, compression };
      if (write.kind === "set") {
        const { value, expireIn } = write;
        changes.put({ ...place, value, expireIn, expiry: 0 });
      } else if (write.kind === "delete") {
        changes.put({ ...place, value: undefined, expireIn: 0, expiry: 0 });
      } else {
        loadKey(engine, key, isBucket);
        const before = changes.find(engine) ??
          { ...readState(engine), expireIn: 0 };
        const value = write.change(before.value);
        const { expiry } = before;
        const expireIn = before.value === undefined
          ? write.expireIn
          : before.expireIn;
        changes.put({ ...place, value, expireIn, expiry });
      }
    }
    return changes;
  }
}

/**
 * The reads of a history, in every way there is, compared with the model.
 *
 * @module
 */

import type { KeySpace } from "../../src/store/key_space.ts";
import type { Store } from "../../src/store/store.ts";
import type { Machine } from "./machine.ts";
import type { ListOptions } from "../../src/store/types.ts";
import type { Model, Observed } from "./model.ts";
import {
  type Address,
  brief,
  type Change,
  isInRange,
  type Operation,
  type RangeRead,
  showValue,
  split,
  textOf,
} from "./operations.ts";
import type { Session } from "./session.ts";

type Listing = Extract<Operation, { op: "list" }>;

/** Bytes of the longest value. */
const TARGET_BYTES = 1 << 20;

const decoder = new TextDecoder();
const target = new Uint8Array(TARGET_BYTES);

/** The key space that an address is in, and its key there. */
export function spaceOf(
  store: Store,
  at: Address,
): { space: KeySpace; key: string } {
  const { bucket, key } = split(at);
  return { space: bucket === "" ? store : store.bucket(bucket), key };
}

/** The text of a key's value. */
export function readText(store: Store, at: Address): string | undefined {
  const { space, key } = spaceOf(store, at);
  const bytes = space.getSync(key);
  return bytes && showValue(at, bytes);
}

/** What a store holds of a key now, versions included. */
export function observe(store: Store, at: Address): Observed {
  const { space, key } = spaceOf(store, at);
  const { value, versionstamp } = space.getEntry(key);
  return value && {
    value: Number.parseInt(showValue(at, value)),
    version: Number.parseInt(versionstamp!, 16),
  };
}

/** A range as the store takes it, without the bucket. */
export function optionsOf(range: RangeRead): ListOptions {
  const { bucket: _, ...options } = range;
  return options;
}

/** The entries that a range has in contents, as texts. */
export function listed(
  addresses: Iterable<Address>,
  range: RangeRead,
  textOf: (at: Address) => string | undefined,
): string[] {
  const found = [...addresses]
    .filter((at) => isInRange(at, range) && textOf(at) !== undefined)
    .toSorted()
    .map((at) => `${split(at).key}=${textOf(at)}`);
  if (range.reverse) found.reverse();
  return found.slice(0, range.limit);
}

/** An entry that was listed, as text. */
export function showEntry(
  [key, value]: readonly [Uint8Array, Uint8Array],
): string {
  const name = decoder.decode(key);
  return `${name}=${showValue(`/${name}`, value)}`;
}

/** Throws unless two lists of entries are the same. */
export function compareLists(
  what: string,
  found: readonly string[],
  expected: readonly string[],
): void {
  for (let i = 0; i < Math.max(found.length, expected.length); i++) {
    if (found[i] === expected[i]) continue;
    throw new Error(
      `${what}: entry ${i} of ${found.length} is ${brief(found[i])}, ` +
        `expected ${brief(expected[i])} of ${expected.length}`,
    );
  }
}

/** Makes reads. */
export class Reads {
  readonly #session: Session;
  readonly #store: Store;
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #addresses: Address[];

  constructor(
    session: Session,
    model: Model,
    machine: Machine,
    addresses: Address[],
  ) {
    this.#session = session;
    this.#store = session.store;
    this.#model = model;
    this.#machine = machine;
    this.#addresses = addresses;
  }

  /** What a read of a key must give now. */
  expected(at: Address): string | undefined {
    const known = this.#model.get(at, this.#session.engine.now());
    return known && textOf(known.value, known.length);
  }

  /** Reads the first key in every way, all of them in one. */
  async get(keys: Address[]): Promise<void> {
    const { errors } = this.#machine;
    try {
      const first = keys[0]!;
      const { space, key } = spaceOf(this.#store, first);
      for (
        const [way, bytes] of [
          ["getView", space.getView(key)?.slice()],
          ["getInto", target.subarray(0, space.getInto(key, target) ?? 0)],
        ] as const
      ) this.#compare(way, first, bytes?.length ? bytes : undefined);
      if (space.has(key) !== (this.expected(first) !== undefined)) {
        throw new Error(`has ${first}: it tells otherwise than get`);
      }
      const expected = keys.map((at) => this.expected(at));
      const found = keys.map((at) => {
        const { space, key } = spaceOf(this.#store, at);
        return keys.length === 1
          ? space.get(key)
          : space.getMany([key]).then(([bytes]) => bytes);
      });
      const values = await this.#session.wait("get", Promise.all(found));
      for (const [i, bytes] of values.entries()) {
        const text = bytes && showValue(keys[i]!, bytes);
        if (text !== expected[i]) {
          throw new Error(`get ${keys[i]}: ${text}, expected ${expected[i]}`);
        }
      }
    } catch (error) {
      this.#session.expectError("get", error, errors, false);
    }
  }

  #compare(way: string, at: Address, bytes: Uint8Array | undefined): void {
    const text = bytes && showValue(at, bytes);
    const expected = this.expected(at);
    if (text === expected) return;
    throw new Error(`${way} ${at}: ${text}, expected ${expected}`);
  }

  async list(
    call: Listing,
    change: (change: Change) => void,
  ): Promise<void> {
    const { bucket, prefix, limit, changes } = call;
    const { errors } = this.#machine;
    const { space } = spaceOf(this.#store, `${bucket}/`);
    const list = space.list({
      prefix,
      ...(limit === undefined ? {} : { limit }),
    });
    const waiting = changes.slice();
    let expected: string[] | undefined;
    try {
      for (;;) {
        const promise = list.next();
        // The list is of the moment at which it began.
        expected ??= this.#listed(call);
        const result = await this.#session.wait("list", promise);
        if (result.done) break;
        const entry = showEntry(result.value);
        const first = expected.shift();
        if (entry !== first) {
          throw new Error(`list: ${entry}, expected ${first}`);
        }
        const next = waiting.shift();
        if (next !== undefined) change(next);
        await this.#session.settle();
      }
      if (expected.length > 0) throw new Error(`list: ${expected} is missing`);
    } catch (error) {
      this.#session.expectError("list", error, errors, false);
    }
  }

  #listed({ bucket, prefix, limit }: Listing): string[] {
    return listed(
      this.#addresses,
      { bucket, prefix, ...(limit === undefined ? {} : { limit }) },
      (at) => this.expected(at),
    );
  }

  /** Lists a range at once, counts it, and lists its keys by pages. */
  async range(range: RangeRead): Promise<void> {
    const { errors } = this.#machine;
    const { space } = spaceOf(this.#store, `${range.bucket}/`);
    const options = optionsOf(range);
    const { limit: _, ...whole } = range;
    const expected = () =>
      listed(this.#addresses, range, (at) => this.expected(at));
    try {
      const found = [...space.listSync(options)].map(showEntry);
      // Only now, for what was pending may have been undone first.
      compareLists("range", found, expected());
      const all = listed(this.#addresses, whole, (at) => this.expected(at));
      const count = await this.#session.wait(
        "count",
        space.count(optionsOf(whole)),
      );
      if (count !== all.length) {
        throw new Error(`count: ${count}, expected ${all.length}`);
      }
      const keys: string[] = [];
      for (let cursor = "";;) {
        const page = space.listSync({
          ...optionsOf(whole),
          cursor,
          limit: 3,
          keysOnly: true,
        });
        const before = keys.length;
        for (const [key] of page) keys.push(decoder.decode(key));
        if (keys.length === before) break;
        cursor = page.cursor;
      }
      const names = all.map((entry) => entry.slice(0, entry.indexOf("=")));
      compareLists("pages", keys, names);
    } catch (error) {
      this.#session.expectError("range", error, errors, false);
    }
  }
}

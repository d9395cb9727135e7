/**
 * The reads of a history, in every way there is, compared with the model.
 *
 * @module
 */

import type { KeySpace } from "../../src/store/key_space.ts";
import type { Store } from "../../src/store/store.ts";
import type { Machine } from "./machine.ts";
import type { Model } from "./model.ts";
import {
  type Address,
  type Change,
  type Operation,
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
  return bytes && decoder.decode(bytes);
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
        const text = bytes && decoder.decode(bytes);
        if (text !== expected[i]) {
          throw new Error(`get ${keys[i]}: ${text}, expected ${expected[i]}`);
        }
      }
    } catch (error) {
      this.#session.expectError("get", error, errors, false);
    }
  }

  #compare(way: string, at: Address, bytes: Uint8Array | undefined): void {
    const text = bytes && decoder.decode(bytes);
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
        const entry = result.value.map((bytes) => decoder.decode(bytes)).join(
          "=",
        );
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
    return this.#addresses
      .filter((at) => at.startsWith(`${bucket}/${prefix}`))
      .toSorted()
      .map((at) => [split(at).key, this.expected(at)])
      .filter(([, text]) => text !== undefined)
      .slice(0, limit)
      .map((entry) => entry.join("="));
  }
}

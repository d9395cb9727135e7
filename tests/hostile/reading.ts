/**
 * Reading all that a mutant holds, and judging it by the history of its store.
 *
 * @module
 */

import type { KeyReader } from "../../src/store/key_reader.ts";
import { areEqual, splitName } from "./store_maker.ts";
import type { Dice } from "./dice.ts";
import { Violation } from "./meters.ts";
import type { Mutant } from "./mutant.ts";

/**
 * What was read of each key: the number of the value in the history of its store, or
 * that it is another store's, none that is known, or cannot be read. Keys that are
 * not there are not in it.
 */
export type State = Map<string, number | "other store" | "unknown" | "error">;

/** What is read: a store, or a reader of one. */
export type Readable = KeyReader & { bucket(name: string): KeyReader };

/** A count, roughly. */
export function signOf(count: number): string {
  return count === 0 ? "0" : `${Math.floor(Math.log2(count))}`;
}

/** All keys that may be there. */
function namesOf({ stores }: Mutant): Set<string> {
  const names = new Set<string>();
  for (const { values } of stores) {
    for (const name of values.keys()) names.add(name);
  }
  return names;
}

/** What `value` is to the history of `name`. */
function judge(
  mutant: Mutant,
  name: string,
  value: Uint8Array,
): number | "other store" | "unknown" {
  const own = mutant.base.values.get(name) ?? [];
  const number = own.findIndex((known) => areEqual(known, value));
  if (number >= 0) return number;
  for (const { values } of mutant.stores) {
    const others = values.get(name) ?? [];
    if (others.some((known) => areEqual(known, value))) return "other store";
  }
  if (mutant.trust === "any") return "unknown";
  const text = new TextDecoder().decode(value.subarray(0, 50));
  throw new Violation(`A wrong value of ${name}: ${text}`);
}

/** Reads every key, one by one and as a list. */
export async function readState(
  mutant: Mutant,
  store: Readable,
  dice: Dice,
  onError: (error: unknown) => void,
): Promise<State> {
  const state: State = new Map();
  for (const name of namesOf(mutant)) {
    const { bucket, key } = splitName(name);
    const space = bucket === undefined ? store : store.bucket(bucket);
    try {
      const isThere = space.has(key);
      const value = dice.chance(0.5)
        ? space.getSync(key)
        : await space.get(key);
      if (isThere !== (value !== undefined)) {
        throw new Violation(`${name} is there for one call and not another`);
      }
      if (value !== undefined) state.set(name, judge(mutant, name, value));
    } catch (error) {
      onError(error);
      state.set(name, "error");
    }
  }
  for (const bucket of [undefined, "users"]) {
    await readList(mutant, store, bucket, state, onError);
  }
  return state;
}

/** A list must say the same as the single reads did, unless the index may lie. */
async function readList(
  mutant: Mutant,
  store: Readable,
  bucket: string | undefined,
  state: State,
  onError: (error: unknown) => void,
): Promise<void> {
  const { isForged } = mutant;
  const space = bucket === undefined ? store : store.bucket(bucket);
  const names = new Set<string>();
  const nameOf = (key: Uint8Array) => {
    const text = new TextDecoder().decode(key);
    return bucket === undefined ? text : `${bucket}/${text}`;
  };
  try {
    for await (const [key] of space.list({ keysOnly: true })) {
      const name = nameOf(key);
      if (name.startsWith("fresh ")) continue;
      names.add(name);
      if (!isForged && !state.has(name)) {
        throw new Violation(`${name} is listed but not there`);
      }
    }
    for await (const [key, value] of space.list()) {
      const name = nameOf(key);
      if (name.startsWith("fresh ")) continue;
      const read = judge(mutant, name, value);
      if (!isForged && read !== state.get(name)) {
        throw new Violation(`${name} is listed with another value than it has`);
      }
    }
  } catch (error) {
    onError(error);
    if (!isForged && ![...state.values()].includes("error")) {
      throw new Violation(`A list cannot be read, each key can: ${error}`);
    }
  }
  if (isForged) return;
  for (const name of state.keys()) {
    if (splitName(name).bucket === bucket && !names.has(name)) {
      throw new Violation(`${name} is there but not listed`);
    }
  }
}

/** The first key that could be read and is another now, if there is one. */
export function mergeReads(before: State, after: State): string | undefined {
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(name);
    if (was !== "error" && was !== after.get(name)) {
      return `${name} (${was}, then ${after.get(name)})`;
    }
  }
  return undefined;
}

/** Checks that what could be read is the store as it was after some commit. */
export function checkPrefix({ base, trust }: Mutant, state: State): void {
  if (trust !== "whole" && trust !== "prefix") return;
  const last = base.moments.length - 1;
  const first = trust === "whole" ? last : 0;
  for (let number = last; number >= first; number--) {
    const moment = base.moments[number]!;
    const isIt = [...state].every(([name, value]) =>
      (value === "error" && trust === "prefix") || moment.get(name) === value
    ) && [...moment.keys()].every((name) =>
      state.has(name)
    );
    if (isIt) return;
  }
  const found = [...state].map(([name, value]) => `${name}=${value}`).join(" ");
  throw new Violation(
    trust === "whole"
      ? `Something is missing: ${found}`
      : `It is not the store after any commit: ${found}`,
  );
}

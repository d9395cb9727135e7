/**
 * The indexes that a collection's bucket has, and whether they are those that were
 * asked for. The list lies under a key of its own, in CBOR, and is compared before
 * every use of an index: another object over the same bucket may have changed it.
 *
 * Each index has a number that stands in the keys of its entries in place of its name.
 * A number is not used again, so what is left of an old index is never taken for a
 * new one.
 *
 * @module
 */

import type { KeySpace } from "../store/key_space.ts";
import { IndexesChangedError, UnreadableValueError } from "./errors.ts";
import { type ResolvedIndex, sameBytes } from "./index_definition.ts";
import { CATALOGUE_KEY, stemStart } from "./item.ts";
import { decodeValue, encodeValue } from "./value_codec.ts";

const FORMAT = 1;

/** An index as the list has it. */
interface ListedIndex {
  id: number;
  name: string;
  unique: boolean;
  multi: boolean;
  version: number;
}

/** The list, as it is stored. */
interface Catalogue {
  format: number;
  /** False from the start of a rebuild to its end. */
  built: boolean;
  nextId: number;
  indexes: ListedIndex[];
}

/** What is known of the list that was read last. */
interface Known {
  /** Its bytes; `undefined` if there is none. */
  bytes: Uint8Array | undefined;
  catalogue: Catalogue;
  /** What the stems of each index begin with, if the list is the one asked for. */
  starts: ReadonlyMap<ResolvedIndex, Uint8Array>;
  /** What differs, for people; `undefined` if nothing does. */
  difference: string | undefined;
}

/** What a write needs to know of the indexes. */
export interface WritableIndexes {
  /** What the stems of each index begin with. */
  readonly starts: ReadonlyMap<ResolvedIndex, Uint8Array>;
  /** The list if it is yet to be written: it must go into the batch of the write. */
  readonly unwritten: Uint8Array | undefined;
}

/** The list of one bucket, held against what was asked for. */
export class IndexCatalogue {
  readonly #bucket: KeySpace;
  readonly #name: string;
  readonly #asked: readonly ResolvedIndex[];
  /** The list of a new collection. */
  readonly #fresh: Catalogue;
  readonly #freshBytes: Uint8Array;
  #known: Known | undefined;

  /** Nothing is read or written yet. */
  constructor(
    bucket: KeySpace,
    name: string,
    asked: readonly ResolvedIndex[],
  ) {
    this.#bucket = bucket;
    this.#name = name;
    this.#asked = asked;
    const indexes = asked.map((index, id) => ({ ...listed(index), id }));
    const nextId = indexes.length;
    this.#fresh = { format: FORMAT, built: true, nextId, indexes };
    // Not at the first write: the bytes of its value are in the encoder then.
    this.#freshBytes = encode(this.#fresh);
  }

  /** The index of that name. */
  find(name: string): ResolvedIndex {
    const index = this.#asked.find((one) => one.name === name);
    if (index !== undefined) return index;
    const names = this.#asked.map((one) => one.name).join(", ") || "none";
    throw new TypeError(
      `Cannot look up ${this.#name} by ${name}: ` +
        `there is no such index (there is ${names})`,
    );
  }

  /**
   * What a write needs to know.
   *
   * @throws {IndexesChangedError} If the indexes are not those asked for.
   */
  forWriting(action: string): WritableIndexes {
    const { difference, bytes, starts } = this.#read();
    if (difference !== undefined) {
      throw new IndexesChangedError(this.#name, action, difference);
    }
    return {
      starts,
      unwritten: bytes === undefined ? this.#freshBytes : undefined,
    };
  }

  /**
   * What the stems of an index begin with, for a look-up.
   *
   * @throws {IndexesChangedError} If the index may be incomplete.
   */
  forReading(index: ResolvedIndex, action: string): Uint8Array {
    const { difference, starts, catalogue } = this.#read();
    if (difference === undefined && catalogue.built) return starts.get(index)!;
    throw new IndexesChangedError(
      this.#name,
      action,
      difference ?? "its indexes are not built to the end",
    );
  }

  /**
   * The list of what was asked for, as not yet built. An index that is as it was keeps
   * its number, and so its entries.
   */
  beginRebuild(): Uint8Array {
    const { nextId, indexes } = this.#read().catalogue;
    let id = nextId;
    const asked = this.#asked.map((index): ListedIndex => {
      const old = indexes.find((one) => isSame(one, index));
      return { ...listed(index), id: old?.id ?? id++ };
    });
    asked.sort((a, b) => a.id - b.id);
    return encode({ format: FORMAT, built: false, nextId: id, indexes: asked });
  }

  /** The same list as built. */
  endRebuild(): Uint8Array {
    return encode({ ...this.#read().catalogue, built: true });
  }

  #read(): Known {
    const bytes = this.#bucket.getView(CATALOGUE_KEY);
    const known = this.#known;
    if (known !== undefined) {
      const isUnchanged = bytes === undefined
        ? known.bytes === undefined
        : known.bytes !== undefined && sameBytes(bytes, known.bytes);
      if (isUnchanged) return known;
    }
    const copy = bytes?.slice();
    const catalogue = copy === undefined ? this.#fresh : this.#decode(copy);
    return this.#known = {
      bytes: copy,
      catalogue,
      ...this.#compare(catalogue.indexes),
    };
  }

  #decode(bytes: Uint8Array): Catalogue {
    let decoded: unknown;
    try {
      decoded = decodeValue(bytes, 0);
    } catch (cause) {
      throw new UnreadableValueError(this.#name, undefined, cause);
    }
    if (isCatalogue(decoded)) return decoded;
    throw new UnreadableValueError(
      this.#name,
      undefined,
      new RangeError("another version of the library may have written it"),
    );
  }

  #compare(
    indexes: readonly ListedIndex[],
  ): Pick<Known, "starts" | "difference"> {
    const starts = new Map<ResolvedIndex, Uint8Array>();
    const differences: string[] = [];
    for (const index of this.#asked) {
      const found = indexes.find((one) => one.name === index.name);
      if (found === undefined) differences.push(`${index.name} is new`);
      else if (!isSame(found, index)) {
        differences.push(`${index.name} has changed`);
      } else starts.set(index, stemStart(found.id, found.unique));
    }
    for (const { name } of indexes) {
      if (!this.#asked.some((index) => index.name === name)) {
        differences.push(`${name} is gone`);
      }
    }
    return {
      starts,
      difference: differences.length === 0
        ? undefined
        : `its indexes are not those it was written with (${
          differences.join(", ")
        })`,
    };
  }
}

function listed(index: ResolvedIndex): Omit<ListedIndex, "id"> {
  const { name, unique, multi, version } = index;
  return { name, unique, multi, version };
}

function isSame(found: ListedIndex, index: ResolvedIndex): boolean {
  return found.name === index.name && found.unique === index.unique &&
    found.multi === index.multi && found.version === index.version;
}

function encode(catalogue: Catalogue): Uint8Array {
  return new Uint8Array(encodeValue(catalogue, "write the list of indexes"));
}

function isCatalogue(value: unknown): value is Catalogue {
  if (typeof value !== "object" || value === null) return false;
  const { format, built, nextId, indexes } = value as Partial<Catalogue>;
  return format === FORMAT && typeof built === "boolean" &&
    isNumber(nextId) && Array.isArray(indexes) &&
    indexes.every((one: unknown) => isListedIndex(one, nextId));
}

function isListedIndex(value: unknown, nextId: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, unique, multi, version } = value as Partial<ListedIndex>;
  return isNumber(id) && id < nextId && typeof name === "string" &&
    typeof unique === "boolean" && typeof multi === "boolean" &&
    isNumber(version);
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 &&
    (value as number) < 2 ** 31;
}

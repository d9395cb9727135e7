/**
 * Listing: the entries of a range as of one moment, in the order of their keys. Keys
 * are taken page by page and values one by one, so a list costs what is read of it.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { ReadEngine } from "../engine/read_engine.ts";
import type { Moment } from "../engine/history.ts";
import {
  keepMoment,
  type Place,
  placeOfListed,
  readPlace,
  readPlaceSync,
} from "../engine/moment_reader.ts";
import {
  completeView,
  completeViewAsync,
  type KeyRange,
  RangeScan,
} from "../engine/range_scan.ts";
import { goOnFrom, readLimit, readRange, writeCursor } from "./range.ts";
import type {
  Entry,
  KeyOnlyEntry,
  ListIterator,
  ListOptions,
  ListSyncIterator,
} from "./types.ts";

const KEYS_A_PAGE = 128;

type AnyEntry = Entry | KeyOnlyEntry;

/** One listing: what is asked for, and how far it is. */
class Listing {
  readonly engine: ReadEngine;
  readonly space: Uint8Array | undefined;
  readonly range: KeyRange;
  readonly isReverse: boolean;
  readonly keysOnly: boolean;
  readonly signal: AbortSignal | undefined;
  remaining: number;
  last: Uint8Array | undefined;
  readonly #cursorBefore: string;
  readonly #given: Moment | undefined;
  #moment: Moment | undefined;
  #scan: RangeScan | undefined;
  #page: Uint8Array[] = [];
  #at = 0;

  constructor(
    engine: ReadEngine,
    space: Uint8Array | undefined,
    options: ListOptions,
    moment: Moment | undefined,
  ) {
    const { cursor, reverse = false, keysOnly = false, signal } = options;
    const range = readRange(space, options);
    this.engine = engine;
    this.space = space;
    this.range = cursor === undefined || cursor === ""
      ? range
      : goOnFrom(range, space, cursor, reverse);
    this.isReverse = reverse;
    this.keysOnly = keysOnly;
    this.signal = signal;
    this.remaining = readLimit(options.limit);
    this.#cursorBefore = cursor ?? "";
    this.#given = moment;
  }

  /** Where a later listing goes on. */
  get cursor(): string {
    return this.last === undefined
      ? this.#cursorBefore
      : writeCursor(this.last);
  }

  check(): void {
    this.signal?.throwIfAborted();
    if (this.engine.status !== "open") throw new StoreClosedError("list keys");
    if (this.#moment?.isKept === false) {
      throw new StoreClosedError("list keys", "its moment is over");
    }
  }

  begin(): void {
    const { engine } = this;
    this.#moment = this.#given ?? keepMoment(engine);
    this.#scan = new RangeScan(
      engine,
      this.#moment,
      this.range,
      this.isReverse,
    );
  }

  /** Fetches a page if need be; false if it brought no key though others follow. */
  fetch(): boolean {
    if (this.#at < this.#page.length) return true;
    if (this.#scan!.isDone || this.remaining <= 0) return true;
    this.#page = this.#scan!.next(Math.min(KEYS_A_PAGE, this.remaining));
    this.#at = 0;
    return this.#page.length > 0 || this.#scan!.isDone;
  }

  /** True before the first key of a page is taken. */
  get isAtPageStart(): boolean {
    return this.#at === 0;
  }

  /** The next key, bucket's name included. */
  take(): Uint8Array | undefined {
    if (this.remaining <= 0) return undefined;
    const key = this.#page[this.#at++];
    if (key === undefined) return undefined;
    this.remaining--;
    return key;
  }

  /** Where the value of a key that {@linkcode take} gave lies now. */
  place(key: Uint8Array): Place {
    const { engine } = this;
    engine.key.loadRecord(key, 0, key.length, this.space !== undefined);
    // The moment is kept, so what had a value there has it still.
    return placeOfListed(engine, this.#moment!);
  }

  /** The caller's part of a key. */
  own(key: Uint8Array): Uint8Array {
    return this.last = this.space === undefined
      ? key
      : key.slice(this.space.length);
  }

  end(): void {
    if (this.#moment !== undefined && this.#given === undefined) {
      this.engine.ledger.history.drop(this.#moment);
    }
  }
}

async function* generate(listing: Listing): AsyncGenerator<AnyEntry> {
  const { engine } = listing;
  listing.check();
  listing.begin();
  try {
    const { host } = engine.log;
    if (listing.remaining > 0) await completeViewAsync(engine, listing.signal);
    for (;;) {
      listing.check();
      if (!listing.fetch()) {
        if (host.shouldBreathe()) await host.breathe();
        continue;
      }
      if (listing.isAtPageStart && host.shouldBreathe()) {
        await host.breathe();
        listing.check();
      }
      const key = listing.take();
      if (key === undefined) return;
      if (listing.keysOnly) {
        yield [listing.own(key), undefined];
      } else {
        const value = readPlace(engine, listing.place(key));
        const owned = value instanceof Uint8Array ? value : await value;
        yield [listing.own(key), owned];
      }
    }
  } finally {
    listing.end();
  }
}

function* generateSync(listing: Listing): Generator<AnyEntry> {
  const { engine } = listing;
  listing.check();
  listing.begin();
  try {
    if (listing.remaining > 0) completeView(engine);
    for (;;) {
      listing.check();
      if (!listing.fetch()) continue;
      const key = listing.take();
      if (key === undefined) return;
      const value = listing.keysOnly
        ? undefined
        : readPlaceSync(engine, listing.place(key));
      yield [listing.own(key), value] as AnyEntry;
    }
  } finally {
    listing.end();
  }
}

/** Lists the entries of a key space, as of `moment` or of the first entry. */
export function listEntries(
  engine: ReadEngine,
  space: Uint8Array | undefined,
  options: ListOptions,
  moment?: Moment,
): ListIterator<AnyEntry> {
  const listing = new Listing(engine, space, options, moment);
  const generator = generate(listing);
  return {
    get cursor(): string {
      return listing.cursor;
    },
    next: () => generator.next(),
    return: () => generator.return(undefined),
    throw: (error) => generator.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The same on this thread. */
export function listEntriesSync(
  engine: ReadEngine,
  space: Uint8Array | undefined,
  options: ListOptions,
  moment?: Moment,
): ListSyncIterator<AnyEntry> {
  const listing = new Listing(engine, space, options, moment);
  const generator = generateSync(listing);
  return {
    get cursor(): string {
      return listing.cursor;
    },
    next: () => generator.next(),
    return: () => generator.return(undefined),
    throw: (error) => generator.throw(error),
    [Symbol.iterator]() {
      return this;
    },
  };
}

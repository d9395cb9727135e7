/**
 * Writers that go on through a fault, and books of what they were told.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import { inTime, until } from "./servers.mjs";

const WRITERS = 8;

/** The text of bytes, or `undefined` for absence. */
export function text(bytes) {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Writes keys of its own, each writer one call after the other. */
export class Load {
  /** Calls that were acknowledged. */
  acknowledged = 0;
  /** How often each code was met. */
  errors = {};
  /** What each key must have: one of these texts. */
  #expected = new Map();
  #isOver = false;
  #writers;

  constructor(backend, bucket) {
    this.backend = backend;
    this.bucket = bucket;
    this.#writers = Array.from({ length: WRITERS }, (_, i) => this.#write(i));
  }

  /** Keys that were written, or may have been. */
  get keys() {
    return this.#expected.size;
  }

  /** Waits until so many calls are acknowledged. */
  until(count) {
    return until(() => this.acknowledged >= count);
  }

  /** Lets the writers come to their end. */
  async end() {
    this.#isOver = true;
    await inTime(Promise.all(this.#writers), "the writers end");
  }

  /** The keys that do not have what was acknowledged. */
  async lost() {
    const keys = [...this.#expected.keys()];
    const found = await this.backend.kvStore.getValues(this.bucket, keys);
    return keys.filter((key, i) =>
      !this.#expected.get(key).has(text(found[i]))
    );
  }

  async #write(writer) {
    const { kvStore, filter } = this.backend;
    for (let i = 0; !this.#isOver; i++) {
      // New keys, and old ones that get another value.
      const key = `${writer}:${i % 3 === 0 ? i : i % 50}`;
      if (i % 7 === 0) {
        const once = `once ${writer}:${i}`;
        await this.#call(once, "0", async () => {
          if (await filter.checkThenAdd(this.bucket, once)) {
            throw Object.assign(new Error(once), { code: "NOT_THE_FIRST" });
          }
        });
      } else if (i % 5 === 1) {
        // Not awaited one by one: the last one must stay.
        await Promise.all(Array.from({ length: 5 }, (_, n) => {
          const value = `${writer}:${i}.${n}`;
          return this.#call(
            key,
            value,
            () => kvStore.addValue(this.bucket, key, value),
          );
        }));
      } else {
        const value = `${writer}:${i}`;
        await this.#call(
          key,
          value,
          () => kvStore.addValue(this.bucket, key, value),
        );
      }
      const known = this.#expected.get(key);
      if (known === undefined) continue;
      const value = text(
        await kvStore.getValue(this.bucket, key).catch(() => undefined),
      );
      // Reads tell what is there now; what is lost is looked for at the end.
      if (value !== undefined && !known.has(value)) this.#count("WRONG_VALUE");
    }
  }

  async #call(key, value, act) {
    try {
      await act();
      this.#expected.set(key, new Set([value]));
      this.acknowledged++;
    } catch (error) {
      if (error.code === "CLOSED") this.#isOver = true;
      this.#count(error.code ?? String(error));
      // It was done or was not; before that, the key had one of these.
      const before = this.#expected.get(key) ?? new Set([undefined]);
      this.#expected.set(key, before.add(value));
    }
  }

  #count(code) {
    this.errors[code] = (this.errors[code] ?? 0) + 1;
  }
}

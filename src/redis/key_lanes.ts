/**
 * Keeps calls for one key in the order they were made.
 *
 * One connection answers in order, but a command that was redirected or tried again
 * comes after those that were not. So a call waits for the writes of its key that are
 * still under way; calls for other keys pass.
 *
 * @module
 */

/** The writes under way, by key. */
export class KeyLanes {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Keys that are being written to. */
  get size(): number {
    return this.#tails.size;
  }

  /** Waits until no write is under way. */
  async drained(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  /** Reads after the writes of `key` that were asked for before. */
  read<T>(key: string, act: () => Promise<T>): Promise<T> {
    const tail = this.#tails.get(key);
    return tail === undefined ? act() : tail.then(act);
  }

  /** Writes after the writes of `key` that were asked for before. */
  write<T>(key: string, act: () => Promise<T>): Promise<T> {
    const tail = this.#tails.get(key);
    const written = tail === undefined ? act() : tail.then(act);
    const settled = written.then(ignore, ignore).then(() => {
      if (this.#tails.get(key) === settled) this.#tails.delete(key);
    });
    this.#tails.set(key, settled);
    return written;
  }
}

function ignore(): void {}

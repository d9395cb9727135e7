/**
 * Writes under way, some at a time: one system call serves them all, and no more of
 * them wait in memory.
 *
 * @module
 */

const WRITES_MAX = 128;

/** The writes of a long work that are not done yet. */
export class WriteWindow {
  #writes: Promise<unknown>[] = [];

  /** Takes a write; waits for those so far once there are many. */
  async add(write: Promise<unknown>): Promise<void> {
    // Whoever waits is told; if the work ends before, nobody need be.
    write.catch(() => {});
    this.#writes.push(write);
    if (this.#writes.length >= WRITES_MAX) await this.settle();
  }

  /**
   * Waits for all writes.
   *
   * @throws What the first write was refused with.
   */
  async settle(): Promise<void> {
    const writes = this.#writes;
    this.#writes = [];
    await Promise.all(writes);
  }
}

/**
 * Which entry expires next: a binary heap of (time, pointer) in two arrays.
 *
 * An entry whose expiry moves later keeps its old place and is queued again when
 * that comes up, so refreshing a key costs nothing here. Places of entries that are
 * gone are dropped when they come up, or when they outnumber the others.
 *
 * @module
 */

/** Times and pointers, the earliest first. */
export class ExpiryQueue {
  #times = new Float64Array(64);
  #pointers = new Uint32Array(64);
  #size = 0;

  /** Places in the queue, those of entries long gone included. */
  get size(): number {
    return this.#size;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#times.byteLength + this.#pointers.byteLength;
  }

  /** The earliest time, or `Infinity` when the queue is empty. */
  get nextTime(): number {
    return this.#size === 0 ? Infinity : this.#times[0]!;
  }

  /** The pointer queued under the earliest time. */
  get nextPointer(): number {
    return this.#pointers[0]!;
  }

  /** Queues `pointer` under `time`. */
  add(time: number, pointer: number): void {
    if (this.#size === this.#times.length) {
      const times = new Float64Array(this.#size * 2);
      const pointers = new Uint32Array(this.#size * 2);
      times.set(this.#times);
      pointers.set(this.#pointers);
      this.#times = times;
      this.#pointers = pointers;
    }
    this.#siftUp(this.#size++, time, pointer);
  }

  /** Drops the earliest place. */
  drop(): void {
    const last = --this.#size;
    if (last > 0) {
      this.#siftDown(this.#times[last]!, this.#pointers[last]!);
    }
  }

  /** Keeps only the places for which `isValid` holds. */
  keep(isValid: (time: number, pointer: number) => boolean): void {
    const count = this.#size;
    this.#size = 0;
    for (let i = 0; i < count; i++) {
      const time = this.#times[i]!;
      const pointer = this.#pointers[i]!;
      // The places kept so far never outrun the one being read.
      if (isValid(time, pointer)) this.#siftUp(this.#size++, time, pointer);
    }
  }

  #siftUp(at: number, time: number, pointer: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#times[at] = this.#times[parent]!;
      this.#pointers[at] = this.#pointers[parent]!;
      at = parent;
    }
    this.#times[at] = time;
    this.#pointers[at] = pointer;
  }

  #siftDown(time: number, pointer: number): void {
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#size) break;
      if (
        child + 1 < this.#size && this.#times[child + 1]! < this.#times[child]!
      ) child++;
      if (this.#times[child]! >= time) break;
      this.#times[at] = this.#times[child]!;
      this.#pointers[at] = this.#pointers[child]!;
      at = child;
    }
    this.#times[at] = time;
    this.#pointers[at] = pointer;
  }
}

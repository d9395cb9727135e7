/**
 * Tells a listener what happens to a store.
 *
 * Events happen in the middle of an append, a rotation or a run of the garbage
 * collector, where nobody may call the store. So they are told in a microtask, after
 * the step in which they happened and in its order. Whatever the listener then does or
 * throws, the store is none the worse for it.
 *
 * @module
 */

import type { Host } from "../fs/file_system.ts";
import type { EventFacts, StoreEvent, StoreListener } from "./store_event.ts";

/** Tells the events of one store, in their order. */
export class Announcer {
  readonly #path: string;
  readonly #host: Host;
  readonly #listener: StoreListener;
  #waiting: StoreEvent[] = [];
  #hasReported = false;

  /** An announcer for the store at `path`. */
  constructor(path: string, host: Host, listener: StoreListener) {
    this.#path = path;
    this.#host = host;
    this.#listener = listener;
  }

  /** Tells the listener soon, and never throws. */
  tell(facts: EventFacts): void {
    const { type, level, ...rest } = facts;
    const at = this.#host.now();
    const event = { type, level, path: this.#path, at, ...rest };
    if (this.#waiting.push(event as StoreEvent) > 1) return;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    const events = this.#waiting;
    this.#waiting = [];
    for (const event of events) {
      try {
        const result: unknown = this.#listener(event);
        // An async function fits the type, and its rejection would end the process.
        if (result instanceof Promise) {
          result.catch((error) => this.#report(error));
        }
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** A mistake of the listener is worth a line, not the program, nor a line each time. */
  #report(error: unknown): void {
    if (this.#hasReported) return;
    this.#hasReported = true;
    console.error(
      `The listener of the store ${this.#path} threw. The store goes on, and so do ` +
        `its events; further errors of the listener are not shown`,
      error,
    );
  }
}

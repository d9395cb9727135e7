/**
 * Hears from every master which keys were written, by whomever: client-side caching of
 * Redis 6 and later, in its broadcasting mode (`CLIENT TRACKING ON BCAST`).
 *
 * Each master is listened to over a connection of its own. While one of them is not
 * there, changes go by unheard. That is told as a gap, when it begins and when it ends:
 * whoever keeps values must take all of them for old.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { inTime } from "./in_time.ts";
import { makeClient } from "./server_connection.ts";
import type { ServerAddress, ServerOptions } from "./server_options.ts";

/** Milliseconds between two looks at which masters there are and whether they answer. */
const LOOK_INTERVAL = 500;
/** Every so many of them the slot map is read: nobody tells of a master that joins. */
const LOOKS_A_MAP = 4;

/** Knows which masters there are. */
export interface Masters {
  /** Them, as far as is known. */
  masters(): ServerAddress[];
  /** Asks the servers. */
  refresh(): Promise<void>;
}

/** Who is told. */
export interface InvalidationListener {
  /** A key was written, deleted or expired. */
  onKey(name: Buffer): void;
  /** Changes may have gone by unheard. */
  onGap(): void;
}

type Client = ReturnType<typeof makeClient>;

/** Listens to all masters. */
export class Invalidations {
  readonly #router: Masters;
  readonly #options: ServerOptions;
  readonly #prefix: Buffer;
  readonly #listener: InvalidationListener;
  readonly #clients = new Map<ServerAddress, Client>();
  readonly #heard = new Set<ServerAddress>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;
  #looks = 0;

  /** Listens for keys that begin with `prefix`, once it is started. */
  constructor(
    router: Masters,
    options: ServerOptions,
    prefix: Buffer,
    listener: InvalidationListener,
  ) {
    this.#router = router;
    this.#options = options;
    this.#prefix = prefix;
    this.#listener = listener;
  }

  /** True while every master that is known of is listened to. */
  get isComplete(): boolean {
    const masters = this.#router.masters();
    return masters.length > 0 &&
      masters.every((address) => this.#heard.has(address));
  }

  /** Begins; what cannot be connected to now is tried again and again. */
  async start(): Promise<void> {
    this.#timer ??= setInterval(() => void this.#look(), LOOK_INTERVAL);
    await this.#look();
  }

  /** Ends all connections. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const address of [...this.#clients.keys()]) this.#leave(address);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    if (++this.#looks % LOOKS_A_MAP === 0) {
      // For the next look; who hangs is found out here and now.
      this.#router.refresh().catch(() => {});
    }
    try {
      const masters = this.#router.masters();
      for (const address of [...this.#clients.keys()]) {
        if (!masters.includes(address)) this.#leave(address);
      }
      await Promise.all(masters.map((address) => {
        const client = this.#clients.get(address);
        return client === undefined
          ? this.#join(address)
          : this.#askForLife(address, client);
      }));
    } finally {
      this.#isLooking = false;
    }
  }

  async #join(address: ServerAddress): Promise<void> {
    const client = makeClient(address, this.#options, {
      RESP: 3,
      emitInvalidate: true,
    });
    client.on("error", () => this.#leave(address, client));
    client.on("invalidate", (name: Buffer | null) => {
      // No name: the server's table was emptied, by FLUSHALL for one.
      if (name === null) this.#listener.onGap();
      else this.#listener.onKey(name);
    });
    this.#clients.set(address, client);
    try {
      await inTime("answer", this.#options.connectTimeout, async () => {
        await client.connect();
        // The client has asked for the keys that it reads, which are none.
        await client.sendCommand(["CLIENT", "TRACKING", "OFF"]);
        await client.sendCommand([
          ...["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX"],
          this.#prefix,
        ] as Buffer[]);
      });
    } catch {
      this.#leave(address, client);
      return;
    }
    if (this.#clients.get(address) !== client) return;
    this.#heard.add(address);
    this.#listener.onGap();
  }

  async #askForLife(address: ServerAddress, client: Client): Promise<void> {
    try {
      await inTime("answer", this.#options.replyTimeout, () => client.ping());
    } catch {
      this.#leave(address, client);
    }
  }

  #leave(address: ServerAddress, client?: Client): void {
    const current = this.#clients.get(address);
    if (current === undefined) return;
    if (client !== undefined && client !== current) return;
    this.#clients.delete(address);
    if (current.isOpen) current.destroy();
    // Reads go to the servers now, and that finds out who has the slots instead.
    if (this.#heard.delete(address)) this.#listener.onGap();
  }
}

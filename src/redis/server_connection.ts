/**
 * One server: a connection that is made when it is first needed, and made anew when
 * it was lost.
 *
 * Commands are answered in the order they were sent, so one clock serves all of them:
 * if anything is awaited and nothing came for the time of a reply, the server hangs,
 * and the connection is given up with all that waits for it. A connection that was
 * given up is never used again, so an answer that comes late is heard by nobody.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import {
  ClientClosedError,
  ClientOfflineError,
  createClient,
  ErrorReply,
  RESP_TYPES,
} from "@redis/client";
import { inTime } from "./in_time.ts";
import { AnswerLost, isRefusedLogin, NotDone, reasonOf } from "./outcome.ts";
import type { ServerAddress, ServerOptions } from "./server_options.ts";

/** A word of a command. */
export type Word = string | Uint8Array;
/** What a server answers: bytes, numbers, lists of them, or nothing. */
export type Reply = unknown;

type Client = ReturnType<typeof makeClient>;

/** Counters of one server. */
export interface ConnectionCounts {
  /** Connections that were made. */
  connections: number;
  /** Connections that were lost or given up. */
  losses: number;
  /** Connections given up because no reply came in time. */
  timeouts: number;
}

/** The connection to one server. */
export class ServerConnection {
  /** `host:port`. */
  readonly address: ServerAddress;
  readonly #options: ServerOptions;
  readonly #counts: ConnectionCounts;
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #isClosed = false;
  #pending = 0;
  /** When the last reply came, or the first command after a silence was sent. */
  #heardAt = 0;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #becameIdle: (() => void) | undefined;
  #confirmation: { client: Client; count: Promise<number> } | undefined;

  /** Connects to nothing yet. */
  constructor(
    address: ServerAddress,
    options: ServerOptions,
    counts: ConnectionCounts,
  ) {
    this.address = address;
    this.#options = options;
    this.#counts = counts;
  }

  /** True if there is a connection that works as far as is known. */
  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** Commands that wait for their answers. */
  get pending(): number {
    return this.#pending;
  }

  /** True if nothing waits for an answer or for a connection. */
  get isIdle(): boolean {
    return this.#pending === 0 && this.#connecting === undefined;
  }

  /**
   * Connects, if there is no connection.
   *
   * @throws {NotDone} If the server cannot be reached; an `ErrorReply` if it refuses
   * the password.
   */
  async open(): Promise<void> {
    if (this.#client === undefined) await this.#connect();
  }

  /**
   * Sends a command.
   *
   * @param words The command.
   * @param isAsking True to say `ASKING` before it.
   * @returns The answer.
   * @throws {NotDone} If it was not sent, {@linkcode AnswerLost} if it may have been
   * carried out; an `ErrorReply` as the server gave it.
   */
  send(words: readonly Word[], isAsking: boolean = false): Promise<Reply> {
    const client = this.#client;
    return client === undefined
      ? this.#connect().then((client) =>
        this.#sendOver(client, words, isAsking)
      )
      : this.#sendOver(client, words, isAsking);
  }

  /**
   * Sends a write, and waits until as many replicas have it as the settings ask for.
   *
   * @param words The command.
   * @param isAsking True to say `ASKING` before it.
   * @returns The answer, once it is confirmed.
   * @throws {AnswerLost} If too few replicas have it; and what `send` throws.
   */
  sendConfirmed(
    words: readonly Word[],
    isAsking: boolean = false,
  ): Promise<Reply> {
    const client = this.#client;
    return client === undefined
      ? this.#connect().then((client) =>
        this.#confirmedOver(client, words, isAsking)
      )
      : this.#confirmedOver(client, words, isAsking);
  }

  /** Lets what is under way come to its end, and ends the connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connecting?.catch(() => {});
    while (this.#pending > 0) {
      await new Promise<void>((resolve) => this.#becameIdle = resolve);
    }
    const client = this.#client;
    this.#client = undefined;
    client?.destroy();
  }

  #sendOver(
    client: Client,
    words: readonly Word[],
    isAsking: boolean,
  ): Promise<Reply> {
    if (this.#pending++ === 0) this.#heardAt = Date.now();
    this.#keepWatch();
    const command = words as Buffer[];
    // Queued in one step, so nothing comes between the two.
    if (isAsking) client.sendCommand(["ASKING"]).catch(() => {});
    const reply = client.sendCommand(command);
    return (reply as Promise<Reply>).then(
      (reply) => {
        this.#heard();
        return reply;
      },
      (error) => {
        this.#heard();
        throw this.#outcomeOf(error, client);
      },
    );
  }

  async #confirmedOver(
    client: Client,
    words: readonly Word[],
    isAsking: boolean,
  ): Promise<Reply> {
    const sent = this.#sendOver(client, words, isAsking);
    // Asked for at once: `WAIT` is for all that went before it.
    const confirmed = this.#confirm(client);
    confirmed.catch(() => {}); // looked at below, if the write was done
    const reply = await sent;
    // What changed nothing has nothing to confirm.
    if (reply === null || reply === 0) return reply;
    const { minReplicas, replicaTimeout } = this.#options;
    let count: number;
    try {
      count = await confirmed;
    } catch (error) {
      // Whatever became of the question, the write itself was done.
      throw new AnswerLost(
        `the connection to ${this.address} was lost before its replicas confirmed`,
        { cause: error },
      );
    }
    if (count >= minReplicas) return reply;
    throw new AnswerLost(
      `${count} of ${minReplicas} replicas of ${this.address} had it ` +
        `after ${replicaTimeout} ms`,
    );
  }

  /**
   * Waits until replicas have what was sent over this very connection: on another one
   * the server knows of no write, and says that all have it. All who ask in one turn of
   * the event loop share one `WAIT`.
   */
  #confirm(client: Client): Promise<number> {
    if (this.#confirmation?.client === client) return this.#confirmation.count;
    const count = new Promise<number>((resolve, reject) => {
      setImmediate(() => {
        if (this.#confirmation?.client === client) {
          this.#confirmation = undefined;
        }
        const { minReplicas, replicaTimeout } = this.#options;
        this.#sendOver(
          client,
          ["WAIT", String(minReplicas), String(replicaTimeout)],
          false,
        ).then((count) => resolve(Number(count)), reject);
      });
    });
    this.#confirmation = { client, count };
    return count;
  }

  #heard(): void {
    this.#heardAt = Date.now();
    if (--this.#pending > 0) return;
    clearTimeout(this.#watch);
    this.#watch = undefined;
    this.#becameIdle?.();
  }

  #outcomeOf(error: unknown, client: Client): unknown {
    if (error instanceof ErrorReply) return error;
    if (
      error instanceof ClientOfflineError || error instanceof ClientClosedError
    ) {
      this.#drop(client);
      return new NotDone(`${this.address} is not connected`, { cause: error });
    }
    this.#drop(client);
    return new AnswerLost(
      `the connection to ${this.address} was lost before the answer came`,
      { cause: error },
    );
  }

  #connect(): Promise<Client> {
    return this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
  }

  async #open(): Promise<Client> {
    if (this.#isClosed) throw new NotDone(`${this.address} is closed`);
    const { connectTimeout } = this.#options;
    const client = makeClient(this.address, this.#options);
    // Every loss is told to those who wait; an event nobody hears would end a process.
    client.on("error", () => this.#drop(client));
    try {
      await inTime("connection", connectTimeout, () => client.connect());
    } catch (error) {
      if (client.isOpen) client.destroy();
      if (isRefusedLogin(error)) throw error;
      throw new NotDone(
        `cannot connect to ${this.address}: ${reasonOf(error)}`,
        {
          cause: error,
        },
      );
    }
    if (this.#isClosed) {
      client.destroy();
      throw new NotDone(`${this.address} is closed`);
    }
    this.#counts.connections++;
    this.#client = client;
    return client;
  }

  #drop(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#counts.losses++;
    if (client.isOpen) client.destroy();
  }

  #keepWatch(): void {
    if (this.#watch !== undefined) return;
    const { replyTimeout } = this.#options;
    const silence = Date.now() - this.#heardAt;
    this.#watch = setTimeout(
      // What has arrived while this process was busy is heard first.
      () => setImmediate(() => this.#look()),
      Math.max(1, replyTimeout - silence),
    );
  }

  #look(): void {
    this.#watch = undefined;
    if (this.#pending === 0) return;
    const client = this.#client;
    const isSilent = Date.now() - this.#heardAt >= this.#options.replyTimeout;
    if (client === undefined) this.#heardAt = Date.now();
    if (!isSilent || client === undefined) this.#keepWatch();
    else {
      this.#counts.timeouts++;
      this.#drop(client);
    }
  }
}

/** What a client that hears of changes needs beside the rest. */
export interface PushOptions {
  /** The protocol that has pushes. */
  RESP: 3;
  /** Tells of keys that were written. */
  emitInvalidate: true;
}

/** A client that is not connected yet and never connects again by itself. */
// deno-lint-ignore explicit-module-boundary-types -- the type is the package's own
export function makeClient(
  address: ServerAddress,
  options: ServerOptions,
  push?: PushOptions,
) {
  const at = address.lastIndexOf(":");
  const { tls, username, password, database, connectTimeout } = options;
  const socket = {
    host: address.slice(0, at).replace(/^\[(.*)\]$/, "$1"),
    port: Number(address.slice(at + 1)),
    connectTimeout,
    reconnectStrategy: false as const,
  };
  return createClient({
    ...push,
    socket: tls === undefined ? socket : { ...socket, tls: true, ...tls },
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(database === 0 ? {} : { database }),
    // A command waits for a server here, where its time is known, and not in there.
    disableOfflineQueue: true,
    disableClientInfo: true,
    // Those of Redis Enterprise; looking for them reads the environment.
    maintNotifications: "disabled",
    commandOptions: {
      timeout: 0,
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer },
    },
  });
}

/**
 * Takes each command to the server that has its slot, and decides what may be tried
 * again.
 *
 * ```text
 * MOVED, ASK                      again at once, there
 * a refusal that passes           again after a pause
 * not sent                        again after a pause, with a new slot map
 * sent, and the answer was lost   the same if the command may be repeated; else
 *                                 OUTCOME_UNKNOWN
 * any other refusal               an error
 * ```
 *
 * The pause doubles from one attempt to the next, and is drawn at random between half
 * of itself and the whole, so that clients do not come back all at once. No attempt
 * begins after the time of a command is over.
 *
 * @module
 */

import { StoreClosedError, StoreError } from "../errors.ts";
import {
  AnswerLost,
  isPassingRefusal,
  NotDone,
  outcomeUnknown,
  readRedirection,
  refused,
  unavailable,
} from "./outcome.ts";
import {
  type ConnectionCounts,
  type Reply,
  ServerConnection,
  type Word,
} from "./server_connection.ts";
import type { ServerAddress, ServerOptions } from "./server_options.ts";
import { type Discovery, redirectedTo, SlotMap } from "./slot_map.ts";

/** A command and what may be done with it. */
export interface Command {
  /** What it is for: "get a value". */
  readonly action: string;
  /** The slot of its key. */
  readonly slot: number;
  /** The command. */
  readonly words: readonly Word[];
  /** True if twice is the same as once, and the answer too. */
  readonly isRepeatable: boolean;
  /** True if replicas are to have it, should the settings ask for that. */
  readonly isWrite: boolean;
}

/** How often and how long to try. */
export interface RetryOptions {
  /** Milliseconds after which no attempt begins. */
  commandTimeout: number;
  /** Milliseconds before the second attempt. */
  retryDelay: number;
  /** The longest pause, in milliseconds. */
  retryDelayMax: number;
}

/** What the router did since it was made. */
export interface RouterCounts extends ConnectionCounts {
  /** Commands that were asked for. */
  commands: number;
  /** Attempts after the first of a command. */
  retries: number;
  /** Answers that named another server. */
  redirections: number;
  /** Times the slot map was read. */
  refreshes: number;
  /** Commands whose outcome could not be told. */
  unknownOutcomes: number;
}

/** What may be asked as often as one likes. */
const READING = { isRepeatable: true, isWrite: false };
/** Redirections in a row that are followed without a pause. */
const REDIRECTIONS_AT_ONCE = 4;

/** Takes commands to servers. */
export class Router {
  /** What was done so far. */
  readonly counts: RouterCounts = {
    commands: 0,
    retries: 0,
    redirections: 0,
    refreshes: 0,
    unknownOutcomes: 0,
    connections: 0,
    losses: 0,
    timeouts: 0,
  };
  readonly #discover: Discovery;
  readonly #server: ServerOptions;
  readonly #retry: RetryOptions;
  readonly #connections = new Map<ServerAddress, ServerConnection>();
  #map = new SlotMap();
  #refreshing: Promise<void> | undefined;
  #isClosed = false;

  /** Knows no server yet. */
  constructor(
    discover: Discovery,
    server: ServerOptions,
    retry: RetryOptions,
  ) {
    this.#discover = discover;
    this.#server = server;
    this.#retry = retry;
  }

  /** The masters, as far as is known. */
  masters(): ServerAddress[] {
    return this.#map.masters();
  }

  /** The connections that were ever used and still are. */
  connections(): ServerConnection[] {
    return [...this.#connections.values()];
  }

  /** Reads the slot map and connects to every master, in the time of a command. */
  async open(): Promise<void> {
    await this.#patiently("connect to the servers", async () => {
      await this.refresh();
      await Promise.all(
        this.masters().map((address) => this.connection(address).open()),
      );
    });
  }

  /** Ends all connections once their answers have come. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.connections().map((each) => each.close()));
    this.#connections.clear();
  }

  /** The connection to a server, made when something is sent. */
  connection(address: ServerAddress): ServerConnection {
    let connection = this.#connections.get(address);
    if (connection === undefined) {
      connection = new ServerConnection(address, this.#server, this.counts);
      this.#connections.set(address, connection);
    }
    return connection;
  }

  /**
   * Carries out a command.
   *
   * @param command What to do.
   * @returns The answer.
   * @throws {StoreError} `UNAVAILABLE` if it could not be done in time,
   * `OUTCOME_UNKNOWN` if it may have been, `PERMISSION` or `IO` if it was refused.
   */
  async run(command: Command): Promise<Reply> {
    this.counts.commands++;
    const { slot, words, isWrite } = command;
    let target: { address: ServerAddress; isAsking: boolean } | undefined;
    let redirections = 0;
    return await this.#patiently(command.action, async () => {
      for (;;) {
        const address = target?.address ?? this.#map.ownerOf(slot) ??
          await this.#findOwner(slot);
        const isAsking = target?.isAsking === true;
        target = undefined;
        try {
          const connection = this.connection(address);
          return isWrite && this.#server.minReplicas > 0
            ? await connection.sendConfirmed(words, isAsking)
            : await connection.send(words, isAsking);
        } catch (error) {
          const redirection = readRedirection(error);
          if (redirection === undefined) throw error;
          this.counts.redirections++;
          const to = redirectedTo(redirection.address, address);
          if (redirection.isOnce) target = { address: to, isAsking: true };
          else this.#moved(redirection.slot, to);
          // Two servers that each name the other need time to agree.
          if (++redirections % REDIRECTIONS_AT_ONCE === 0) {
            throw new NotDone(`${address} and ${to} name each other`);
          }
        }
      }
    }, command);
  }

  /** Does something on every master, each once; again as a whole if one fails. */
  async onMasters<T>(
    action: string,
    act: (connection: ServerConnection) => Promise<T>,
  ): Promise<T[]> {
    return await this.#patiently(action, async () => {
      // A master that came since would be passed over, and nothing would tell.
      await this.refresh();
      return await Promise.all(
        this.masters().map((address) => act(this.connection(address))),
      );
    });
  }

  /** Does something on one master, again if the connection to it was lost. */
  async onMaster<T>(
    action: string,
    address: ServerAddress,
    act: (connection: ServerConnection) => Promise<T>,
  ): Promise<T> {
    return await this.#patiently(action, async () => {
      if (this.masters().includes(address)) {
        return await act(this.connection(address));
      }
      throw new StoreError(
        "UNAVAILABLE",
        `Cannot ${action}: ${address} is no master any more. Begin anew`,
      );
    });
  }

  /** Tries until it succeeds, may not be repeated, or the time is over. */
  async #patiently<T>(
    action: string,
    attempt: () => Promise<T>,
    { isRepeatable, isWrite }: Pick<Command, "isRepeatable" | "isWrite"> =
      READING,
  ): Promise<T> {
    const { commandTimeout, retryDelay, retryDelayMax } = this.#retry;
    const start = Date.now();
    let lost: AnswerLost | undefined;
    for (let tries = 0;; tries++) {
      let failure: unknown;
      try {
        if (this.#isClosed) throw new NotDone("closed meanwhile");
        return await attempt();
      } catch (error) {
        failure = error;
      }
      if (failure instanceof AnswerLost) {
        if (isWrite) lost = failure;
        if (!isRepeatable) throw this.#unknown(action, failure);
      } else if (!(failure instanceof NotDone) && !isPassingRefusal(failure)) {
        // This attempt was refused; the one before may have been carried out.
        if (lost !== undefined) throw this.#unknown(action, lost);
        throw refused(action, failure);
      }
      if (this.#isClosed) {
        if (lost !== undefined) throw this.#unknown(action, lost);
        throw new StoreClosedError(action);
      }
      const longest = Math.min(retryDelayMax, retryDelay * 2 ** tries);
      const pause = longest * (0.5 + Math.random() / 2);
      if (Date.now() - start + pause > commandTimeout) {
        if (lost !== undefined) throw this.#unknown(action, lost);
        throw unavailable(action, commandTimeout, failure);
      }
      this.counts.retries++;
      await Promise.all([
        new Promise((resolve) => setTimeout(resolve, pause)),
        // What it cannot find out now, the next attempt will not find either.
        this.refresh().catch(() => {}),
      ]);
    }
  }

  #unknown(action: string, cause: AnswerLost): Error {
    this.counts.unknownOutcomes++;
    return outcomeUnknown(action, cause);
  }

  async #findOwner(slot: number): Promise<ServerAddress> {
    await this.refresh();
    const owner = this.#map.ownerOf(slot);
    if (owner === undefined) throw new NotDone(`no server has slot ${slot}`);
    return owner;
  }

  #moved(slot: number, address: ServerAddress): void {
    if (this.#map.ownerOf(slot) === address) return;
    this.#map.assign(slot, slot, address);
    this.refresh().catch(() => {
      // This slot is known; the others are found out in the same way.
    });
  }

  /** Reads the slot map; all who ask meanwhile share it. */
  refresh(): Promise<void> {
    return this.#refreshing ??= this.#readMap().finally(() => {
      this.#refreshing = undefined;
    });
  }

  async #readMap(): Promise<void> {
    this.counts.refreshes++;
    const map = await this.#discover(
      this.masters(),
      (address, words) => this.connection(address).send(words),
    );
    this.#map = map;
    this.#forgetOthers(map.masters());
  }

  /** Ends idle connections to servers that have no slots. */
  #forgetOthers(masters: ServerAddress[]): void {
    for (const [address, connection] of this.#connections) {
      if (masters.includes(address) || !connection.isIdle) continue;
      this.#connections.delete(address);
      connection.close().catch(() => {});
    }
  }
}

/**
 * A bank on a store: accounts, and transfers that write two of them in one batch, or
 * read and write them in a transaction.
 * However transfers, listings, garbage collection, crashes and full disks fall
 * together, no money is made or lost.
 *
 * @module
 */

import type fc from "fast-check";
import { StoreClosedError, StoreError } from "../../src/errors.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import { seededRandom, settle } from "../support/simulated_host.ts";
import { letAllGo, letRun, ScheduledHost } from "./scheduled_host.ts";

const ACCOUNTS = 6;
const BALANCE = 100;
const TOTAL = ACCOUNTS * BALANCE;
const CLIENTS = 3;
/** Letters that pad an account, so that the log grows and is collected. */
const PADDING = 40;

/**
 * How transfers are made: in a transaction that takes its time, in one batch at once,
 * or carelessly, one account after the other.
 */
export type Manner = "transaction" | "batch" | "careless";

/** How a day at the bank ends. */
export type Ending = "close" | "kill" | "power loss";

/** One day: from the opening of the store to its end. */
export interface Day {
  /** Transfers of each client. */
  transfers: number;
  /** Steps after which it ends, whatever is under way. */
  steps: number;
  ending: Ending;
  /** Bytes that fit on the disk, of all that is written. */
  freeBytes: number;
  /** Decides who pays whom, and what a power loss leaves. */
  seed: number;
}

const decoder = new TextDecoder();

/** Whether clients go on. */
interface Today {
  isOver: boolean;
}

/** An account's balance and how many transfers it was part of. */
interface Account {
  balance: number;
  transfers: number;
}

function parse(bytes: Uint8Array): Account {
  const [balance, transfers] = decoder.decode(bytes).split(":").map(Number);
  return { balance: balance!, transfers: transfers! };
}

function format({ balance, transfers }: Account): string {
  return `${balance}:${transfers}:`.padEnd(PADDING, "0");
}

function pay(payer: Account, payee: Account, amount: number): void {
  payer.balance -= amount;
  payee.balance += amount;
  payer.transfers++;
  payee.transfers++;
}

/** The bank. */
export class Bank {
  /** Transfers that were acknowledged. */
  transfers = 0;
  /** Transfers that found no space. */
  refused = 0;
  /** Sums that were taken. */
  audits = 0;
  readonly #scheduler: fc.Scheduler;
  readonly #syncWrites: boolean;
  readonly #manner: Manner;
  #disk = new SimulatedDisk();
  #store!: Store;
  /** Of each account the transfers that were acknowledged. */
  readonly #acknowledged: number[] = new Array(ACCOUNTS).fill(0);

  /** Transfers that were begun anew because others had been faster. */
  retries = 0;

  /** A bank without accounts yet. */
  constructor(
    scheduler: fc.Scheduler,
    syncWrites: boolean,
    manner: Manner = "batch",
  ) {
    this.#scheduler = scheduler;
    this.#syncWrites = syncWrites;
    this.#manner = manner;
  }

  #open(): void {
    const engine = openEngine({
      path: "/bank",
      syncWrites: this.#syncWrites,
      memTableSize: 65_536,
      valueLogMaxEntries: 24,
      valueLogGcEnabled: false,
      blockCacheSize: 0,
    }, new ScheduledHost(this.#disk, this.#scheduler));
    this.#store = new Store(engine);
    checkBooks(engine);
  }

  /** Opens the accounts, in one batch. */
  async start(): Promise<void> {
    this.#open();
    const batch = this.#store.batch();
    for (let i = 0; i < ACCOUNTS; i++) {
      batch.set(`${i}`, format({ balance: BALANCE, transfers: 0 }));
    }
    const done = batch.commit().then(() => this.#store.sync());
    await letAllGo(this.#scheduler);
    await done;
  }

  /** Lives through a day and opens again the next morning. */
  async live(day: Day): Promise<void> {
    const scheduler = this.#scheduler;
    const today: Today = { isOver: false };
    const failures: unknown[] = [];
    const note = (error: unknown): void => {
      // Who was still at work at the close was told so.
      const isTold = today.isOver && error instanceof StoreClosedError;
      if (!isTold) failures.push(error);
    };
    const random = seededRandom(day.seed);
    for (let client = 0; client < CLIENTS; client++) {
      this.#pay(today, day.transfers, random).catch(note);
    }
    this.#audit(today, day.transfers).catch(note);
    this.#collect(today, day.transfers).catch(note);
    this.#disk.freeBytes = day.freeBytes;
    await letRun();
    for (let step = 0; step < day.steps && scheduler.count() > 0; step++) {
      await scheduler.waitNext(1);
      await letRun();
    }
    today.isOver = true;
    this.#disk.freeBytes = Infinity;
    if (failures.length > 0) throw failures[0];
    const isKept = day.ending !== "power loss" || this.#syncWrites;
    const acknowledged = this.#acknowledged.slice();
    await this.#end(day, random);
    this.#open();
    this.#check(isKept ? acknowledged : undefined);
    if (failures.length > 0) throw failures[0];
  }

  async #end({ ending }: Day, random: () => number): Promise<void> {
    const disk = this.#disk;
    const { log } = disk;
    if (ending === "close") {
      const closing = this.#store.close();
      await letAllGo(this.#scheduler);
      await closing;
    } else if (ending === "kill") {
      this.#disk = disk.fork(log.length);
    } else {
      const lost = log.unsafe(log.length).filter(() => random() < 0.5);
      this.#disk = new SimulatedDisk(disk.crash({ prefix: log.length, lost }));
    }
  }

  /** The sum is right, and no account is behind what was acknowledged. */
  #check(acknowledged: number[] | undefined): void {
    let sum = 0;
    for (let i = 0; i < ACCOUNTS; i++) {
      const { balance, transfers } = this.#read(i);
      sum += balance;
      if (acknowledged !== undefined && transfers < acknowledged[i]!) {
        throw new Error(
          `Account ${i} knows ${transfers} of ${acknowledged[i]} transfers`,
        );
      }
      this.#acknowledged[i] = transfers;
    }
    if (sum !== TOTAL) throw new Error(`The morning's sum is ${sum}`);
  }

  #read(account: number): Account {
    return parse(this.#store.getSync(`${account}`)!);
  }

  /** Each step is let go by the scheduler; false when the day is over. */
  async #next(today: Today, label: string): Promise<boolean> {
    if (today.isOver) return false;
    await this.#scheduler.schedule(Promise.resolve(), label);
    return !today.isOver;
  }

  async #pay(
    today: Today,
    count: number,
    random: () => number,
  ): Promise<void> {
    for (let i = 0; i < count && await this.#next(today, "pay"); i++) {
      const from = Math.floor(random() * ACCOUNTS);
      const to = (from + 1 + Math.floor(random() * (ACCOUNTS - 1))) % ACCOUNTS;
      const amount = 1 + Math.floor(random() * 20);
      let moved: [payer: Account, payee: Account];
      try {
        moved = this.#manner === "transaction"
          ? await this.#moveInTransaction(today, from, to, amount)
          : await this.#move(from, to, amount);
      } catch (error) {
        this.#refuse(today, error);
        continue;
      }
      if (today.isOver) return;
      const [payer, payee] = moved;
      this.transfers++;
      this.#acknowledge(from, payer.transfers);
      this.#acknowledge(to, payee.transfers);
    }
  }

  async #move(
    from: number,
    to: number,
    amount: number,
  ): Promise<[Account, Account]> {
    const payer = this.#read(from);
    const payee = this.#read(to);
    pay(payer, payee, amount);
    await this.#write([[from, payer], [to, payee]]);
    return [payer, payee];
  }

  #moveInTransaction(
    today: Today,
    from: number,
    to: number,
    amount: number,
  ): Promise<[Account, Account]> {
    let attempts = 0;
    return this.#store.transaction(async (tx) => {
      if (attempts++ > 0) this.retries++;
      const payer = parse(tx.get(`${from}`)!);
      await this.#next(today, "look at the payee");
      const payee = parse(tx.get(`${to}`)!);
      await this.#next(today, "dawdle");
      pay(payer, payee, amount);
      tx.set(`${from}`, format(payer)).set(`${to}`, format(payee));
      return [payer, payee];
    }, { attempts: 1000 });
  }

  async #write(accounts: [number, Account][]): Promise<void> {
    const batch = this.#store.batch();
    for (const [number, account] of accounts) {
      batch.set(`${number}`, format(account));
      if (this.#manner === "careless") {
        await batch.commit();
        await this.#scheduler.schedule(Promise.resolve(), "dawdle");
      }
    }
    await batch.commit();
  }

  #acknowledge(account: number, transfers: number): void {
    const known = this.#acknowledged[account]!;
    this.#acknowledged[account] = Math.max(known, transfers);
  }

  #refuse(today: Today, error: unknown): void {
    if (today.isOver) return;
    const isFull = error instanceof StoreError && error.code === "DISK_FULL";
    if (!isFull) throw error;
    this.refused++;
  }

  /** Sums up all accounts as a listing shows them. */
  async #audit(today: Today, count: number): Promise<void> {
    for (let i = 0; i < count && await this.#next(today, "audit"); i++) {
      let sum = 0;
      for await (const [, value] of this.#store.list()) {
        if (!await this.#next(today, "audit an account")) return;
        sum += parse(value).balance;
      }
      if (sum !== TOTAL) throw new Error(`A listing's sum is ${sum}`);
      this.audits++;
    }
  }

  async #collect(today: Today, count: number): Promise<void> {
    for (let i = 0; i < count && await this.#next(today, "collect"); i++) {
      try {
        await this.#store.gc({ discardRatio: 0.3 });
      } catch (error) {
        this.#refuse(today, error);
      }
      await settle();
    }
  }
}

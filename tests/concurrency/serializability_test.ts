/**
 * Rules that hold for each transaction by itself must hold for all of them together,
 * also where no two write the same key: of two who are on call one stays, and no more
 * bookings are made than there are seats.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { openEngine, Store } from "../../src/store/store.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import { letAllGo, ScheduledHost } from "./scheduled_host.ts";

const CLIENTS = 4;
const SEATS = 2;
const RUNS = 60;

type Pause = () => Promise<unknown>;
/** What one client does; true if it took its turn. */
type Client = (store: Store, id: number, pause: Pause) => Promise<boolean>;

const decoder = new TextDecoder();

/** Lets clients loose on a store; returns how many took their turns, and the store. */
async function run(
  scheduler: fc.Scheduler,
  client: Client,
): Promise<{ store: Store; count: number }> {
  const engine = openEngine({
    path: "/rules",
    memTableSize: 65_536,
    valueLogMaxEntries: 8,
    valueLogGcEnabled: false,
    blockCacheSize: 0,
  }, new ScheduledHost(new SimulatedDisk(), scheduler));
  const store = new Store(engine);
  for (let i = 0; i < CLIENTS; i++) store.setSync(`doctor/${i}`, "on call");
  const pause = () => scheduler.schedule(Promise.resolve(), "pause");
  const outcomes: boolean[] = [];
  const failures: unknown[] = [];
  const collect = async () => {
    for (let i = 0; i < 2; i++) {
      await pause();
      await store.gc({ discardRatio: 0.1 });
    }
  };
  const clients = Array.from(
    { length: CLIENTS },
    (_, id) => client(store, id, pause).then((done) => outcomes.push(done)),
  );
  for (const work of [...clients, collect()]) {
    work.catch((error) => failures.push(error));
  }
  await letAllGo(scheduler);
  if (failures.length > 0) throw failures[0];
  assertEquals(outcomes.length, CLIENTS);
  return { store, count: outcomes.filter((done) => done).length };
}

/** Goes home if somebody else is on call. */
const goHome: Client = (store, id, pause) =>
  store.transaction(async (tx) => {
    let others = 0;
    for (let i = 0; i < CLIENTS; i++) {
      const isOnCall = decoder.decode(tx.get(`doctor/${i}`)) === "on call";
      if (isOnCall && i !== id) others++;
      await pause();
    }
    if (others > 0) tx.set(`doctor/${id}`, "at home");
    return others > 0;
  }, { attempts: 1000 });

/** The same, but only what is written is checked. */
const goHomeCarelessly: Client = async (store, id, pause) => {
  const entry = store.getEntry(`doctor/${id}`);
  let others = 0;
  for (let i = 0; i < CLIENTS; i++) {
    const value = decoder.decode(store.getSync(`doctor/${i}`));
    if (value === "on call" && i !== id) others++;
    await pause();
  }
  if (others === 0) return false;
  const operation = store.atomic().check(entry);
  return (await operation.set(`doctor/${id}`, "at home").commit()).ok;
};

/** Books a seat if there is one. */
const book: Client = (store, id, pause) =>
  store.transaction(async (tx) => {
    let taken = 0;
    for (const _ of tx.list({ prefix: "seat/" })) taken++;
    await pause();
    if (taken >= SEATS) return false;
    tx.set(`seat/${id}`, "taken");
    await pause();
    return true;
  }, { attempts: 1000 });

/** The same, but what is checked is what was there, and not what came since. */
const bookCarelessly: Client = (store, id, pause) =>
  store.transaction(async (tx) => {
    const keys = [...store.listSync({ prefix: "seat/", keysOnly: true })];
    const taken = keys.filter(([key]) => tx.has(key)).length;
    await pause();
    if (taken >= SEATS) return false;
    tx.set(`seat/${id}`, "taken");
    await pause();
    return true;
  }, { attempts: 1000 });

function onCall(store: Store): number {
  return [...store.listSync({ prefix: "doctor/" })]
    .filter(([, value]) => decoder.decode(value) === "on call").length;
}

async function seats(store: Store): Promise<number> {
  const counting = store.count({ prefix: "seat/" });
  return await counting;
}

/** Checks that one stays on call. */
async function checkOnCall(s: fc.Scheduler, client: Client): Promise<void> {
  const { store, count } = await run(s, client);
  assertEquals(onCall(store), CLIENTS - count);
  assert(onCall(store) >= 1, "nobody is on call");
}

/** Checks that no seat is sold twice. */
async function checkSeats(s: fc.Scheduler, client: Client): Promise<void> {
  const { store, count } = await run(s, client);
  const counted = seats(store);
  await letAllGo(s);
  assertEquals(await counted, count);
  assert(count <= SEATS, `${count} of ${SEATS} seats are taken`);
}

const RULES = {
  "one of those who are on call stays": [
    checkOnCall,
    goHome,
    goHomeCarelessly,
  ],
  "no seat is sold twice": [checkSeats, book, bookCarelessly],
} as const;

for (const [name, [check, client, careless]] of Object.entries(RULES)) {
  Deno.test(`transactions are serializable: ${name}`, async () => {
    for (const seed of [{ seed: 1 }, {}]) {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), (s) => check(s, client)),
        { numRuns: RUNS, ...seed },
      );
    }
  });

  Deno.test(`clients that check too little are told: ${name}`, async () => {
    const { failed, errorInstance } = await fc.check(
      fc.asyncProperty(fc.scheduler(), (s) => check(s, careless)),
      { numRuns: 200, seed: 1, endOnFailure: true },
    );
    assert(failed);
    assert(/nobody is on call|seats are taken/.test(`${errorInstance}`));
  });
}

/**
 * Every crash of a small life of a collection: whatever the machine leaves of the
 * store, the items are those after some prefix of the calls, and the index entries
 * are exactly those of the items. A rebuild that a crash ended says so, and the next
 * one comes to its end.
 */
import { assert, assertEquals } from "@std/assert";
import {
  collection,
  type Indexes,
  IndexesChangedError,
  UniqueIndexError,
} from "@sett/badger/cbor";
import { openEngine, Store } from "../../src/store/store.ts";
import {
  checkCollection,
  type KnownIndex,
} from "../support/check_collection.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import { seededRandom, SimulatedHost } from "../support/simulated_host.ts";
import { crashChoices } from "./states/choices.ts";

interface User {
  email: string;
  age: number;
  tags: string[];
}

const DIRECTORY = "d";
const THOROUGHNESS = { allSubsetsOf: 3, samples: 2, everyByteOf: 0 };

const EMAIL: KnownIndex<User> = {
  values: ({ email }) => [email],
  unique: true,
};
const AGE: KnownIndex<User> = { values: ({ age }) => [age] };
const TAGS: KnownIndex<User> = { values: ({ tags }) => tags };
const GONE: KnownIndex<User> = { values: () => [] };

const email = { value: (user: User) => user.email, unique: true };
const BEFORE: Indexes<User> = { email, age: (user) => user.age };
const AFTER: Indexes<User> = { email, tags: { values: (user) => user.tags } };

/** Slices of work do not end: the order of the operations is the same each time. */
class QuietHost extends SimulatedHost<SimulatedDisk> {
  override shouldBreathe(): boolean {
    return false;
  }

  override breathe(): Promise<void> {
    return Promise.resolve();
  }
}

const open = (store: Store, indexes: Indexes<User>) =>
  collection<User>(store, "users", { indexes });

function start(disk: SimulatedDisk, syncWrites: boolean): Store {
  const options = {
    path: DIRECTORY,
    memTableSize: 65_536,
    blockCacheSize: 0,
    valueLogGcEnabled: false,
    valueLogFileSize: 1_048_576,
    valueThreshold: 1_000,
    syncWrites,
  };
  return new Store(openEngine(options, new QuietHost(1, disk)));
}

/** What the items were after each call, and how long the disk's log was then. */
interface Step {
  items: string;
  at: number;
}

const showItems = (items: Map<unknown, User>) =>
  JSON.stringify([...items].sort());

async function live(disk: SimulatedDisk, syncWrites: boolean): Promise<Step[]> {
  const store = start(disk, syncWrites);
  const items = new Map<string, User>();
  const steps: Step[] = [{ items: "[]", at: 0 }];
  const note = () =>
    steps.push({ items: showItems(items), at: disk.log.length });
  const set = async (
    users: ReturnType<typeof open>,
    id: string,
    user: User,
  ) => {
    await users.set(id, user);
    items.set(id, user);
    note();
  };
  const users = open(store, BEFORE);
  await set(users, "a", { email: "a@x", age: 1, tags: ["t"] });
  await set(users, "b", { email: "b@x", age: 1, tags: [] });
  await set(users, "a", { email: "c@x", age: 2, tags: ["t", "u"] });
  await set(users, "b", { email: "a@x", age: 1, tags: ["u"] });
  await users.set("c", { email: "a@x", age: 9, tags: [] }).then(
    () => assert(false, "the conflict was not seen"),
    (error) => assert(error instanceof UniqueIndexError),
  );
  await set(users, "c", {
    email: "c".repeat(2_000),
    age: 3,
    tags: ["long", "t"],
  });
  await users.delete("b");
  items.delete("b");
  note();
  if (!syncWrites) await store.sync();
  const later = open(store, AFTER);
  assertEquals(await later.rebuildIndexes(), 2);
  note();
  await set(later, "c", { email: "a@x", age: 4, tags: ["u"] });
  await later.delete("a");
  items.delete("a");
  note();
  await store.close();
  note();
  return steps;
}

/** Opens what a crash left; returns the items, and whether the rebuild was cut. */
async function recover(
  files: SimulatedDisk,
  syncWrites: boolean,
): Promise<{ items: string; wasCut: boolean }> {
  const store = start(files, syncWrites);
  const bucket = store.bucket("users");
  const after = open(store, AFTER);
  // A collection that had no index before gives the new ones other numbers.
  const wasUsed = bucket.has(Uint8Array.of(0));
  const indexes = wasUsed ? [EMAIL, GONE, TAGS] : [EMAIL, TAGS];
  let items: Map<unknown, User>;
  let wasCut = false;
  try {
    await after.countBy("tags");
    items = checkCollection(bucket, indexes);
  } catch (error) {
    if (!(error instanceof IndexesChangedError)) throw error;
    wasCut = error.message.includes("not built");
    if (!wasCut) items = checkCollection(bucket, [EMAIL, AGE]);
    await after.rebuildIndexes();
    items = checkCollection(bucket, indexes);
  }
  await after.set("z", { email: "z@x", age: 0, tags: ["z"] });
  checkCollection(bucket, indexes);
  await store.close();
  return { items: showItems(items), wasCut };
}

for (const syncWrites of [true, false]) {
  Deno.test(`collection, sync writes ${syncWrites}: after every crash the indexes match the items`, async (t) => {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    await t.step(`seed ${seed}`, async () => {
      const disk = new SimulatedDisk();
      const steps = await live(disk, syncWrites);
      let states = 0;
      let cut = 0;
      const random = seededRandom(seed);
      for (const choice of crashChoices(disk.log, random, THOROUGHNESS)) {
        const where = JSON.stringify(choice);
        let found: Awaited<ReturnType<typeof recover>>;
        try {
          found = await recover(
            new SimulatedDisk(disk.crash(choice)),
            syncWrites,
          );
        } catch (cause) {
          throw new Error(`The crash ${where} leaves what is wrong`, { cause });
        }
        states++;
        if (found.wasCut) cut++;
        // What was acknowledged is kept: at the latest state that had been, or later.
        const acknowledged = syncWrites
          ? steps.findLastIndex(({ at }) => at <= choice.prefix)
          : 0;
        const possible = steps.slice(acknowledged).map(({ items }) => items);
        assert(
          possible.includes(found.items),
          `The crash ${where} leaves ${found.items}`,
        );
      }
      assert(states > 500, `only ${states} states`);
      assert(cut > 10, `only ${cut} of them in a rebuild`);
      console.log(`${states} crash states, ${cut} of them in a rebuild`);
    });
  });
}

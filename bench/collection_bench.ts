/** What typed values cost beside raw ones: a user of 118 bytes in CBOR. */
import { type Collection, collection, type Indexes } from "@sett/badger/cbor";
import { KEY_COUNT, keys, openEmpty, scattered } from "./support.ts";

interface User {
  name: string;
  email: string;
  age: number;
  joined: Date;
  tags: string[];
  address: { city: string; zip: string };
  active: boolean;
}

const TURN = 1000;
const next = scattered();

const userOf = (i: number): User => ({
  name: "Ada Lovelace",
  email: `ada${i}@example.com`,
  age: i % 100,
  joined: new Date(1_700_000_000_123 + i),
  tags: ["math", "poetry"],
  address: { city: "London", zip: "W1" },
  active: true,
});
const users = Array.from(keys, (_, i) => userOf(i));
const raw = new Uint8Array(118).fill(7);

async function fill(
  name: string,
  indexes: Indexes<User>,
): Promise<Collection<User>> {
  const store = await openEmpty(name);
  const filled = collection<User>(store, "users", { indexes });
  for (let i = 0; i < KEY_COUNT; i++) void filled.set(keys[i]!, users[i]!);
  await store.flush();
  return filled;
}

const age = (user: User) => user.age;
const email = { value: (user: User) => user.email, unique: true };

const store = await openEmpty("raw");
for (const key of keys) void store.set(key, raw);
await store.flush();
const plain = await fill("plain", {});
const indexed = await fill("indexed", { email, age });

Deno.bench(
  `raw set: ${TURN} in one turn`,
  { group: "set", baseline: true },
  async () => {
    const writes: Promise<void>[] = [];
    for (let i = 0; i < TURN; i++) writes.push(store.set(keys[next()]!, raw));
    await Promise.all(writes);
  },
);

Deno.bench(
  `collection set, no index: ${TURN} in one turn`,
  { group: "set" },
  async () => {
    const writes: Promise<void>[] = [];
    for (let i = 0; i < TURN; i++) {
      const n = next();
      writes.push(plain.set(keys[n]!, users[n]!));
    }
    await Promise.all(writes);
  },
);

Deno.bench(
  `collection set, two indexes, neither changes: ${TURN} in one turn`,
  { group: "set" },
  async () => {
    const writes: Promise<void>[] = [];
    for (let i = 0; i < TURN; i++) {
      const n = next();
      writes.push(indexed.set(keys[n]!, users[n]!));
    }
    await Promise.all(writes);
  },
);

let round = 0;
Deno.bench(`collection set, two indexes, one changes: ${TURN} in one turn`, {
  group: "set",
}, async () => {
  const writes: Promise<void>[] = [];
  round++;
  for (let i = 0; i < TURN; i++) {
    const n = next();
    writes.push(indexed.set(keys[n]!, { ...users[n]!, age: round % 100 }));
  }
  await Promise.all(writes);
});

Deno.bench("raw getSync", { group: "get", baseline: true }, () => {
  store.getSync(keys[next()]!);
});

Deno.bench("collection getSync", { group: "get" }, () => {
  plain.getSync(keys[next()]!);
});

Deno.bench("raw get", { group: "get" }, async () => {
  await store.get(keys[next()]!);
});

Deno.bench("collection get", { group: "get" }, async () => {
  await plain.get(keys[next()]!);
});

Deno.bench("collection findBy a unique index", { group: "get" }, async () => {
  await indexed.findBy("email", users[next()]!.email);
});

await indexed.findBy("age", 1); // puts the keys of the store in order
Deno.bench(
  "collection findBy an index of 100 values",
  { group: "get" },
  async () => {
    await indexed.findBy("age", next() % 100);
  },
);

Deno.bench("collection listBy 100 of an index", { group: "list" }, async () => {
  for await (const _ of indexed.listBy("age", { start: 50, limit: 100 }));
});

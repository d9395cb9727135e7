/**
 * A TypeScript user of the adapters as they are packed: compiled by `tsc`, never run.
 */
import { Store } from "@sett/badger";
import { KeyvSett } from "@sett/badger/keyv";
import { type LevelWriteOptions, SettLevel } from "@sett/badger/level";
import settDriver from "@sett/badger/unstorage";
import type { AbstractBatchOptions, AbstractLevel } from "abstract-level";
import Keyv, { type KeyvStoreAdapter } from "keyv";
import { createStorage, type Driver } from "unstorage";

interface Person {
  age: number;
}

export async function useLevel(): Promise<string | undefined> {
  const db = new SettLevel<string, Person>("./data", { valueEncoding: "json" });
  const any: AbstractLevel<Uint8Array, string, Person> = db;
  await any.put("ada", { age: 36 });
  await db.put("ada", { age: 36 }, { sync: true });
  const synced: AbstractBatchOptions<string, Person> & LevelWriteOptions = {
    sync: true,
  };
  await db.batch([{ type: "del", key: "ada" }], synced);
  // @ts-expect-error: the age is a number
  await db.put("ada", { age: "36" });
  const text: string | undefined = await db.get("ada", {
    valueEncoding: "utf8",
  });
  return text;
}

export async function useKeyv(): Promise<Keyv> {
  const store = await Store.open({ path: "./data" });
  const adapter: KeyvStoreAdapter = new KeyvSett(store.bucket("cache"));
  return new Keyv({ store: adapter });
}

export async function useDriver(): Promise<string | null> {
  const driver: Driver = settDriver({ store: "./data", ttl: 60 });
  return await createStorage<string>({ driver }).getItem("a");
}

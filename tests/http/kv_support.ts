/**
 * A store behind the routes of keys and values, for tests.
 *
 * @module
 */

import type { Hono } from "hono";
import { badgerKv, type BadgerKvOptions } from "../../src/http/mod.ts";
import { Store } from "../../src/store/store.ts";

// deno-lint-ignore no-explicit-any -- what a test reads from JSON has no type
export type Json = any;

/** A store in memory and its app. */
export interface Served extends AsyncDisposable {
  /** The store. */
  store: Store;
  /** The routes over it. */
  app: Hono;
  /** Asks for a path below `/badger/kv/`. */
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** Opens a store in memory behind the routes. */
export async function serveStore(
  options: BadgerKvOptions = {},
): Promise<Served> {
  const store = await Store.open({ memoryMode: true });
  const app = badgerKv(store, options);
  return {
    store,
    app,
    ask: async (path, init) => await app.request(`/badger/kv/${path}`, init),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** The status and the code of a refusal, whose form is looked at too. */
export async function refusal(
  response: Response,
): Promise<[status: number, code: string]> {
  const { error, code, ...rest }: Json = await response.json();
  if (typeof error !== "string" || !/^[A-Z].*[^.]$/.test(error)) {
    throw new Error(`Not a message: ${error}`);
  }
  if (Object.keys(rest).length > 0) throw new Error("It tells too much");
  return [response.status, code];
}

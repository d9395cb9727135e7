/**
 * Deno's own key-value store, `Deno.openKv` with a file. It has no synchronous
 * reads, so each get is awaited.
 *
 * @module
 */
import { mkdirSync } from "node:fs";

/** Nothing to import: the runtime has it. */
export function load() {}

/** Opens a store. */
export async function open(directory) {
  mkdirSync(directory, { recursive: true });
  const kv = await Deno.openKv(`${directory}/data.sqlite`);
  let atomic;
  return {
    getAsync: async (key) => (await kv.get([key])).value ?? undefined,
    writers: {
      put: {
        groups: { write: (key, value) => kv.set([key], value), all: true },
      },
      batch: {
        atomic: {
          write: (key, value) => void atomic.set([key], value),
          around: (run) => {
            atomic = kv.atomic();
            run();
            return atomic.commit();
          },
        },
      },
      remove: { groups: { write: (key) => kv.delete([key]), all: true } },
    },
    close: () => kv.close(),
  };
}

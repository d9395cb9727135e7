/**
 * A store whose life has an event of nearly every kind.
 *
 * @module
 */

import { Store, type StoreListener } from "../../mod.ts";
import { openEngine } from "../../src/store/store.ts";
import { segmentName } from "../../src/format/file_names.ts";
import { joinPath } from "../../src/fs/file_system.ts";
import { FixedHost } from "../support/fixed_host.ts";

/** The data directory. */
export const PATH = "/logged/{keys} %s %d";

/** The kinds of events that the work below tells, in order. */
export const TOLD: string[] = [
  "recovery",
  "open",
  "rotation",
  "gc-begin",
  "rotation",
  "gc-end",
  "gc-begin",
  "gc-end",
  "poison",
  "close",
];

/** Opens a store with a torn tail, fills a segment, collects twice, and loses the disk. */
export async function work(onEvent: StoreListener): Promise<void> {
  const options = { path: PATH, valueLogMaxEntries: 10 };
  const first = new FixedHost();
  const crashed = new Store(openEngine(options, first));
  await crashed.set("key", "value");
  const host = first.afterKill(PATH);
  const file = host.files.open(joinPath(PATH, segmentName(1)), "write");
  file.write(Uint8Array.of(1, 2, 3), 0, 3, file.size());
  const store = new Store(openEngine({ ...options, onEvent }, host));
  for (let i = 0; i < 12; i++) await store.set("key", `value ${i}`);
  await store.gc();
  file.write(new Uint8Array(9), 0, 9, 70);
  await store.gc();
  host.files.failsSync = true;
  await store.set("key", "unsynced");
  await store.sync().catch(() => {});
  await store.close();
  await crashed.close();
}

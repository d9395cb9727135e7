/** Watching: a view that follows the store, also after it was away. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/watch";
await emptyDir(path);
await using store = await Store.open(path);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What follows the store: names by user, and how far it has come. */
const view = { names: new Map<string, string>(), versionstamp: "" };

async function follow(commits: number): Promise<void> {
  const since = view.versionstamp;
  const stream = store.watch({
    prefix: "user/",
    ...(since === "" ? {} : { since }),
  });
  for await (const { versionstamp, changes } of stream) {
    for (const { key, value } of changes) {
      if (value === undefined) view.names.delete(text(key));
      else view.names.set(text(key), text(value));
    }
    view.versionstamp = versionstamp;
    if (--commits === 0) break; // leaving the loop ends the watch
  }
}

const followed = follow(2);
await store.set("order/1", "not of interest");
await store.set("user/1", "Ada");
await store.batch().set("user/2", "Grace").set("user/3", "Edsger").commit();
await followed;
console.log(`${view.names.size} users at ${view.versionstamp}`);
assertEquals([...view.names.values()], ["Ada", "Grace", "Edsger"]);

// While nobody follows, the log keeps what happens.
await store.delete("user/3");
await store.set("user/1", "Ada Lovelace");
await follow(2);
console.log(`${view.names.size} users at ${view.versionstamp}`);
assertEquals([...view.names.values()], ["Ada Lovelace", "Grace"]);

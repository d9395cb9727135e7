/**
 * One scenario on the runtime that runs this file: `scenario.mjs NAME DIRECTORY`.
 *
 * - `suite`: everything a user does with a store.
 * - `link N`: link N of the chain of runtimes that write one store.
 * - `encrypted-link N`: the same of an encrypted store; each link brings a new key.
 * - `server`: the plugin behind this runtime's server, and `serve`.
 * - `readers`: workers read what this thread writes.
 * - `reads`: reads a store that is held elsewhere.
 * - `hold`: opens the store, writes, says "ready" and keeps it until input ends.
 * - `refused`: the store is held elsewhere, so it must not open.
 * - `opens`: the store must open and have what its holder wrote.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { check, report, text } from "./checks.mjs";

const [name, directory, argument] = process.argv.slice(2);

switch (name) {
  case "suite":
    await (await import("./suite.mjs")).runSuite(directory);
    await (await import("./collections.mjs")).runCollections(
      `${directory}-collections`,
    );
    await (await import("./observe.mjs")).runObservers(`${directory}-observed`);
    break;
  case "link":
  case "encrypted-link": {
    const { runLink } = await import("./chain.mjs");
    await runLink(directory, Number(argument), name === "encrypted-link");
    break;
  }
  case "server":
    await (await import("./server.mjs")).runServer(directory);
    await (await import("./served.mjs")).runServed(directory);
    break;
  case "readers":
    await (await import("./readers.mjs")).runReaders(directory);
    break;
  case "reads":
    await (await import("./readers.mjs")).runRead(directory, argument);
    break;
  case "hold": {
    const { Store } = await import("@sett/badger");
    const store = await Store.open(directory);
    await store.set("holder", "was here");
    console.log("ready");
    for await (const _ of process.stdin);
    await store.close();
    break;
  }
  case "refused": {
    const { Store } = await import("@sett/badger");
    await check(`refuses a store that ${argument} holds`, async () => {
      await assert.rejects(Store.open(directory), (error) => {
        assert.equal(error.code, "LOCKED");
        return true;
      });
    });
    break;
  }
  case "opens": {
    const { Store } = await import("@sett/badger");
    await check(`opens a store ${argument}`, async () => {
      const store = await Store.open(directory);
      assert.equal(text(await store.get("holder")), "was here");
      await store.close();
    });
    break;
  }
  default:
    throw new TypeError(`Unknown scenario: ${name}`);
}
if (name !== "hold") report();

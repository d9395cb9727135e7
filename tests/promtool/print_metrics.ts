/**
 * Prints the metrics of an instance that has done a little of everything, as Prometheus
 * gets them in plain text.
 *
 * @module
 */

import { badgerApp } from "../../src/http/mod.ts";
import { Badger } from "../../src/plugin/mod.ts";

await using badger = await Badger.start({ memory_mode: true });
for (let i = 0; i < 2000; i++) {
  await badger.kvStore.addValue("numbers", `${i % 500}`, `value ${i}`);
}
await badger.kvStore.getValue("numbers", "1");
await badger.kvStore.deleteKey("numbers", "1");
await badger.gc({ discardRatio: 0.1 });
const response = await badgerApp(badger).request("/badger/metrics", {
  headers: { accept: "text/plain;version=0.0.4" },
});
console.log((await response.text()).trimEnd());

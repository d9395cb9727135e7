/** Uses a backend under whatever rights it was given; its arguments are the nodes. */
import process from "node:process";
import { RedisBackend } from "@sett/badger/redis";

const backend = await RedisBackend.start({ nodes: process.argv.slice(2) });
await backend.kvStore.addValue("rights", "k", "v");
console.log(await backend.kvStore.existsKey("rights", "k"));
await backend.close();

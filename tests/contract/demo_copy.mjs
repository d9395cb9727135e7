/**
 * The store of the demonstration, copied to a cluster and back by the command, with
 * equal digests: `demo_copy.mjs DIRECTORY`. Runs on Deno, from the repository.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import process from "node:process";
import { check, report } from "../interop/checks.mjs";
import { Cluster } from "./servers.mjs";

const [directory] = process.argv.slice(2);
const BACK = ".tmp/demo-back";

/** Runs the command and reads its JSON. */
function badger(...words) {
  const command = ["run", "-A", "--quiet", "src/cli/main.ts"];
  return new Promise((done, fail) => {
    execFile(
      process.execPath,
      [...command, ...words, "--json"],
      (error, out, errors) => {
        if (error === null) done(JSON.parse(out));
        else fail(new Error(`${words.join(" ")}: ${out}${errors}`));
      },
    );
  });
}

rmSync(BACK, { recursive: true, force: true });
const cluster = await Cluster.start();
const servers = `redis://${cluster.nodes.join(",")}`;
await check("the demonstration's store goes there and back", async () => {
  const sent = await badger("copy", "--from", directory, "--to", servers);
  const back = await badger("copy", "--from", servers, "--to", BACK);
  assert.equal(sent.verified.isEqual, true);
  assert.equal(back.verified.isEqual, true);
  assert.deepEqual(back.verified.local, sent.verified.local);
  assert.ok(sent.entries > 100_000);
  console.log(JSON.stringify({ sent, back }));
});
await cluster.dispose();
rmSync(BACK, { recursive: true, force: true });
report();
process.exit();

/**
 * Writes `deno.unlinked.json`: the configuration without its links, so that
 * `@std/assert` and `@std/fs` come from JSR. For the task `test:jsr`.
 *
 * @module
 */
const config = JSON.parse(await Deno.readTextFile("deno.json"));
delete config.links;
delete config.lock;
await Deno.writeTextFile(
  "deno.unlinked.json",
  JSON.stringify(config, null, 2) + "\n",
);

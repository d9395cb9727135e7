/**
 * Runs a script in a real shell, with `badger` as a command: `outside.ts DIRECTORY` with
 * the script on input. Tests may start Deno alone, so this does what they may not.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const [directory = ""] = Deno.args;
const script = await new Response(Deno.stdin.readable).text();
const bin = `${Deno.cwd()}/${directory}/bin`;
await Deno.mkdir(bin, { recursive: true });
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
await Deno.writeTextFile(
  `${bin}/badger`,
  `#!/bin/sh\nexec "${Deno.execPath()}" run -A --quiet "${main}" "$@"\n`,
  { mode: 0o755 },
);
const { NO_COLOR: _, ...environment } = Deno.env.toObject();
const child = new Deno.Command("bash", {
  args: ["-c", script],
  cwd: directory,
  clearEnv: true,
  env: {
    ...environment,
    TERM: "xterm",
    PATH: `${bin}:${environment["PATH"]}`,
  },
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
});
Deno.exit((await child.output()).code);

/**
 * Scripts beside the tests, which may not use the network.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

/**
 * Runs a script in a process of its own, which may use the network; gives what it
 * prints, read. With a path it may read the repository and write there.
 */
export async function runScript(
  script: string,
  path?: string,
): Promise<unknown> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      ...path === undefined ? [] : ["--allow-read=.", `--allow-write=${path}`],
      "--allow-env=LOG_TOKENS,LOG_STREAM",
      "--ext=ts",
      "-",
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(text === "" ? new TextDecoder().decode(stderr) : "", "");
  return JSON.parse(text);
}

/**
 * Runs tests in a process of their own, with rights that the others do without: some
 * packages read variables of the environment or the name of the machine.
 *
 * @module
 */

import { assert } from "@std/assert";

/** Runs the tests of `file` with `rights`; what they printed is told if one fails. */
export async function runTests(file: string, rights: string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "--quiet", "--no-prompt", ...rights, file],
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stdout) + decoder.decode(stderr));
}

/**
 * Golden scripts: a file is a list of blocks, each of commands, a line `---` and what
 * they print. Blocks are separated by an empty line; `#` starts a comment.
 *
 * ```text
 * # Setting a key.
 * open
 * set a 1
 * get a
 * ---
 * open: new, 0 segments
 * a = 1
 * ```
 *
 * Tokens are separated by blanks; one in double quotes is read as JSON. The commands
 * are in `commands.ts`.
 *
 * @module
 */

import { ScriptStore } from "./commands.ts";

/** One block of a script. */
interface Block {
  /** The lines before `---`, comments included. */
  input: string[];
  /** The lines after it. */
  output: string[];
}

function parseBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  for (const part of text.trimEnd().split(/\n{2,}/)) {
    const lines = part.split("\n");
    const divider = lines.indexOf("---");
    if (divider < 0) blocks.push({ input: lines, output: [] });
    else {
      blocks.push({
        input: lines.slice(0, divider),
        output: lines.slice(divider + 1),
      });
    }
  }
  return blocks;
}

/** Splits a line into tokens. */
export function tokenize(line: string): string[] {
  const tokens =
    line.match(/[\w.]*="(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return tokens.map((token) => {
    const quote = token.indexOf('"');
    if (quote < 0) return token;
    return token.slice(0, quote) + JSON.parse(token.slice(quote));
  });
}

/** Runs a script; gives it back with what its commands really print. */
export async function runScript(text: string): Promise<string> {
  const store = new ScriptStore();
  const parts: string[] = [];
  for (const { input } of parseBlocks(text)) {
    const output: string[] = [];
    for (const line of input) {
      const command = line.trim();
      if (command === "" || command.startsWith("#")) continue;
      output.push(...await store.run(tokenize(command)));
    }
    const hasCommands = input.some((line) => !line.startsWith("#"));
    parts.push(
      [...input, ...(hasCommands ? ["---"] : []), ...output].join("\n"),
    );
  }
  return parts.join("\n\n") + "\n";
}

/**
 * Prints a block of code of a document: `block.mjs FILE HEADING TEXT`, the first block of
 * JavaScript or TypeScript below the heading that contains the text.
 */
import { readFileSync } from "node:fs";
import process from "node:process";

const [file, heading, text] = process.argv.slice(2);
const document = readFileSync(file, "utf8");
const section = document.split(/^## /m)
  .find((part) => part.startsWith(`${heading}\n`)) ?? "";
const block = [...section.matchAll(/^```[jt]s\n([\s\S]*?)^```$/gm)]
  .map(([, code]) => code)
  .find((code) => code.includes(text));
if (block === undefined) {
  throw new Error(`${file} has no block with ${text} below ${heading}`);
}
process.stdout.write(block);

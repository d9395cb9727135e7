/**
 * Reads the documents: their code blocks, tables and headings, as far as tests ask.
 *
 * @module
 */

/** The documents that tests look at. */
export const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "FORMAT.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "bench/README.md",
];

/** The guides; their links are looked at as those of the documents. */
export const GUIDES: string[] = [...Deno.readDirSync("docs")]
  .filter(({ name }) => name.endsWith(".md"))
  .map(({ name }) => `docs/${name}`)
  .sort();

/** A fenced block of a document. */
export interface CodeBlock {
  /** The language after the fence. */
  language: string;
  /** What is between the fences. */
  text: string;
}

/** The fenced blocks of a document, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .map(([, language, text]) => ({ language: language!, text: text! }));
}

/** The rows of the table whose first head cell is `head`, without backticks. */
export function tableRows(markdown: string, head: string): string[][] {
  const lines = markdown.split("\n");
  const start = lines.findIndex((line) => cells(line)[0] === head);
  if (start < 0) throw new Error(`No table has ${head} for its first head`);
  const rows: string[][] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith("|")) break;
    rows.push(cells(line));
  }
  return rows;
}

function cells(line: string): string[] {
  if (!line.startsWith("|")) return [];
  return line.split(/(?<!\\)\|/).slice(1, -1)
    .map((cell) => cell.replaceAll("`", "").trim());
}

/** The names by which links find the headings of a document. */
export function anchors(markdown: string): Set<string> {
  const withoutCode = markdown.replace(/^```[\s\S]*?^```$/gm, "");
  return new Set(
    [...withoutCode.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
    ),
  );
}

/** The targets of a document's links that lie in this repository. */
export function localLinks(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

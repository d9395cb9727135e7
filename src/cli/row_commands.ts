/**
 * Rows in and out, for other programs: `export` and `import`.
 *
 * @module
 */

import type { RowFormat } from "../store/export.ts";
import type { Call } from "./call.ts";
import {
  BUCKET_OPTION,
  type CommandSpec,
  FORM_OPTIONS,
  RANGE_OPTIONS,
} from "./command.ts";
import { count, size } from "./figures.ts";
import { openSource, openTarget, refuseTerminal, STANDARD } from "./files.ts";
import { Progress, withProgress } from "./progress.ts";

const FORMATS: readonly RowFormat[] = ["ndjson", "cbor"];
const FORMAT_OPTION = {
  flags: "--format <format>",
  description: "(default: cbor for a file that ends in .cbor, else ndjson)",
  choices: FORMATS,
};

/** The commands for rows. */
export const ROW_COMMANDS: readonly CommandSpec[] = [
  {
    usage: "export [file]",
    summary: "write keys and values as NDJSON or CBOR to a file, or to output",
    details:
      "Works on a store that another process has open. The file has its name only once " +
      "it is whole.",
    isOnStore: true,
    options: [BUCKET_OPTION, ...RANGE_OPTIONS, FORMAT_OPTION, ...FORM_OPTIONS],
    examples: [
      "export users.ndjson --bucket users",
      "export --prefix user: | jq -r .key",
      "export all.cbor",
    ],
    run: exportRows,
  },
  {
    usage: "import [file]",
    summary: "set the keys and values of NDJSON or CBOR, from a file or input",
    details:
      "A store is made where there is none. It is not atomic: if a row makes no sense or " +
      "the command is ended, the rows before that are set.",
    isOnStore: true,
    options: [BUCKET_OPTION, FORMAT_OPTION],
    examples: [
      "import users.ndjson --bucket users",
      "list --json | badger import --path ./data/copy",
    ],
    run: importRows,
  },
];

function formatOf(call: Call, file: string): RowFormat {
  const format = call.text("format") as RowFormat | undefined;
  return format ?? (file.endsWith(".cbor") ? "cbor" : "ndjson");
}

async function exportRows(call: Call): Promise<void> {
  const { output, signal } = call;
  const [file = STANDARD] = call.args;
  const format = formatOf(call, file);
  if (format === "cbor") refuseTerminal(call, file, "CBOR");
  const range = call.range();
  const space = await call.readSpace();
  const total = await space.count({ ...range, signal });
  const report = await withProgress(
    new Progress(output, "Exporting", total, "keys"),
    (progress) =>
      space.export(openTarget(call, file), {
        ...range,
        format,
        signal,
        onProgress: ({ rows }) => progress.update(rows),
      }),
  );
  // Output is the rows themselves.
  if (file === STANDARD) return;
  if (output.isJson) await output.json(report);
  else await output.line(`${count(report.rows)} rows, ${size(report.bytes)}`);
}

async function importRows(call: Call): Promise<void> {
  const { output, signal } = call;
  const [file = STANDARD] = call.args;
  const format = formatOf(call, file);
  const source = openSource(call, file);
  const space = await call.writeSpace(true);
  const report = await withProgress(
    new Progress(output, "Importing", source.size, "bytes"),
    (progress) => {
      source.onRead = (bytes) => progress.update(bytes);
      return space.import(source.readable, { format, signal });
    },
  );
  if (output.isJson) return await output.json(report);
  const expired = report.expired === 0
    ? ""
    : `, ${count(report.expired)} of them expired`;
  await output.line(
    `${count(report.rows)} rows${expired}, ${size(report.bytes)}`,
  );
}

/**
 * What the command prints: tables and colours where a person looks at a terminal, lines
 * and JSON elsewhere.
 *
 * @module
 */

import { styleText } from "node:util";
import Table from "cli-table3";
import { fromSystemError } from "../errors.ts";
import { BrokenPipeError } from "./exit_code.ts";
import type { Surroundings, TerminalStream } from "./surroundings.ts";

/** A column of a table. */
export interface Column {
  /** Its head. */
  head: string;
  /** True for figures. */
  isRight?: boolean;
}

/** The colours in use. */
export type Colour = "bold" | "dim" | "cyan" | "green" | "yellow" | "red";

/** Bytes that are gathered before they are written. */
const PIECE_BYTES = 64 * 1024;

/** Prints to the streams of the command. */
export class Output {
  /** True if output goes to a terminal. */
  readonly isTerminal: boolean;
  /** True if JSON was asked for. */
  readonly isJson: boolean;
  /** Characters in a line of the terminal. */
  readonly columns: number;
  readonly #stdout: TerminalStream;
  readonly #stderr: TerminalStream;
  readonly #hasColours: boolean;
  readonly #hasNoteColours: boolean;
  #lines: string[] = [];
  #length = 0;
  #broken: Error | undefined;

  /** Prints to `surroundings`; `onBroken` is called when that cannot go on. */
  constructor(
    { stdout, stderr, environment }: Surroundings,
    isJson: boolean,
    onBroken: (error: Error) => void,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isTerminal = stdout.isTTY === true;
    this.isJson = isJson;
    this.columns = stdout.columns || 80;
    const mayColour = (stream: TerminalStream) =>
      stream.isTTY === true && !environment("NO_COLOR") &&
      environment("TERM") !== "dumb";
    this.#hasColours = mayColour(stdout);
    this.#hasNoteColours = mayColour(stderr);
    stdout.on("error", (error: Error) => onBroken(this.#break(error)));
    // Nowhere is left to tell of it.
    stderr.on("error", () => {});
  }

  /** The terminal that notes go to; `undefined` if they go elsewhere. */
  get noteTerminal(): TerminalStream | undefined {
    return this.#stderr.isTTY === true ? this.#stderr : undefined;
  }

  /** Text in a colour, where there are colours. */
  paint(colour: Colour, text: string): string {
    return this.#hasColours ? paint(colour, text) : text;
  }

  /** The same for what goes beside the output. */
  paintNote(colour: Colour, text: string): string {
    return this.#hasNoteColours ? paint(colour, text) : text;
  }

  /** Prints a line. */
  async line(text: string): Promise<void> {
    this.#lines.push(text);
    this.#length += text.length;
    if (this.#length >= PIECE_BYTES) await this.flush();
  }

  /** Writes what was gathered. */
  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join("\n") + "\n";
    this.#lines = [];
    this.#length = 0;
    await this.bytes(text);
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array | string): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null) =>
        error ? reject(this.#break(error)) : resolve();
      try {
        this.#stdout.write(bytes, done);
      } catch (error) {
        reject(this.#break(error));
      }
    });
  }

  /** Remembers why output failed first: nobody reads it, or it cannot be kept. */
  #break(error: unknown): Error {
    const { code } = error as { code?: unknown };
    return this.#broken ??= code === "EPIPE" || code === "ECONNRESET"
      ? new BrokenPipeError(error)
      : fromSystemError("write", "the output", error);
  }

  /** Tells something beside the output. */
  note(text: string): void {
    try {
      this.#stderr.write(text + "\n");
    } catch {
      // Nowhere is left to tell of it.
    }
  }

  /** Prints a document as JSON. */
  async json(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value, undefined, 2));
  }

  /** Prints rows: a table on a terminal, else lines with tabs between the cells. */
  async table(columns: readonly Column[], rows: string[][]): Promise<void> {
    if (!this.isTerminal) {
      await this.line(columns.map(({ head }) => head).join("\t"));
      for (const row of rows) await this.line(row.join("\t"));
      return;
    }
    const table = new Table({
      head: columns.map(({ head }) => this.paint("bold", head)),
      colAligns: columns.map(({ isRight }) => isRight ? "right" : "left"),
      // It would look at the terminal of its own accord.
      style: { head: [], border: [] },
      chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    });
    table.push(...rows);
    await this.line(table.toString());
  }

  /** Prints names with their values, one a line, or all as JSON. */
  async fields(
    report: object,
    lines: readonly (readonly [name: string, value: string])[],
  ): Promise<void> {
    if (this.isJson) return await this.json(report);
    const width = Math.max(...lines.map(([name]) => name.length));
    for (const [name, value] of lines) {
      await this.line(
        this.isTerminal
          ? `${this.paint("cyan", name.padEnd(width))}  ${value}`
          : `${name}\t${value}`,
      );
    }
  }
}

function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { validateStream: false });
}

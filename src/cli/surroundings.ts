/**
 * What the command has around it: streams, environment and signals. Tests bring their
 * own.
 *
 * @module
 */

import process from "node:process";
import type { Readable, Writable } from "node:stream";

/** A stream that may be a terminal. */
export type TerminalStream = Writable & {
  /** True for a terminal. */
  isTTY?: boolean;
  /** Characters in a line of it. */
  columns?: number;
};

/** The signals that end the command. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** Everything outside that the command uses, but for files. */
export interface Surroundings {
  /** Input. */
  stdin: Readable;
  /** What was asked for. */
  stdout: TerminalStream;
  /** What is told beside it: errors, notes, progress. */
  stderr: TerminalStream;
  /** The value of a variable of the environment. */
  environment: (name: string) => string | undefined;
  /**
   * Has the first signal told to `listener`, unless what is returned is called before.
   * A second one ends the process at once, which the log survives.
   */
  onSignal: (listener: (signal: EndSignal) => void) => () => void;
}

/** The surroundings of this process. */
export function systemSurroundings(): Surroundings {
  return {
    // Input is opened only when a command reads it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    environment: (name) => process.env[name],
    onSignal: (listener) => {
      const ignore = () => {
        process.off("SIGINT", told);
        process.off("SIGTERM", told);
      };
      const told = (signal: string) => {
        ignore();
        listener(signal as EndSignal);
      };
      process.on("SIGINT", told);
      process.on("SIGTERM", told);
      return ignore;
    },
  };
}

/**
 * The flags of the driver and of the guard.
 *
 * @module
 */

import { PEERS, type RuntimeName } from "./peers.ts";
import type { Plan } from "./rounds.ts";
import { selectableNames } from "./workloads.ts";

const RUNTIMES: readonly RuntimeName[] = ["deno", "bun", "node"];

/** Flags with their values; `--program name=path` may come several times. */
export class Flags {
  readonly #values = new Map<string, string>();
  /** Programs by runtime. */
  readonly programs: Map<string, string> = new Map();

  /**
   * @param args The words of the command.
   * @param known The flags there are; those in `switches` take no value.
   */
  constructor(
    args: readonly string[],
    known: readonly string[],
    switches: readonly string[] = [],
  ) {
    for (let at = 0; at < args.length; at++) {
      const name = args[at]!.replace(/^--/, "");
      if (switches.includes(name)) {
        this.#values.set(name, "");
        continue;
      }
      const value = args[++at];
      if (value === undefined || ![...known, "program"].includes(name)) {
        throw new TypeError(
          `Cannot use ${args[at] ?? `--${name}`}: the flags are ${
            [...known, ...switches].map((flag) => `--${flag}`).join(" ")
          }`,
        );
      }
      if (name === "program") {
        const [runtime, path] = value.split("=") as [string, string];
        this.programs.set(runtime, path);
      } else this.#values.set(name, value);
    }
  }

  /** Whether a flag was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The text of a flag. */
  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** The number of a flag, which must be greater than 0. */
  number(name: string, otherwise: number): number {
    const text = this.#values.get(name);
    if (text === undefined) return otherwise;
    const number = Number(text);
    if (number > 0) return number;
    throw new RangeError(
      `Cannot use ${text} as --${name}: it must be a number greater than 0`,
    );
  }

  /** The names of a flag, parted by commas; none if it was not given. */
  names(name: string, allowed: readonly string[]): string[] {
    const names = this.#values.get(name)?.split(",").filter(Boolean) ?? [];
    const unknown = names.find((one) => !allowed.includes(one));
    if (unknown === undefined) return names;
    throw new RangeError(
      `Cannot use ${unknown} in --${name}: there are ${allowed.join(", ")}`,
    );
  }
}

/** What the driver is asked to run. */
export function readPlan(flags: Flags): Plan {
  const runtimes = flags.names("runtimes", RUNTIMES) as RuntimeName[];
  return {
    rounds: Math.ceil(flags.number("rounds", 3)),
    scale: flags.number("scale", 1),
    only: flags.names("only", selectableNames()),
    peers: flags.names("peers", PEERS.map(({ name }) => name)),
    runtimes: runtimes.length > 0 ? runtimes : ["deno"],
    programs: flags.programs,
  };
}

/**
 * Rounds: each goes through all workloads, and through all peers within each, so
 * that a slow minute of the machine meets everyone.
 *
 * @module
 */

import { type Peer, PEERS, type RuntimeName, takesPart } from "./peers.ts";
import type { Measurement } from "./results.ts";
import {
  isSelected,
  type Phase,
  type Workload,
  WORKLOADS,
} from "./workloads.ts";

/** Where the packages are and phases run; see `run.sh`. */
export const HOME = ".tmp/peers";

const TIMEOUT_MS = 20 * 60_000;
const SETTLE_BOUND_MS = 90_000;
const FEWEST_KEYS = 1000;
const FEWEST_DURABLE_KEYS = 128;

/** What to run. */
export interface Plan {
  rounds: number;
  /** Factor of all counts. */
  scale: number;
  /** Names of workloads or phases; all when empty. */
  only: readonly string[];
  /** Names of peers; all when empty. */
  peers: readonly string[];
  runtimes: readonly RuntimeName[];
  /** The programs, by runtime and by peer; `own-node` is the Node of the packages. */
  programs: ReadonlyMap<string, string>;
}

function scaled(count: number, scale: number, isDurable: boolean): number {
  const fewest = isDurable ? FEWEST_DURABLE_KEYS : FEWEST_KEYS;
  return Math.max(fewest, Math.round(count * scale));
}

function log(text: string): void {
  console.error(text);
}

/** The program that runs a peer's phases, and the words that come first. */
function commandOf(
  plan: Plan,
  runtime: RuntimeName,
  peer: Peer,
): [program: string, ...words: string[]] {
  if (peer.program !== undefined) return [plan.programs.get(peer.program)!];
  const program = (peer.ownNode && plan.programs.get("own-node")) ||
    plan.programs.get(runtime)!;
  const flags = runtime === "deno"
    ? [
      "run",
      "--no-prompt",
      "--allow-all",
      "--no-config",
      "--node-modules-dir=manual",
      "--unstable-kv",
    ]
    : [];
  return [program, ...flags, "phase.mjs"];
}

/** The peers of a plan; those whose program is missing are named and left out. */
function peersOf(plan: Plan): Peer[] {
  return PEERS.filter(({ name, program }) => {
    if (plan.peers.length > 0 && !plan.peers.includes(name)) return false;
    if (program === undefined || plan.programs.has(program)) return true;
    log(`NOT COMPARED: ${name} is not installed on this machine`);
    return false;
  });
}

/** Runs one phase in a process of its own; its lines, or `undefined` if it failed. */
async function runPhase(
  plan: Plan,
  runtime: RuntimeName,
  peer: Peer,
  words: [workload: string, phase: string],
  step: Record<string, unknown>,
): Promise<Measurement[] | undefined> {
  const [program, ...leading] = commandOf(plan, runtime, peer);
  const child = new Deno.Command(program, {
    args: [...leading, peer.name, ...words, JSON.stringify(step)],
    cwd: HOME,
    env: { NODE_NO_WARNINGS: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  const { success, signal, stdout, stderr } = await child.output();
  clearTimeout(timer);
  if (step.kind === "fillForKill" ? signal === "SIGKILL" : success) {
    return new TextDecoder().decode(stdout).split("\n")
      .filter((line) => line.startsWith("{"))
      // A peer that has a program of its own does not know beside whom it runs.
      .map((line) => ({ ...JSON.parse(line), runtime }));
  }
  log(`FAILED ${runtime} ${peer.name} ${words.join("/")}`);
  log(new TextDecoder().decode(stderr).trim());
  return undefined;
}

/** One peer's way through one workload. */
class Course {
  readonly #plan: Plan;
  readonly #runtime: RuntimeName;
  readonly #peer: Peer;
  readonly #workload: Workload;
  readonly #directory: string;
  readonly #note: (lines: Measurement[]) => void;
  /** Phases that failed. */
  failures = 0;

  constructor(
    plan: Plan,
    runtime: RuntimeName,
    peer: Peer,
    workload: Workload,
    note: (lines: Measurement[]) => void,
  ) {
    this.#plan = plan;
    this.#runtime = runtime;
    this.#peer = peer;
    this.#workload = workload;
    this.#note = note;
    const name = `${workload.name}-${runtime}-${peer.name}`;
    this.#directory = `data/${name.replaceAll(":", "-")}`;
  }

  #empty(): void {
    const path = `${HOME}/${this.#directory}`;
    try {
      Deno.removeSync(path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** What a phase's process is told. */
  #step(phase: Phase, idiom: string | undefined, index: number) {
    const { scale } = this.#plan;
    const { keys, valueBytes } = this.#workload;
    const { adapter, settings, spaceSettings, maximumKeys = Infinity } =
      this.#peer;
    const isSpace = this.#workload.name === "space";
    const isDurable = phase.durable === true;
    const all = Math.min(scaled(keys, scale, isDurable), maximumKeys);
    const wanted = scaled(phase.count ?? keys, scale, isDurable);
    const isDelete = phase.operation === "remove";
    const count = phase.kind === "mixed"
      ? wanted
      : Math.min(wanted, isDelete ? all >> 1 : all);
    return {
      ...phase,
      adapter,
      directory: this.#directory,
      settings: { ...settings, ...(isSpace ? spaceSettings : {}) },
      idiom,
      keys: all,
      valueBytes,
      count,
      // Each idiom deletes keys of its own, and overwrites with values of its own.
      ...(isDelete ? { first: index * count } : {}),
      generation: (phase.generation ?? 0) + (phase.fills ? 0 : index),
      volatile: this.#peer.volatile === true,
      prefill: this.#peer.volatile === true && !phase.fills,
      quietMs: this.#peer.quietMs ?? 0,
      boundMs: SETTLE_BOUND_MS,
    };
  }

  /** Runs a phase in each of its idioms; false if what follows has no base. */
  async #phase(phase: Phase, isMeasured: boolean): Promise<boolean> {
    const { name } = this.#workload;
    const operation = phase.kind === "read" ? "read" : phase.operation;
    const all = operation && this.#peer.idioms[operation] || [undefined];
    const idioms = isMeasured && phase.kind !== "space" ? all : all.slice(0, 1);
    for (const [index, idiom] of idioms.entries()) {
      for (let time = 0; time < (phase.repeat ?? 1); time++) {
        if (phase.fills) this.#empty();
        const lines = await runPhase(
          this.#plan,
          this.#runtime,
          this.#peer,
          [name, phase.name],
          this.#step(phase, idiom, index),
        );
        if (lines === undefined) {
          this.failures++;
          return !phase.fills;
        }
        if (isMeasured) this.#note(lines);
      }
    }
    return true;
  }

  /** Whether a phase that is not measured fills the directory for one that is. */
  #isNeeded(phase: Phase, index: number, wanted: readonly Phase[]): boolean {
    if (!phase.fills || this.#peer.volatile) return false;
    const next = this.#workload.phases.slice(index + 1)
      .find((later) => wanted.includes(later));
    return next !== undefined && !next.fills;
  }

  /** Runs the phases that were selected and those that they need. */
  async run(): Promise<void> {
    const { phases, name } = this.#workload;
    const wanted = phases.filter((phase) =>
      isSelected(this.#workload, phase, this.#plan.only) &&
      takesPart(this.#peer, name, phase)
    );
    if (wanted.length === 0) return;
    try {
      for (const [index, phase] of phases.entries()) {
        const isMeasured = wanted.includes(phase);
        if (!isMeasured && !this.#isNeeded(phase, index, wanted)) continue;
        if (!takesPart(this.#peer, name, phase)) break;
        if (!await this.#phase(phase, isMeasured)) break;
      }
    } finally {
      this.#empty();
    }
  }
}

/** Runs a plan; `note` is given each measurement as it comes. */
export async function runRounds(
  plan: Plan,
  note: (one: Measurement) => void,
): Promise<{ measurements: Measurement[]; failures: number }> {
  const measurements: Measurement[] = [];
  let failures = 0;
  const peers = peersOf(plan);
  for (let round = 1; round <= plan.rounds; round++) {
    for (const workload of WORKLOADS) {
      for (const runtime of plan.runtimes) {
        for (const peer of peers) {
          if (!peer.runtimes.includes(runtime)) continue;
          const course = new Course(plan, runtime, peer, workload, (lines) => {
            for (const line of lines) {
              const one = { ...line, round };
              measurements.push(one);
              note(one);
            }
          });
          await course.run();
          failures += course.failures;
        }
      }
    }
  }
  return { measurements, failures };
}

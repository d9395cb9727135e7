/**
 * Plays a workload and tries what crashes leave of it.
 *
 * @module
 */

import type { CrashChoice } from "../../support/disk_log.ts";
import { seededRandom } from "../../support/simulated_host.ts";
import { crashChoices, FULL } from "./choices.ts";
import { checkContinuation, checkPowerLoss, goOn } from "./continuation.ts";
import { Driver } from "./driver.ts";
import {
  checkCrashedRecovery,
  checkLater,
  checkRecovery,
  checkSecondRecovery,
  type CrashState,
} from "./oracles.ts";
import { Violation } from "./recovered.ts";
import type { Life } from "./session.ts";
import { type Workload, workloadNamed } from "./workloads.ts";

/** Moments at which the power goes after each kill. */
const CRASHES_A_KILL = 6;
/** The part of the recoveries that crash themselves. */
const CRASHED_SHARE = 0.3;

/** How much of all there is to try. */
export interface Extent {
  /** Draws everything that is drawn. */
  seed: number;
  /** Tries of a workload at most. */
  triesMax: number;
  /** The part of the states on which the later life of the store is tried too. */
  laterShare: number;
  /** Ends at the first violation. */
  isFirstOnly?: boolean;
}

/** What was tried, and what was found. */
export interface Findings {
  /** How many tries there were. */
  tries: number;
  /** Everything that must never be, with what is needed to see it again. */
  violations: string[];
}

/** One crash of one workload, as violations print it and {@linkcode replay} takes it. */
export interface Crash extends CrashChoice {
  /** The workload's name. */
  workload: string;
  /** The seed it was played from. */
  seed: number;
  /** Which of its lives ended. */
  life: number;
  /** A second crash: of the recovery or, after a kill, of the next life. */
  then?: CrashChoice;
}

/** A number from the seed and a name. */
export function mixSeed(seed: number, name: string): number {
  let mixed = seed >>> 0;
  for (const letter of name) {
    mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  }
  return mixed;
}

/** What a violation says, and where it came from if it is none. */
export function describeFailure(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return String((error as Error).stack ?? error);
}

/** Plays a workload from a seed, without any fault. */
export async function playWorkload(
  workload: Workload,
  seed: number,
): Promise<Driver> {
  const driver = new Driver(
    workload.options ?? {},
    mixSeed(seed, workload.name),
  );
  await workload.play(driver);
  driver.checkReads("at the end");
  return driver;
}

/** What a crash of a life leaves and may lead to. */
export function stateOf(
  driver: Driver,
  { disk, history }: Life,
  choice: CrashChoice,
  seed: number,
): CrashState {
  const { prefix, isKill = false } = choice;
  const time = history.timeAt(prefix);
  return {
    options: driver.options,
    files: disk.crash(choice),
    legal: history.legal({ prefix, isKill }, time),
    paths: history.paths,
    time,
    seed,
    versions: driver.versions,
    versionMin: history.versionAt({ prefix, isKill }),
  };
}

/** Plays one workload and tries up to `triesMax` of its crash states. */
export async function tryWorkload(
  workload: Workload,
  extent: Extent,
): Promise<Findings> {
  const { seed, triesMax, laterShare, isFirstOnly = false } = extent;
  const findings: Findings = { tries: 0, violations: [] };
  let driver: Driver;
  try {
    driver = await playWorkload(workload, seed);
  } catch (error) {
    const place = JSON.stringify({ workload: workload.name, seed });
    findings.violations.push(`${place}: ${describeFailure(error)}`);
    return findings;
  }
  const random = seededRandom(mixSeed(seed, `${workload.name} crashes`));
  const seen = new Set<string>();
  for (const { life, choice } of drawChoices(driver, random, triesMax)) {
    const state = stateOf(driver, driver.lives[life]!, choice, seed);
    const print = fingerprint(state);
    const isNew = !seen.has(print);
    seen.add(print);
    // States alike are recovered alike.
    if (!isNew && choice.isKill !== true) continue;
    findings.tries++;
    try {
      await tryState(state, random, laterShare);
      if (choice.isKill === true) {
        await checkContinuation(
          driver,
          driver.lives[life]!,
          choice.prefix,
          CRASHES_A_KILL,
          random,
        );
      }
    } catch (error) {
      const then = error instanceof Violation ? error.then : undefined;
      const crash: Crash = {
        workload: workload.name,
        seed,
        life,
        ...choice,
        ...(then === undefined ? {} : { then }),
      };
      findings.violations.push(
        `${JSON.stringify(crash)}: ${describeFailure(error)}`,
      );
      if (isFirstOnly) break;
    }
  }
  return findings;
}

/** Tries one crash state. */
export async function tryState(
  state: CrashState,
  random: () => number,
  laterShare: number,
): Promise<void> {
  const first = checkRecovery(state);
  checkSecondRecovery(state, first);
  const { log } = first.disk;
  if (log.length > 0 && random() < CRASHED_SHARE) {
    const prefix = Math.floor(random() * (log.length + 1));
    const share = random();
    const lost = log.unsafe(prefix).filter(() => random() < share);
    checkCrashedRecovery(state, first, { prefix, lost });
  }
  if (random() < laterShare) await checkLater(state, first);
}

/**
 * Tries one crash again, as a violation printed it.
 *
 * @throws {Violation} If it still leads to what must never be.
 */
export async function replay(crash: Crash): Promise<void> {
  const { workload, seed, life: number, then, ...choice } = crash;
  const driver = await playWorkload(workloadNamed(workload), seed);
  const life = driver.lives[number]!;
  const state = stateOf(driver, life, choice, seed);
  const first = checkRecovery(state);
  checkSecondRecovery(state, first);
  if (then !== undefined && choice.isKill === true) {
    checkPowerLoss(await goOn(driver, life, choice.prefix), then);
  } else if (then !== undefined) {
    checkCrashedRecovery(state, first, then);
  }
  await checkLater(state, first);
}

/** All choices of all lives in no order, or as many as may be tried. */
function drawChoices(
  driver: Driver,
  random: () => number,
  triesMax: number,
): { life: number; choice: CrashChoice }[] {
  const all: { life: number; choice: CrashChoice }[] = [];
  for (const [life, { disk }] of driver.lives.entries()) {
    for (const choice of crashChoices(disk.log, random, FULL)) {
      all.push({ life, choice });
    }
  }
  // In no order, so that the first violation comes soon.
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.slice(0, triesMax);
}

function fingerprint({ files, legal, time }: CrashState): string {
  const parts = [String(time), ...legal.keys()];
  for (const [name, bytes] of files) {
    parts.push(name, String(bytes.length), String(hash(bytes)));
  }
  return parts.join("\n");
}

function hash(bytes: Uint8Array): number {
  let hash = 0;
  for (let i = 0; i < bytes.length; i++) {
    hash = (Math.imul(hash, 31) + bytes[i]! + 1) | 0;
  }
  return hash;
}

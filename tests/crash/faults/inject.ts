/**
 * Plays a workload once for every operation of the disk and every way in which that
 * can fail. Call by call the driver checks what the store makes of it; in the end the
 * store must come back from whatever a crash leaves.
 *
 * @module
 */

import type {
  CrashChoice,
  DiskLog,
  TornWrite,
} from "../../support/disk_log.ts";
import {
  type AskedOperation,
  type Fault,
  type FaultKind,
  SimulatedDisk,
} from "../../support/simulated_disk.ts";
import { seededRandom, settle } from "../../support/simulated_host.ts";
import { Driver } from "../states/driver.ts";
import {
  describeFailure,
  type Extent,
  type Findings,
  mixSeed,
  stateOf,
} from "../states/enumerate.ts";
import {
  checkLater,
  checkRecovery,
  checkSecondRecovery,
} from "../states/oracles.ts";
import { messageOf, Violation } from "../states/recovered.ts";
import { type Workload, workloadNamed } from "../states/workloads.ts";

/** Crashes after a fault whose choices are drawn. */
const DRAWN_CRASHES = 3;

/** The ways in which an operation can fail; no way is left out but those alike. */
function kindsOf(action: string): FaultKind[] {
  switch (action) {
    case "open":
      return ["EIO", "EMFILE"];
    case "create":
      return ["EIO", "ENOSPC", "EMFILE"];
    case "write":
      return ["EIO", "ENOSPC", "short"];
    case "sync":
      return ["EIO", "ENOSPC", "dropped"];
    case "rename":
    case "truncate":
    case "sync the directory":
      return ["EIO", "ENOSPC"];
    default:
      return ["EIO"];
  }
}

/** One fault of one workload, as violations print it and {@linkcode replayFault} takes it. */
export interface FaultCase {
  /** The workload's name. */
  workload: string;
  /** The seed it was played from. */
  seed: number;
  /** What fails. */
  fault: Fault;
  /** The crash that followed. */
  crash?: CrashChoice & { life: number };
}

/** A workload that was played with a fault. */
interface Played {
  driver: Driver;
  failed: AskedOperation | undefined;
  /** Length of the last disk's log when the workload was at its end. */
  end: number;
}

/** Plays a workload with a fault, closes and opens the store, and writes on. */
async function play(
  workload: Workload,
  seed: number,
  fault: Fault,
): Promise<Played> {
  const disk = new SimulatedDisk();
  disk.fault = fault;
  const driver = new Driver(
    workload.options ?? {},
    mixSeed(seed, workload.name),
    disk,
  );
  await workload.play(driver);
  await settle();
  const { failed } = driver.life.disk;
  const end = driver.at;
  driver.checkReads("at the end");
  if (driver.engine !== undefined) await driver.close();
  driver.nextHost();
  driver.open();
  await driver.set("probe", "1");
  await driver.sync();
  await driver.set("probe", "2");
  return { driver, failed, end };
}

/** Which operations the workload asks for. */
async function traceOf(
  workload: Workload,
  seed: number,
): Promise<AskedOperation[]> {
  const driver = new Driver(
    workload.options ?? {},
    mixSeed(seed, workload.name),
    new SimulatedDisk(new Map(), true),
  );
  await workload.play(driver);
  return driver.life.disk.trace!;
}

/** Plays one workload with up to `triesMax` faults. */
export async function tryFaults(
  workload: Workload,
  extent: Extent,
): Promise<Findings> {
  const { seed, triesMax, isFirstOnly = false } = extent;
  const random = seededRandom(mixSeed(seed, `${workload.name} faults`));
  const trace = await traceOf(workload, seed);
  const faults: Fault[] = trace.flatMap(({ action }, i) =>
    kindsOf(action).map((kind) => ({ at: i + 1, kind }))
  );
  for (let i = faults.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [faults[i], faults[j]] = [faults[j]!, faults[i]!];
  }
  const findings: Findings = { tries: 0, violations: [] };
  for (const fault of faults.slice(0, triesMax)) {
    findings.tries++;
    const asked = trace[fault.at - 1]!;
    try {
      await tryFault(workload, extent, fault, random);
    } catch (error) {
      const crash = error instanceof Violation ? error.then : undefined;
      const found: FaultCase = {
        workload: workload.name,
        seed,
        fault,
        ...(crash === undefined ? {} : { crash: { life: 0, ...crash } }),
      };
      findings.violations.push(
        `${JSON.stringify(found)} (${asked.action} ${asked.path}): ${
          describeFailure(error)
        }`,
      );
      if (isFirstOnly) break;
    }
  }
  return findings;
}

async function tryFault(
  workload: Workload,
  { seed, laterShare }: Extent,
  fault: Fault,
  random: () => number,
): Promise<void> {
  const { driver, failed, end } = await play(workload, seed, fault);
  for (const [life, { disk }] of driver.lives.entries()) {
    if (life < driver.lives.length - 1 && disk.failed === undefined) continue;
    const from = Math.min(failed?.at ?? 0, disk.log.length);
    const all = disk.log.length;
    const choices: CrashChoice[] = [
      { prefix: from, isKill: true, lost: [] },
      { prefix: all, isKill: true, lost: [] },
      { prefix: all, lost: disk.log.unsafe(all) },
      { prefix: all, lost: [] },
    ];
    // Before another process makes safe what this one believed to be.
    if (life === driver.lives.length - 1) {
      choices.push({ prefix: end, lost: disk.log.unsafe(end) });
    }
    for (let i = 0; i < DRAWN_CRASHES; i++) {
      const prefix = from + Math.floor(random() * (all - from + 1));
      const share = random();
      const unsafe = disk.log.unsafe(prefix);
      const lost = unsafe.filter(() => random() < share);
      const torn = tornTail(disk.log, unsafe, random);
      choices.push({ prefix, lost, ...(torn === undefined ? {} : { torn }) });
    }
    for (const choice of choices) {
      await tryCrash(driver, life, choice, seed, random() < laterShare);
    }
  }
}

/** The last write that is not safe, cut somewhere. */
function tornTail(
  log: DiskLog,
  unsafe: number[],
  random: () => number,
): TornWrite | undefined {
  const index = unsafe.findLast((i) => log.operations[i]!.kind === "write");
  const operation = index === undefined ? undefined : log.operations[index];
  if (index === undefined || operation?.kind !== "write") return undefined;
  const bytes = Math.floor(random() * operation.bytes.length);
  return { index, bytes, fill: random() < 0.5 ? "cut" : "garbage" };
}

async function tryCrash(
  driver: Driver,
  life: number,
  choice: CrashChoice,
  seed: number,
  isLater: boolean,
): Promise<void> {
  const state = stateOf(driver, driver.lives[life]!, choice, seed);
  try {
    const first = checkRecovery(state);
    checkSecondRecovery(state, first);
    if (isLater) await checkLater(state, first);
  } catch (error) {
    const place = { life, ...choice };
    throw new Violation(`after the fault: ${messageOf(error)}`, place);
  }
}

/**
 * Tries one fault again, as a violation printed it.
 *
 * @throws {Violation} If it still leads to what must never be.
 */
export async function replayFault(found: FaultCase): Promise<void> {
  const { workload, seed, fault, crash } = found;
  const { driver } = await play(workloadNamed(workload), seed, fault);
  if (crash === undefined) return;
  const { life, ...choice } = crash;
  await tryCrash(driver, life, choice, seed, true);
}

/**
 * Salvage to a directory in which there is no store until all of it is there.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import type { OfflineWorkOptions } from "../engine/offline_work.ts";
import { salvage, type SalvageReport } from "../engine/salvage.ts";
import { filesBelow, type Host } from "../fs/file_system.ts";

import {
  markFinished,
  markUnfinished,
  removeUnfinished,
} from "./unfinished.ts";

/** Salvages to a new store; one that was begun is removed if that fails. */
export async function salvageNew(
  source: string,
  host: Host,
  openTarget: () => Engine,
  options: OfflineWorkOptions,
): Promise<SalvageReport> {
  let target: Engine | undefined;
  const openMarked = () => {
    const engine = openTarget();
    if (engine.recovery.source !== "new") return engine;
    target = engine;
    markUnfinished(filesBelow(engine.log.files), engine.log.directory);
    return engine;
  };
  try {
    const report = await salvage(source, host, openMarked, options);
    if (target !== undefined) {
      markFinished(filesBelow(target.log.files), target.log.directory);
    }
    return report;
  } catch (error) {
    if (target !== undefined) {
      await target.close().catch(() => {});
      removeUnfinished(filesBelow(target.log.files), target.log.directory);
    }
    throw error;
  }
}

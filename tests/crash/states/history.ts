/**
 * What was asked of a store, in the order of its log, and what it may hold after a
 * crash: what some prefix of that says that has everything acknowledged as safe.
 *
 * A step that was rejected may have left its records on disk until a later sync
 * proves that they were cut; until then it may count or not.
 *
 * @module
 */

/** The change of one key. */
export interface Change {
  /** The key, after the bucket's name and a colon where it is in a bucket. */
  path: string;
  /** The new value; `undefined` deletes. */
  value: string | undefined;
  /** When it expires; 0 if it does not. */
  expiry: number;
}

/** One call that writes. A batch is one step. */
export interface Step {
  /** The call, for messages. */
  label: string;
  /** What it changes. */
  changes: Change[];
  /** Its version; 0 if it has none. */
  version: number;
  /** Length of the disk's log when it was called. */
  issuedAt: number;
  /** Length of the disk's log when its promise settled. */
  endedAt: number;
  /** Length of the disk's log when it was acknowledged as safe. */
  syncedAt: number;
  /** Length of the disk's log when a sync proved that the rejected step is cut. */
  cutAt: number;
  /** What became of it; a refused one never reached the log. */
  outcome: "pending" | "done" | "failed" | "refused";
  /** True if it was rejected and undone: the file has no more of it. */
  isUndone: boolean;
}

/** What a store holds. */
export type Contents = Map<string, { value: string; expiry: number }>;

/** One string that says what of `contents` has not expired at `time`. */
export function describeContents(contents: Contents, time: number): string {
  const parts: string[] = [];
  for (const [path, { value, expiry }] of contents) {
    if (expiry === 0 || expiry > time) parts.push(`${path}=${value}`);
  }
  return parts.sort().join(" ");
}

/** When a crash happens, and of what kind. */
export interface Moment {
  /** Operations of the disk's log made by then. */
  prefix: number;
  /** True if only the process dies. */
  isKill: boolean;
}

/** The end of a process that did all it was asked to do. */
export const AT_THE_END: Moment = {
  prefix: Number.MAX_SAFE_INTEGER,
  isKill: true,
};

/** The steps of a store's life on one disk. */
export class History {
  /** The calls, in order. */
  readonly steps: Step[] = [];
  /** Every key ever named. */
  readonly paths: Set<string> = new Set();
  /** What it held at the start. */
  readonly base: Contents;
  /** The greatest version that was given out before the start. */
  baseVersion = 0;
  readonly #times: { at: number; time: number }[] = [];

  /** A history on top of `base`. */
  constructor(base: Contents, time: number) {
    this.base = base;
    for (const path of base.keys()) this.paths.add(path);
    this.#times.push({ at: 0, time });
  }

  /** Notes the clock. */
  noteTime(at: number, time: number): void {
    this.#times.push({ at, time });
  }

  /** The clock when the disk's log had `prefix` operations. */
  timeAt(prefix: number): number {
    return this.#times.findLast(({ at }) => at <= prefix)!.time;
  }

  /** Notes a call. */
  begin(label: string, changes: Change[], issuedAt: number): Step {
    const step: Step = {
      label,
      changes,
      version: 0,
      issuedAt,
      endedAt: Infinity,
      syncedAt: Infinity,
      cutAt: Infinity,
      outcome: "pending",
      isUndone: false,
    };
    for (const { path } of changes) this.paths.add(path);
    this.steps.push(step);
    return step;
  }

  /** A sync that began after `count` steps succeeded at length `at` of the log. */
  noteSynced(count: number, at: number): void {
    for (const step of this.steps.slice(0, count)) {
      if (step.outcome === "done") step.syncedAt = Math.min(step.syncedAt, at);
      if (step.outcome === "failed" && step.isUndone) {
        step.cutAt = Math.min(step.cutAt, at);
      }
    }
  }

  /** A reopened store holds `found`: that tells of rejected steps whether they count. */
  settleRejected(found: string, time: number, at: number): void {
    for (const step of this.steps) {
      if (step.outcome !== "failed" || step.cutAt !== Infinity) continue;
      step.endedAt = at;
      step.outcome = "done";
      const mayCount = this.legal(AT_THE_END, time).has(found);
      step.outcome = "failed";
      step.isUndone = true;
      const mayBeGone = this.legal(AT_THE_END, time).has(found);
      // What later steps hide stays open.
      step.isUndone = !mayCount;
      if (mayCount && !mayBeGone) step.outcome = "done";
    }
  }

  /** The greatest version of those commits that no crash at `moment` undoes. */
  versionAt({ prefix, isKill }: Moment): number {
    return this.steps
      .filter((step) =>
        step.outcome === "done" &&
        (isKill ? step.endedAt : step.syncedAt) <= prefix
      )
      .reduce((max, { version }) => Math.max(max, version), this.baseVersion);
  }

  /** All contents that a crash may leave, as `describeContents` says them. */
  legal(moment: Moment, time: number): Map<string, Contents> {
    const { prefix, isKill } = moment;
    const isRequired = (step: Step) =>
      step.outcome === "done" &&
      (isKill ? step.endedAt : step.syncedAt) <= prefix;
    const issued = this.steps.filter((step) =>
      step.outcome !== "refused" &&
      (step.issuedAt < prefix || isRequired(step))
    );
    const required = issued.findLastIndex(isRequired) + 1;
    const found = new Map<string, Contents>();
    let states = new Map([[full(this.base), this.base]]);
    const collect = () => {
      for (const contents of states.values()) {
        found.set(describeContents(contents, time), contents);
      }
    };
    if (required === 0) collect();
    for (const [i, step] of issued.entries()) {
      const isOptional = step.outcome === "failed";
      const isGone = isOptional && (step.cutAt <= prefix ||
        (isKill && step.isUndone && step.endedAt <= prefix));
      if (!isGone) states = applyTo(states, step, isOptional);
      if (i + 1 >= required) collect();
    }
    return found;
  }
}

function full(contents: Contents): string {
  return describeContents(contents, -1) +
    [...contents.values()].map(({ expiry }) => expiry).join();
}

function applyTo(
  states: Map<string, Contents>,
  step: Step,
  isOptional: boolean,
): Map<string, Contents> {
  const next = new Map<string, Contents>(isOptional ? states : []);
  for (const contents of states.values()) {
    const changed = new Map(contents);
    for (const { path, value, expiry } of step.changes) {
      if (value === undefined) changed.delete(path);
      else changed.set(path, { value, expiry });
    }
    next.set(full(changed), changed);
  }
  return next;
}

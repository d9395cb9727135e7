/**
 * What a store must hold: the changes that the log took, in its order, each with the
 * moments at which it was known to be written and to be synced. From them follows
 * which states a crash may leave: what was safe, and then a prefix of the rest.
 *
 * Moments are lengths of the disk's log of changes.
 *
 * @module
 */

import type { Address, AtomicChange, Change } from "./operations.ts";

/** A value that a key has, until it expires. */
export interface Known {
  value: number;
  length: number;
  /** When it expires; 0 if it does not. */
  expiry: number;
  /** That of the commit. */
  version: number;
}

/** What was found of a key when the store was opened. */
export type Observed = Pick<Known, "value" | "version"> | undefined;

/** One commit in the log. */
export interface Commit {
  changes: [Address, Known | undefined][];
  /** Its version; 0 if it only says what became of keys by themselves. */
  version: number;
  /** False if the log may not have it: nothing that was seen since tells. */
  isCertain: boolean;
  /** When it was asked for. */
  issuedAt: number;
  /** When it was with the operating system; infinity until then. */
  writtenAt: number;
  /** When it was promised to survive the loss of power; infinity until then. */
  syncedAt: number;
}

/** Commits that were taken back, of which a crash may still find the bytes. */
interface Undone {
  commits: Commit[];
  /** Commits in the log before them. */
  position: number;
  /** When they were gone from the file, as programs see it. */
  cutAt: number;
  /** When they were gone for good. */
  goneAt: number;
}

/** A wrong belief, for tests of the simulation itself. */
export type Mistake =
  | "forgets deletes"
  | "believes unsynced writes"
  | "tells nobody of deletes"
  | "lets snapshots see deletes";

/** How a store ended. */
export interface Ending {
  /** The power was lost. */
  power: boolean;
  /** When. */
  moment: number;
}

/** Keys that were deleted are there without a value. */
export type Contents = Map<Address, Known | undefined>;

/** The value of a key in contents at a time. */
export function liveIn(
  contents: Contents,
  at: Address,
  now: number,
): Known | undefined {
  const known = contents.get(at);
  return known === undefined || hasExpired(known, now) ? undefined : known;
}

/** The model of a store. */
export class Model {
  /** What a store holds now; what expired is still in it. */
  current: Contents = new Map();
  /** The latest time that the store has shown. */
  timeMax = 0;
  /** A commit of the log may be another than the one that is known. */
  isLogUncertain = false;
  readonly mistake: Mistake | undefined;
  /** What it held before all commits. */
  #base: Contents = new Map();
  #commits: Commit[] = [];
  /** The commits that made the base. */
  #archive: Commit[] = [];
  #undone: Undone[] = [];
  /** Commits not yet written. */
  #pending = 0;
  /** Commits in the log when the store was last opened. */
  #openedAt = 0;
  /** Expired values of which nobody knew then whether they are still there. */
  #expired: Map<Address, Known[]> = new Map();

  constructor(mistake?: Mistake) {
    this.mistake = mistake;
  }

  /** The value of a key at a time. */
  get(at: Address, now: number): Known | undefined {
    return liveIn(this.current, at, now);
  }

  /** What changes mean at a time. */
  read(changes: Change[], now: number): Commit["changes"] {
    return changes.map(({ at, value, length = 0, expireIn = 0 }) => {
      if (value === undefined) return [at, undefined];
      const expiry = expireIn === 0 ? 0 : now + expireIn;
      return [at, { value, length, expiry, version: 0 }];
    });
  }

  /** The same for changes of one step, of which each key's last state is written. */
  resolve(changes: AtomicChange[], now: number): Commit["changes"] {
    const states: Contents = new Map();
    for (const change of changes) {
      const { at, by } = change;
      let [[, known]] = this.read([change], now) as [[Address, Known]];
      if (by !== undefined) {
        const before = states.has(at) ? states.get(at) : this.get(at, now);
        if (before === undefined) {
          [[, known]] = this.read([{ ...change, value: by }], now) as [
            [Address, Known],
          ];
        } else known = { ...before, value: before.value + by };
      }
      states.set(at, known);
    }
    // Where there is no value there is nothing to delete.
    return [...states].filter(([at, known]) =>
      known !== undefined || this.get(at, now) !== undefined
    );
  }

  /** The commits in the log behind a version, those of keys themselves left out. */
  after(since: number): Commit[] {
    return [...this.#archive, ...this.#commits]
      .filter(({ version }) => version > since);
  }

  /** The log took a commit. */
  append(
    changes: Commit["changes"],
    issuedAt: number,
    writtenAt: number,
    version: number = 0,
  ): Commit {
    const commit = {
      changes,
      version,
      isCertain: true,
      issuedAt,
      writtenAt,
      syncedAt: Infinity,
    };
    if (version !== 0) {
      this.#checkVersion(version);
      for (const [, known] of changes) {
        if (known !== undefined) known.version = version;
      }
    }
    this.#commits.push(commit);
    if (writtenAt === Infinity) this.#pending++;
    this.#apply(this.current, commit);
    return commit;
  }

  /** A version is greater than those of all commits that are there. */
  #checkVersion(version: number): void {
    for (const commit of [...this.#archive, ...this.#commits]) {
      if (commit.version < version) continue;
      if (commit.isCertain && !this.isLogUncertain) {
        throw new Error(`Version ${version} comes after ${commit.version}`);
      }
      // So it is not in the log; what it changed cannot be seen.
      commit.version = 0;
    }
  }

  #apply(contents: Contents, { changes }: Commit): void {
    for (const [at, known] of changes) {
      if (known !== undefined || this.mistake !== "forgets deletes") {
        contents.set(at, known);
      }
    }
  }

  /** All that was pending is written. */
  noteWritten(moment: number): void {
    const written = this.#commits.length - this.#pending;
    for (const commit of this.#commits.slice(written)) {
      commit.writtenAt = moment;
    }
    this.#pending = 0;
  }

  /** All that was pending was taken back. */
  noteUndone(moment: number): void {
    if (this.#pending === 0) return;
    const commits = this.#commits.splice(-this.#pending);
    const position = this.#commits.length;
    this.#undone.push({ commits, position, cutAt: moment, goneAt: Infinity });
    this.#pending = 0;
    this.current = this.#stateAfter(position);
  }

  /** True if the commit is in the log still. */
  has(commit: Commit): boolean {
    return this.#commits.includes(commit);
  }

  /** Everything written so far, of which a sync is to promise that it stays. */
  beginSync(): (moment: number) => void {
    const commits = this.#commits.slice();
    const undone = this.#undone.slice();
    return (moment) => {
      for (const commit of commits) {
        commit.syncedAt = Math.min(commit.syncedAt, moment);
      }
      for (const cut of undone) cut.goneAt = Math.min(cut.goneAt, moment);
    };
  }

  /** The commit is promised to survive the loss of power, and so all before it. */
  noteSynced(commit: Commit, moment: number): void {
    for (const earlier of this.#commits) {
      earlier.syncedAt = Math.min(earlier.syncedAt, moment);
      if (earlier === commit) break;
    }
  }

  /** Expired keys were counted out, and the log says so. */
  noteSwept(now: number, issuedAt: number, writtenAt: number): void {
    if (this.#pending > 0) return;
    const gone: Commit["changes"] = [];
    for (const [at, known] of this.current) {
      if (known !== undefined && hasExpired(known, now)) {
        gone.push([at, undefined]);
      }
    }
    if (gone.length > 0) this.append(gone, issuedAt, writtenAt);
  }

  #stateAfter(count: number): Contents {
    const contents = new Map(this.#base);
    for (let i = 0; i < count; i++) this.#apply(contents, this.#commits[i]!);
    return contents;
  }

  /**
   * The store was opened again: finds which of the states that are legal after
   * `ending` it is in, and goes on from there. Returns what is wrong if none is.
   */
  reopen(
    ending: Ending,
    isPoisoned: boolean,
    observe: (at: Address) => Observed,
    addresses: Address[],
    now: number,
    moment: number,
  ): string | undefined {
    const observed = addresses.map((at): [Address, Observed] => [
      at,
      observe(at),
    ]);
    const isMatch = (commits: Commit[]): boolean =>
      this.#difference(commits, observed, now) === undefined;
    const legal = this.#legal(ending);
    let matching = legal.filter(isMatch);
    let certain = matching.at(-1)?.length ?? 0;
    if (matching.length === 0) {
      certain = legal.at(-1)!.length;
      this.isLogUncertain = true;
      const undone = this.#legalUndone(ending, isPoisoned, legal);
      matching = undone.filter(isMatch).take(1).toArray();
    }
    const commits = matching[0];
    if (commits === undefined) {
      const nearest = this.#difference(legal[0]!, observed, now);
      return `${legal.length} states are legal and it is in none; ` +
        `the last has ${nearest}`;
    }
    this.#noteExpired(matching, observed);
    // What was to come after the crash never came.
    const reset = (then: number): number =>
      then <= ending.moment ? then : Infinity;
    this.#commits = commits.map((commit, i) => ({
      ...commit,
      isCertain: commit.isCertain && i < certain,
      writtenAt: reset(commit.writtenAt),
      syncedAt: reset(commit.syncedAt),
    }));
    // A later crash may go back to before they were cut; the opening cut them for good.
    const isKept = ({ position }: Undone) => position <= commits.length;
    this.#undone = this.#undone.filter(isKept).map((undone) => ({
      ...undone,
      cutAt: Math.min(reset(undone.cutAt), moment),
      goneAt: Math.min(reset(undone.goneAt), moment),
    }));
    this.#pending = 0;
    this.current = this.#stateAfter(commits.length);
    const gone = observed.filter(([at, value]) =>
      value === undefined && this.get(at, now) !== undefined
    );
    if (ending.power) {
      // Everything the disk has now is there for good.
      this.#base = new Map(this.current);
      this.#archive.push(
        ...this.#commits.filter(({ version }) => version !== 0),
      );
      this.#commits = [];
      this.#undone = [];
    }
    this.#openedAt = this.#commits.length;
    for (const [at, value] of observed) {
      const back = this.#expired.get(at)?.find((known) => isSame(known, value));
      if (back !== undefined && !isSame(this.get(at, now), value)) {
        this.append([[at, back]], moment, moment);
      }
    }
    for (const [at] of gone) this.append([[at, undefined]], moment, moment);
    for (const commit of this.#commits) {
      commit.writtenAt = Math.min(commit.writtenAt, moment);
      commit.syncedAt = Math.min(commit.syncedAt, moment);
    }
    return undefined;
  }

  #after(commits: Commit[]): Contents {
    const contents = new Map(this.#base);
    for (const commit of commits) this.#apply(contents, commit);
    return contents;
  }

  /** The logs that a crash may leave, the longest first. */
  #legal({ power, moment }: Ending): Commit[][] {
    const isSafe = ({ writtenAt, syncedAt }: Commit): boolean =>
      (power && this.mistake !== "believes unsynced writes"
        ? syncedAt
        : writtenAt) <= moment;
    const least = this.#commits.findLastIndex(isSafe) + 1;
    let most = least;
    while (
      most < this.#commits.length && this.#commits[most]!.issuedAt <= moment
    ) most++;
    const legal: Commit[][] = [];
    for (let count = most; count >= least; count--) {
      legal.push(this.#commits.slice(0, count));
    }
    return legal;
  }

  /** Those with commits at the end that were taken back, but whose bytes may be there. */
  *#legalUndone(
    { power, moment }: Ending,
    isPoisoned: boolean,
    legal: Commit[][],
  ): Generator<Commit[]> {
    for (const { commits, position, cutAt, goneAt } of this.#undone) {
      const isThere = moment < goneAt &&
        (power || isPoisoned || moment < cutAt);
      if (!isThere) continue;
      for (const log of legal) {
        const after = log.length - position;
        if (after < 0) continue;
        // Behind commits that took the place of the first of them.
        const last = after === 0 ? 0 : commits.length - 1;
        for (let start = Math.min(after, 1); start <= last; start++) {
          for (let end = start + 1; end <= commits.length; end++) {
            yield [...log, ...commits.slice(start, end)];
          }
        }
      }
    }
  }

  /** What a log may say that each key has, the likeliest first. */
  #candidates(commits: Commit[]): (at: Address) => Known[] {
    const contents = this.#after(commits);
    const touched = new Set<Address>();
    for (const { changes } of commits.slice(this.#openedAt)) {
      for (const [at] of changes) touched.add(at);
    }
    return (at) => {
      const known = contents.get(at);
      const hidden = touched.has(at) ? [] : this.#expired.get(at) ?? [];
      return known === undefined ? hidden : [known, ...hidden];
    };
  }

  /** What is not as it was observed if the log has `commits`. */
  #difference(
    commits: Commit[],
    observed: [Address, Observed][],
    now: number,
  ): string | undefined {
    const contents = this.#after(commits);
    const candidates = this.#candidates(commits);
    for (const [at, value] of observed) {
      const known = contents.get(at);
      const live = candidates(at).filter((known) => !hasExpired(known, now));
      // One that had expired before the clock was set back may be back or not.
      const isCertain = known !== undefined && !hasExpired(known, now) &&
        !hasExpired(known, this.timeMax);
      const isMatch = value === undefined
        ? !isCertain
        : isCertain
        ? isSame(known, value)
        : live.some((known) => isSame(known, value));
      if (!isMatch) {
        return `${show(known)} at ${at}, where ${show(value)} was found`;
      }
    }
    return undefined;
  }

  /** Of the states that were found alike, remembers what they hide. */
  #noteExpired(
    matching: Commit[][],
    observed: [Address, Observed][],
  ): void {
    const logs = matching.map((commits) => this.#candidates(commits));
    const expired: Map<Address, Known[]> = new Map();
    for (const [at, value] of observed) {
      const hidden = new Set<Known>();
      for (const candidates of logs) {
        for (const known of candidates(at)) {
          if (hasExpired(known, this.timeMax)) hidden.add(known);
        }
      }
      if (value === undefined && hidden.size > 0) expired.set(at, [...hidden]);
      else if (hidden.size > 0) {
        expired.set(at, [...hidden].filter((known) => isSame(known, value)));
      }
    }
    this.#expired = expired;
  }
}

function isSame(known: Observed, found: Observed): boolean {
  return known?.value === found?.value && known?.version === found?.version;
}

function show(observed: Observed): string {
  return observed === undefined
    ? "nothing"
    : `${observed.value} of version ${observed.version}`;
}

function hasExpired({ expiry }: Known, now: number): boolean {
  return expiry !== 0 && expiry <= now;
}

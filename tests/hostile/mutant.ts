/**
 * A store whose files were changed, and what may be expected of it still.
 *
 * @module
 */

import type { CorpusStore, Files } from "./store_maker.ts";
import type { Dice } from "./dice.ts";
import { type FileKind, kindOf, repair } from "./layout.ts";
import { change, CHANGES, SHORTENING } from "./mutations.ts";

/**
 * What a mutant may hold if it opens, from the most to the least that is known:
 *
 * - `whole`: it opens, and nothing is missing: only files that can be made again
 *   were damaged.
 * - `prefix`: what can be read is the store as it was after some commit.
 * - `member`: a value that can be read is one that the key had at some time.
 * - `any`: checksums of the log were forged, so any value may stand there.
 */
export const TRUSTS = ["any", "member", "prefix", "whole"] as const;
/** One of {@linkcode TRUSTS}. */
export type Trust = typeof TRUSTS[number];

/** A store with changed files. */
export interface Mutant {
  /** The store it was made from. */
  base: CorpusStore;
  /** The stores whose values may be in it. */
  stores: Set<CorpusStore>;
  /** Its files. */
  files: Files;
  /** What may be expected of it. */
  trust: Trust;
  /** Sums were made right after a change, so even an index may lie. */
  isForged: boolean;
  /** The changes, in words. */
  steps: string[];
}

const KINDS: readonly FileKind[] = ["segment", "hint", "snapshot", "other"];

/** Changes of whole files; each returns what is still to be expected. */
const FILE_CHANGES: Record<
  string,
  (mutant: Mutant, dice: Dice, corpus: CorpusStore[]) => Trust
> = {
  "file removed": ({ files }, dice) => {
    const name = pickName(files, dice);
    files.delete(name);
    return trustWithout(name);
  },
  "file emptied": ({ files }, dice) => {
    const name = pickName(files, dice);
    files.set(name, new Uint8Array(0));
    return trustWithout(name);
  },
  "file of another store": (mutant, dice, corpus) => {
    const other = dice.pick(corpus);
    const name = pickName(other.files, dice);
    mutant.files.set(name, other.files.get(name)!);
    mutant.stores.add(other);
    return "member";
  },
  "all files of another store but some": (mutant, dice, corpus) => {
    const other = dice.pick(corpus);
    for (const [name, bytes] of other.files) {
      if (dice.chance(0.7)) mutant.files.set(name, bytes);
    }
    mutant.stores.add(other);
    return "member";
  },
  "file of another time": ({ base, files }, dice) => {
    const earlier = dice.pick(base.earlier);
    const name = pickName(earlier, dice);
    files.set(name, earlier.get(name)!);
    return "member";
  },
  "old snapshot": ({ base, files }, dice) => {
    const snapshots = base.earlier.flatMap((earlier) =>
      earlier.get("index.snapshot") ?? []
    );
    if (snapshots.length > 0) files.set("index.snapshot", dice.pick(snapshots));
    return base.isRewritten ? "member" : "prefix";
  },
  "all files of another time but some": ({ base, files }, dice) => {
    const earlier = dice.pick(base.earlier);
    for (const name of files.keys()) {
      if (!earlier.has(name) && dice.chance(0.3)) files.delete(name);
    }
    for (const [name, bytes] of earlier) {
      if (dice.chance(0.7)) files.set(name, bytes);
    }
    return "member";
  },
  "two files swapped": ({ files }, dice) => {
    const [a, b] = [pickName(files, dice), pickName(files, dice)];
    const bytes = files.get(a)!;
    files.set(a, files.get(b)!);
    files.set(b, bytes);
    return "member";
  },
  "two hints swapped": ({ files }, dice) => {
    const hints = [...files.keys()].filter((name) => kindOf(name) === "hint");
    if (hints.length < 2) return "whole";
    const [a, b] = [dice.pick(hints), dice.pick(hints)];
    const bytes = files.get(a)!;
    files.set(a, files.get(b)!);
    files.set(b, bytes);
    return "whole";
  },
  "file under another name": ({ files }, dice) => {
    const name = pickName(files, dice);
    files.set(anyName(dice), files.get(name)!);
    if (dice.chance(0.5)) files.delete(name);
    return "member";
  },
  "stray file": ({ files }, dice) => {
    const name = anyName(dice);
    files.set(name, dice.bytes(dice.small(400)));
    return kindOf(name) === "other" ? "whole" : "member";
  },
};

/** A file; of each kind about as often, however many there are. */
function pickName(files: Files, dice: Dice): string {
  const names = [...files.keys()].toSorted();
  const kind = kindOf(dice.pick(names));
  const wanted = dice.chance(0.5) ? dice.pick(KINDS) : kind;
  const same = names.filter((name) => kindOf(name) === wanted);
  return dice.pick(same.length > 0 ? same : names);
}

/** Names of every kind, some of them almost right. */
function anyName(dice: Dice): string {
  const id = String(dice.pick([0, 1, 2, 3, 4, 5, 9, 4_294_967_295]))
    .padStart(10, "0");
  return dice.pick([
    `${id}.vlog`,
    `${id}.hint`,
    `${id}-0000000064.lost`,
    "index.snapshot",
    "index.snapshot.tmp",
    `${id}.vlog.bak`,
    "LOCK.00000000-0000-4000-8000-000000000000.tmp",
    "notes",
  ]);
}

function trustWithout(name: string): Trust {
  return kindOf(name) === "segment" ? "member" : "whole";
}

/** The lower of two degrees. */
export function lower(a: Trust, b: Trust): Trust {
  return TRUSTS.indexOf(a) < TRUSTS.indexOf(b) ? a : b;
}

/** What may be expected after a change inside the file `name`. */
function trustAfter(
  mutant: Mutant,
  name: string,
  kind: string,
  isRepaired: boolean,
): Trust {
  const usesOther = kind.includes("another file");
  switch (kindOf(name)) {
    case "other":
      return "whole";
    case "hint":
    case "snapshot":
      return isRepaired || usesOther ? "member" : "whole";
    case "segment": {
      if (isRepaired) return "any";
      if (mutant.base.isRewritten || usesOther) return "member";
      const newest = [...mutant.files.keys()]
        .filter((other) => kindOf(other) === "segment").toSorted().at(-1);
      return SHORTENING.has(kind) && name !== newest ? "member" : "prefix";
    }
  }
}

function changeInside(
  mutant: Mutant,
  kind: string,
  dice: Dice,
  corpus: CorpusStore[],
): void {
  const { files, base } = mutant;
  const name = pickName(files, dice);
  const others = (): Uint8Array => {
    const other = dice.pick(corpus);
    const isOwn = dice.chance(0.5);
    const folder = isOwn
      ? dice.pick([base.files, ...base.earlier])
      : other.files;
    if (!isOwn) mutant.stores.add(other);
    const names = [...folder.keys()].filter((candidate) =>
      kindOf(candidate) === kindOf(name)
    );
    return names.length === 0
      ? files.get(name)!
      : folder.get(dice.pick(names))!;
  };
  const bytes = change(kind, files.get(name)!, dice, name, others);
  const isRepaired = dice.chance(0.5);
  if (isRepaired) {
    const header = dice.chance(0.5);
    const blocks = !header || dice.chance(0.6);
    const own = files.get(name.replace(".hint", ".vlog"));
    const segment = dice.chance(0.5) ? own : undefined;
    repair(name, bytes, { header, blocks, segment });
  }
  mutant.trust = lower(
    mutant.trust,
    trustAfter(mutant, name, kind, isRepaired),
  );
  files.set(name, bytes);
  mutant.isForged ||= isRepaired;
  const suffix = isRepaired ? ", sums repaired" : "";
  mutant.steps.push(`${kind} in ${name}${suffix}`);
}

/** The name of the kind of the last change, as in {@linkcode MUTATION_KINDS}. */
export function lastKind(mutant: Mutant): string {
  const step = mutant.steps.at(-1)!;
  const kind = step.split(" in ")[0]!;
  return step.endsWith("repaired") ? `${kind}, repaired` : kind;
}

const IN_FILE = Object.keys(CHANGES);
const OF_FILES = Object.keys(FILE_CHANGES);

/** Changes a copy of `parent` once more. */
export function mutate(
  parent: Mutant,
  dice: Dice,
  corpus: CorpusStore[],
): Mutant {
  const mutant: Mutant = {
    ...parent,
    stores: new Set(parent.stores),
    files: new Map(parent.files),
    steps: parent.steps.slice(),
  };
  if (mutant.files.size > 0 && dice.chance(0.8)) {
    changeInside(mutant, dice.pick(IN_FILE), dice, corpus);
    return mutant;
  }
  const kind = mutant.files.size === 0 ? "stray file" : dice.pick(OF_FILES);
  const trust = FILE_CHANGES[kind]!(mutant, dice, corpus);
  mutant.trust = lower(mutant.trust, trust);
  mutant.steps.push(kind);
  return mutant;
}

/** A corpus store as it is. */
export function untouched(base: CorpusStore): Mutant {
  const { files } = base;
  return {
    base,
    stores: new Set([base]),
    files,
    trust: "whole",
    isForged: false,
    steps: [],
  };
}

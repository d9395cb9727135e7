/**
 * Whether what callers saw of one key could have come from a single place that did
 * one operation at a time, each between its call and its answer (Herlihy and Wing,
 * 1990). The search is that of Wing and Gong, with visited states remembered.
 *
 * @module
 */

/** One operation on one key, as its caller saw it. */
export interface Observed {
  /** When it was called. */
  start: number;
  /** When it was answered. */
  end: number;
  kind: "set" | "setIfAbsent" | "delete" | "get" | "increment" | "swap";
  /** The value set or got, or the new count; `undefined` if there was none. */
  value?: string | undefined;
  /** The value that a swap replaces; it does nothing where there is another. */
  before?: string | undefined;
  /** Whether it changed something, of `setIfAbsent`, `delete` and `swap`. */
  done?: boolean;
}

/** The value after the operation, or `false` if it can't have been answered so. */
function step(
  operation: Observed,
  value: string | undefined,
): { value: string | undefined } | false {
  const isThere = value !== undefined;
  switch (operation.kind) {
    case "set":
      return { value: operation.value };
    case "setIfAbsent":
      if (operation.done === isThere) return false;
      return { value: isThere ? value : operation.value };
    case "delete":
      if (operation.done !== isThere) return false;
      return { value: undefined };
    case "increment":
      return `${Number(value ?? 0) + 1}` === operation.value &&
        { value: operation.value };
    case "swap":
      if (operation.done !== (operation.before === value)) return false;
      return { value: operation.done ? operation.value : value };
    case "get":
      return operation.value === value && { value };
  }
}

/** True if some order explains all answers. */
export function isLinearizable(
  operations: readonly Observed[],
  initial?: string,
): boolean {
  const visited = new Set<string>();
  const search = (left: Observed[], value: string | undefined): boolean => {
    if (left.length === 0) return true;
    const state = JSON.stringify([
      value,
      left.map((op) => operations.indexOf(op)),
    ]);
    if (visited.has(state)) return false;
    visited.add(state);
    // The first one cannot have been called after another was answered.
    const limit = Math.min(...left.map(({ end }) => end));
    return left.some((operation, i) => {
      if (operation.start > limit) return false;
      const next = step(operation, value);
      return next !== false && search(left.toSpliced(i, 1), next.value);
    });
  };
  return search([...operations], initial);
}

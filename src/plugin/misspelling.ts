/**
 * Whether a word is a name that was typed wrong.
 *
 * @module
 */

/** True if one slip of a finger, or its capitals, turn `word` into `name`. */
export function isMisspelling(word: string, name: string): boolean {
  const typed = word.toLowerCase();
  if (typed === name) return true;
  let start = 0;
  while (start < name.length && typed[start] === name[start]) start++;
  const rest = (text: string, from: number) => text.slice(start + from);
  const swapped = (typed[start + 1] ?? "") + (typed[start] ?? "");
  return rest(typed, 1) === rest(name, 0) || // one letter too many
    rest(typed, 0) === rest(name, 1) || // one letter missing
    rest(typed, 1) === rest(name, 1) || // one letter wrong
    swapped + rest(typed, 2) === rest(name, 0); // two letters swapped
}

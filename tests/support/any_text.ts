/**
 * Arbitrary well-formed text. fast-check's own needs a second to get ready.
 *
 * @module
 */

import fc from "fast-check";

const anyLetter: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: 0, max: 127 }),
  fc.integer({ min: 0x80, max: 0x7ff }),
  fc.integer({ min: 0x800, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.integer({ min: 0x10000, max: 0x10ffff }),
).map((code) => String.fromCodePoint(code));

/** Text of up to `maxLength` letters of one to four bytes each. */
export function anyText(
  minLength: number,
  maxLength: number,
): fc.Arbitrary<string> {
  return fc.array(anyLetter, { minLength, maxLength })
    .map((letters) => letters.join(""));
}

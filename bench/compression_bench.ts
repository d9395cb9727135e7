/** Writing and reading values of 4 KB, compressed and not. */
import { openEmpty } from "./support.ts";

const row = { name: "Sett", place: "ridge", numbers: [1, 2, 3, 5, 8, 13] };
const text = JSON.stringify(
  Array.from({ length: 60 }, (_, id) => ({ id: id * 7919, ...row })),
);

for (const compression of ["none", "deflate", "zstd"] as const) {
  const store = await openEmpty(`compression_${compression}`, { compression });
  Deno.bench(`set: compressed with ${compression}`, () => {
    store.setSync("key", text);
  });
  Deno.bench(`getSync: compressed with ${compression}`, () => {
    store.getSync("key");
  });
}

/** How keys are named on servers: no two alike, and nobody else's taken for ours. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { KEY_BYTES_MAX } from "../../src/format/record.ts";
import { RedisKeys } from "../../src/redis/redis_key.ts";
import { KeyLanes } from "../../src/redis/key_lanes.ts";
import { bucketPrefix } from "../../src/store/bucket_name.ts";
import { Buffer } from "node:buffer";

const bucketName = fc.string({ maxLength: 200, unit: "grapheme" });
const keyBytes = fc.uint8Array({ minLength: 1, maxLength: 300 });

Deno.test("redis key: bucket and key come back from every name", () => {
  fc.assert(
    fc.property(fc.string(), bucketName, keyBytes, (prefix, bucket, key) => {
      const keys = new RedisKeys(prefix);
      const { bytes, text, slot } = keys.name(bucket, key);
      assertEquals(keys.split(bytes), { bucket, key: Uint8Array.from(key) });
      assertEquals(Buffer.from(text, "latin1").equals(bytes), true);
      assertEquals(slot >= 0 && slot < 16_384, true);
      // After the prefix it is what the embedded engine has.
      const own = Buffer.concat([bucketPrefix(bucket), key]);
      assertEquals(bytes.subarray(Buffer.byteLength(prefix)).equals(own), true);
    }),
  );
});

Deno.test("redis key: a name of somebody else is none of ours, or comes out the same", () => {
  const keys = new RedisKeys("p:");
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.boolean(),
      (rest, isOurs) => {
        const name = Buffer.concat([Buffer.from(isOurs ? "p:" : "q:"), rest]);
        const split = keys.split(name);
        if (split === undefined) return;
        assertEquals(isOurs, true);
        assertEquals(
          keys.name(split.bucket, split.key).bytes.equals(name),
          true,
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("redis key: a name that is too long for a key of ours is none", () => {
  const keys = new RedisKeys("p:");
  const longest = keys.name("b", new Uint8Array(KEY_BYTES_MAX - 2)).bytes;
  assertEquals(keys.split(longest)?.key.length, KEY_BYTES_MAX - 2);
  const longer = Buffer.concat([longest, Buffer.from("x")]);
  assertEquals(keys.split(longer), undefined);
});

Deno.test("redis key: slots are those of the protocol's own examples", () => {
  const keys = new RedisKeys("");
  // CLUSTER KEYSLOT of a server says the same of these bytes.
  assertEquals(keys.name("b", "{user1000}.following").slot, 3_443);
  assertEquals(keys.name("b", "{user1000}.followers").slot, 3_443);
});

Deno.test("key lanes: calls for one key keep their order, others pass", async () => {
  const lanes = new KeyLanes();
  const log: string[] = [];
  const gates: (() => void)[] = [];
  const act = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise<void>((resolve) => gates.push(resolve));
    log.push(`${name} ends`);
    if (name === "a1") throw new Error("a1");
  };
  const a1 = lanes.write("a", act("a1")).catch(() => log.push("a1 fails"));
  const a2 = lanes.write("a", act("a2"));
  const read = lanes.read("a", () => Promise.resolve(log.push("a is read")));
  const b1 = lanes.write("b", act("b1"));
  assertEquals(log, ["a1 begins", "b1 begins"]);
  assertEquals(lanes.size, 2);
  gates.shift()!();
  await a1;
  while (gates.length < 2) await Promise.resolve();
  gates.forEach((open) => open());
  await Promise.all([a2, b1, read, lanes.drained()]);
  const ofA = log.filter((line) => line.startsWith("a"));
  assertEquals(ofA, [
    "a1 begins",
    "a1 ends",
    "a1 fails",
    "a2 begins",
    "a2 ends",
    "a is read",
  ]);
  assertEquals(lanes.size, 0);
});

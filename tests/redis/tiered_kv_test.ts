/**
 * The tier by itself: two embedded instances, one for near and one for far, and a gate
 * before the far one. `tests/contract/tiered.mjs` has it over real servers.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Compressor } from "../../src/plugin/compression.ts";
import { Badger, type KvStore } from "../../src/plugin/mod.ts";
import { RedisKeys } from "../../src/redis/redis_key.ts";
import { TieredKv, type TierParts } from "../../src/redis/tiered_kv.ts";

const env = () => undefined;
const text = (bytes: Uint8Array | undefined) =>
  bytes && new TextDecoder().decode(bytes);

/** A far store whose reads can be held back after they have read. */
class Gate {
  reads = 0;
  #held: (() => void)[] | undefined;

  constructor(readonly store: KvStore) {}

  /** From now on reads wait until `open`. */
  shut(): void {
    this.#held = [];
  }

  open(): void {
    for (const go of this.#held ?? []) go();
    this.#held = undefined;
  }

  get gated(): KvStore {
    const { store } = this;
    return {
      open: () => store.open(),
      close: () => store.close(),
      getValue: async (bucket, key) => {
        this.reads++;
        const value = await store.getValue(bucket, key);
        if (this.#held !== undefined) {
          await new Promise<void>((go) => this.#held!.push(go));
        }
        return value;
      },
      getCompressedValue: store.getCompressedValue.bind(store),
      addValue: store.addValue.bind(store),
      addValueCompress: store.addValueCompress.bind(store),
      existsKey: store.existsKey.bind(store),
      deleteKey: store.deleteKey.bind(store),
    };
  }
}

interface Scene {
  near: Badger;
  far: KvStore;
  gate: Gate;
  tier: TieredKv;
}

async function play(
  act: (scene: Scene) => Promise<void>,
  stalenessMilliseconds = 3_600_000,
): Promise<void> {
  const config = { memory_mode: true };
  await using near = await Badger.start(config, { env, name: "near" });
  await using far = await Badger.start(config, { env, name: "far" });
  const gate = new Gate(far.kvStore);
  const parts: TierParts = {
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    near: near.kvStore,
    far: gate.gated,
    keys: new RedisKeys("test:"),
    compressor: new Compressor(),
    stalenessMilliseconds,
  };
  await act({ near, far: far.kvStore, gate, tier: new TieredKv(parts) });
}

Deno.test("tier: a second read is near, of what is absent and empty too", async () => {
  await play(async ({ far, gate, tier }) => {
    await far.addValue("b", "full", "value");
    await far.addValue("b", "empty", "");
    for (let round = 0; round < 3; round++) {
      assertEquals(text(await tier.getValue("b", "full")), "value");
      assertEquals(text(await tier.getValue("b", "empty")), "");
      assertEquals(await tier.getValue("b", "absent"), undefined);
      assertEquals(await tier.existsKey("b", "absent"), false);
      assertEquals(await tier.existsKey("b", "empty"), true);
    }
    assertEquals(gate.reads, 3);
    assertEquals(tier.counts.misses, 3);
    assertEquals(tier.counts.hits, 12);
    // Never read, so never kept: the far store is asked.
    assertEquals(await tier.existsKey("b", "other"), false);
    assertEquals(gate.reads, 3);
  });
});

Deno.test("tier: each caller owns what it gets", async () => {
  await play(async ({ far, tier }) => {
    await far.addValue("b", "k", "value");
    const both = await Promise.all([
      tier.getValue("b", "k"),
      tier.getValue("b", "k"),
    ]);
    for (const value of [...both, await tier.getValue("b", "k")]) {
      assertEquals(text(value), "value");
      assertEquals(value!.buffer.byteLength, 5);
      value!.fill(0);
    }
    assertEquals(text(await tier.getValue("b", "k")), "value");
  });
});

Deno.test("tier: reads at a time are one, and its own writes are seen", async () => {
  await play(async ({ gate, tier }) => {
    await tier.addValue("b", "k", "1");
    gate.shut();
    const reads = Array.from({ length: 5 }, () => tier.getValue("b", "k"));
    await turn();
    gate.open();
    assertEquals((await Promise.all(reads)).map(text), Array(5).fill("1"));
    assertEquals(gate.reads, 1);
    await tier.addValue("b", "k", "2");
    assertEquals(text(await tier.getValue("b", "k")), "2");
    assertEquals(await tier.deleteKey("b", "k"), true);
    assertEquals(await tier.getValue("b", "k"), undefined);
    await tier.addValueCompress("b", "k", "3".repeat(1000));
    const value = await tier.getCompressedValue("b", "k");
    assertEquals(text(value), "3".repeat(1000));
    assertEquals(text(await tier.getCompressedValue("b", "k")), text(value));
    const error = await assertRejects(async () => {
      await tier.addValue("b", "k", "plain");
      await tier.getCompressedValue("b", "k");
    });
    assertEquals((error as { code?: string }).code, "NOT_COMPRESSED");
  });
});

Deno.test("tier: what was read before a change is not kept after it", async () => {
  const changes: Record<string, (scene: Scene) => Promise<unknown>> = {
    "its own write": ({ tier }) => tier.addValue("b", "k", "new"),
    "a write that is told of": async ({ far, tier }) => {
      await far.addValue("b", "k", "new");
      await tier.forget("b", new TextEncoder().encode("k"));
    },
    "a gap": async ({ far, tier }) => {
      await far.addValue("b", "k", "new");
      tier.forgetAll();
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    await play(async (scene) => {
      const { far, gate, tier } = scene;
      await far.addValue("b", "k", "old");
      gate.shut();
      const before = tier.getValue("b", "k");
      await turn();
      await change(scene);
      // Begun after the change: it must not share what was read before it.
      const after = tier.getValue("b", "k");
      await turn();
      gate.open();
      assertEquals(text(await before), "old", name);
      assertEquals(text(await after), "new", name);
      assertEquals(text(await tier.getValue("b", "k")), "new", name);
    });
  }
});

Deno.test("tier: a change drops what is kept, by whomever it is told", async () => {
  await play(async ({ far, gate, tier }) => {
    await far.addValue("b", "k", "1");
    await far.addValue("b", "other", "1");
    for (const key of ["k", "other"]) await tier.getValue("b", key);
    await far.addValue("b", "k", "2");
    assertEquals(text(await tier.getValue("b", "k")), "1");
    await tier.forget("b", "k");
    assertEquals(tier.counts.invalidations, 1);
    await tier.forget("b", "k");
    assertEquals(tier.counts.invalidations, 1);
    assertEquals(text(await tier.getValue("b", "k")), "2");
    assertEquals(gate.reads, 3);
    tier.forgetAll();
    await tier.getValue("b", "other");
    assertEquals(gate.reads, 4);
    assertEquals(tier.counts.gaps, 1);
  });
});

Deno.test("tier: a read after a write that is not awaited comes after it", async () => {
  await play(async ({ tier }) => {
    await tier.addValue("b", "k", "1");
    assertEquals(text(await tier.getValue("b", "k")), "1");
    const write = tier.addValue("b", "k", "2");
    assertEquals(text(await tier.getValue("b", "k")), "2");
    await write;
    const removal = tier.deleteKey("b", "k");
    assertEquals(await tier.existsKey("b", "k"), false);
    assertEquals(await removal, true);
  });
});

Deno.test("tier: nothing older than the bound is given, counted from the question", async () => {
  await play(async ({ far, gate, tier }) => {
    await far.addValue("b", "k", "old");
    const before = Date.now();
    assertEquals(text(await tier.getValue("b", "k")), "old");
    const kept = Date.now();
    await far.addValue("b", "k", "new");
    for (;;) {
      const asked = Date.now();
      const value = text(await tier.getValue("b", "k"));
      if (value === "new") break;
      assert(asked <= kept + 100, `${asked - kept} ms after it was read`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert(Date.now() >= before);

    // An answer that took longer than the bound is given to who asked, and not kept.
    gate.shut();
    const slow = tier.getValue("b", "slow");
    await new Promise((resolve) => setTimeout(resolve, 120));
    const reads = gate.reads;
    const later = tier.getValue("b", "slow");
    await turn();
    assertEquals(gate.reads, reads + 1, "it was not shared");
    gate.open();
    await Promise.all([slow, later]);
  }, 100);
});

Deno.test("tier: what is wrong near is no reason not to answer", async () => {
  await play(async ({ near, far, tier }) => {
    await far.addValue("b", "k", "1");
    await tier.getValue("b", "k");
    await near.close();
    assertEquals(text(await tier.getValue("b", "k")), "1");
    await tier.addValue("b", "k", "2");
    assertEquals(text(await tier.getValue("b", "k")), "2");
    assert(tier.counts.failures > 0);
    await near.open();
    assertEquals(text(await tier.getValue("b", "k")), "2");
  });
});

Deno.test("tier: a key that makes no sense is refused, and bytes are copied", async () => {
  await play(async ({ tier }) => {
    await assertRejects(() => tier.getValue("b", ""), RangeError);
    const key = new Uint8Array([1, 2, 3]);
    const write = tier.addValue("b", key, "v");
    key.fill(0);
    await write;
    assertEquals(
      text(await tier.getValue("b", new Uint8Array([1, 2, 3]))),
      "v",
    );
  });
});

/** Lets everything that is ready go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

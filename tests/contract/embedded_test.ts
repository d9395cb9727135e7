/** The contract of key-value stores and filters, over the embedded engine. */
import { Badger, type BadgerConfig, filter, kv } from "../../src/plugin/mod.ts";
import { startBackend } from "../../src/redis/mod.ts";
import { tempDir } from "../support/temp.ts";
import { contract, viewOf } from "./suite.mjs";

const MODES: Record<string, BadgerConfig> = {
  "one store on disk": {},
  "one store in memory": { memory_mode: true },
  "a store a bucket on disk": { single_bucket_mode: false },
  "a store a bucket in memory": {
    single_bucket_mode: false,
    memory_mode: true,
  },
};

type Test = (
  backend: ReturnType<typeof viewOf>,
  bucket: string,
  registries: { kv: typeof kv; filter: typeof filter },
) => Promise<void>;

for (const [mode, config] of Object.entries(MODES)) {
  for (const [name, test] of Object.entries<Test>(contract)) {
    Deno.test(`contract: ${name} (${mode})`, async () => {
      await using directory = tempDir();
      await using backend = await startBackend(
        {
          kv: { backend: "badger" },
          badger: { path: `${directory.path}/data`, ...config },
        },
        { env: () => undefined },
      );
      if (!(backend instanceof Badger)) throw new Error("another backend");
      await test(viewOf(backend), "bucket", { kv, filter });
    });
  }
}

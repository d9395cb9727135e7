/** Settings from YAML: the file of the plugin this one takes the place of. */
import { Badger, ConfigError, kv, loadConfig } from "@sett/badger/plugin";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { emptyDir } from "@std/fs";

const file = "examples/badger.yml";
const settings = loadConfig(file, { env: () => undefined });
console.log(`${file}: path ${settings.path}`);
assertEquals(settings.memTableSize, 10_485_760);

// A variable of the environment wins over the file; here it moves the data.
const path = ".tmp/examples/yaml_config";
await emptyDir(path);
const variables: Record<string, string> = { BADGER_PATH: path };
await using badger = await Badger.start(file, {
  env: (name) => variables[name],
});
assertEquals(badger.settings.path, path);

await kv.getStore("badger").addValue("greetings", "en", "hello");
const value = await kv.getStore("badger").getValue("greetings", "en");
console.log(`${badger.settings.path}: ${new TextDecoder().decode(value)}`);

// Whatever is wrong is said with its place; nothing is guessed.
const typo = assertThrows(
  () => loadConfig({ ["mem_tabel_size" as "mem_table_size"]: 1_048_576 }),
  ConfigError,
);
console.log(typo.message);
const range = await assertRejects(
  () => Badger.start({ value_log_gc_discard_ratio: 1.5 }),
  ConfigError,
);
console.log(range.message);
assertEquals(range.key, "value_log_gc_discard_ratio");

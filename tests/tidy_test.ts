/**
 * What holds for the repository as a whole: layers, sizes, open ends, and that
 * what the documentation says of a setting is what the code does.
 *
 * A failure here lists every offender, so one run shows all there is to mend.
 */
import { assertEquals } from "@std/assert";
import { OPTION_RULES } from "../src/store/options.ts";
import {
  importsOf,
  readModules,
  readTree,
  resolveImport,
  type SourceFile,
} from "./support/source_tree.ts";

/** The layers from top to bottom; a module imports its own layer or lower ones. */
const LAYERS = [
  "mod.ts",
  "src/cli/",
  "src/server/",
  "src/http/",
  "src/redis/",
  "src/otel/",
  "src/plugin/",
  "src/plan/",
  "src/codec/",
  "src/adapters/",
  "src/store/",
  "src/engine/",
  "src/log/",
  "src/format/",
  "src/fs/",
  "src/errors.ts",
];

/** The one folder of `src` that may import each npm package. */
const PACKAGE_HOMES: Record<string, string> = {
  "@hono/node-server": "src/server/",
  "abstract-level": "src/adapters/level",
  hono: "src/http/",
  "prom-client": "src/http/",
  "@opentelemetry/api": "src/otel/",
  yaml: "src/plugin/",
  "cbor-x": "src/codec/",
  "cli-progress": "src/cli/",
  "cli-table3": "src/cli/",
  commander: "src/cli/",
  "@redis/client": "src/redis/",
  "cluster-key-slot": "src/redis/",
};

/** Lines at which a file should be split, and at which it must be. */
const LONG_FILE_LINES = 350;
const TOO_LONG_FILE_LINES = 400;

/** Settings of the plugin that a store does not have. */
const PLUGIN_DEFAULTS: Record<string, string> = {
  enabled: "true",
  single_bucket_mode: "true",
};

const product = [
  ...readTree(".").filter((file) => file.path === "mod.ts"),
  ...readModules("src"),
];

/** The place of `path` among the layers, or -1. */
function layerOf(path: string): number {
  return LAYERS.findIndex((layer) =>
    layer.endsWith("/") ? path.startsWith(layer) : path === layer
  );
}

/** True for a specifier of an npm or JSR package. */
function isPackage(specifier: string): boolean {
  return !specifier.startsWith(".") && !specifier.startsWith("node:");
}

/** The name of the package that `specifier` names a module of. */
function packageName(specifier: string): string {
  const parts = specifier.replace(/^(?:npm|jsr):/, "").split("/");
  const name = parts[0]!.startsWith("@")
    ? parts.slice(0, 2).join("/")
    : parts[0]!;
  return name.replace(/(.)@.*$/, "$1");
}

/** Each line of `files` that matches, as "path:line: text". */
function linesThatMatch(files: SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.text.split("\n").flatMap((line, i) =>
      pattern.test(line) ? [`${file.path}:${i + 1}: ${line.trim()}`] : []
    )
  );
}

Deno.test("tidy: the imports of each layer point down only", () => {
  const offences = product.flatMap((file) => {
    const layer = layerOf(file.path);
    if (layer < 0) return [`${file.path} is in no layer`];
    return importsOf(file).flatMap((specifier) => {
      const target = resolveImport(file, specifier);
      if (target === undefined) return [];
      const targetLayer = layerOf(target);
      return targetLayer >= layer ? [] : [`${file.path} imports ${target}`];
    });
  });
  assertEquals(offences, []);
});

Deno.test("tidy: formats are pure and only the file-system layer opens files", () => {
  const below = LAYERS.slice(LAYERS.indexOf("src/codec/"));
  const offences = product.flatMap((file) =>
    importsOf(file).filter((specifier) => {
      const target = resolveImport(file, specifier) ?? specifier;
      if (file.path.startsWith("src/fs/")) return false;
      if (file.path.startsWith("src/format/") && target.startsWith("src/fs/")) {
        return true;
      }
      return /^node:fs\b/.test(target) &&
        below.some((layer) => file.path.startsWith(layer));
    }).map((specifier) => `${file.path} imports ${specifier}`)
  );
  assertEquals(offences, []);
});

Deno.test("tidy: the core entry reaches no package", () => {
  const byPath = new Map(product.map((file) => [file.path, file]));
  const offences: string[] = [];
  const reached = new Set(["mod.ts"]);
  for (const path of reached) {
    const file = byPath.get(path);
    if (file === undefined) {
      offences.push(`${path} is missing`);
      continue;
    }
    for (const specifier of importsOf(file)) {
      const target = resolveImport(file, specifier);
      if (target !== undefined) reached.add(target);
      else if (isPackage(specifier)) {
        offences.push(`${path} imports ${specifier}`);
      }
    }
  }
  assertEquals(offences, []);
});

Deno.test("tidy: each package is imported in its own folder of src, yaml in one file", () => {
  const importers = new Map<string, string[]>();
  for (const file of product) {
    for (const specifier of importsOf(file).filter(isPackage)) {
      const name = packageName(specifier);
      importers.set(name, [...importers.get(name) ?? [], file.path]);
    }
  }
  const offences = [...importers].flatMap(([name, paths]) => {
    const home = PACKAGE_HOMES[name];
    if (home === undefined) return [`${paths.join(", ")} imports ${name}`];
    return paths.filter((path) => !path.startsWith(home))
      .map((path) => `${path} imports ${name}, which belongs in ${home}`);
  });
  assertEquals(offences, []);
  assertEquals(new Set(importers.get("yaml")).size, 1);
});

Deno.test("tidy: no file of the product is too long", () => {
  const sizes = product.map((file) => ({
    path: file.path,
    lines: file.text.split("\n").length - 1,
  }));
  const over = (limit: number) =>
    sizes.filter((file) => file.lines > limit)
      .map((file) => `${file.path}: ${file.lines} lines`);
  const long = over(LONG_FILE_LINES);
  if (long.length > 0) console.warn("Split soon: " + long.join(", "));
  assertEquals(over(TOO_LONG_FILE_LINES), []);
});

Deno.test("tidy: no open ends and no unexplained exceptions in the code", () => {
  const code = readTree(".").filter((file) =>
    /\.(?:ts|js|mjs)$/.test(file.path)
  );
  assertEquals(linesThatMatch(code, /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/), []);
  assertEquals(linesThatMatch(code, /@ts-(?:ignore|nocheck)\b/), []);
  assertEquals(linesThatMatch(code, /\bDeno\.test\.(?:only|ignore)\b/), []);
  assertEquals(linesThatMatch(code, /deno-lint-ignore(?!.* -- \S)/), []);
});

Deno.test("tidy: the product has no `using`, which Node 20 does not know", () => {
  assertEquals(linesThatMatch(product, /^\s*(?:await )?using \w+ =/), []);
});

Deno.test("tidy: no machine path and no registry address in any file", () => {
  const files = readTree(".");
  assertEquals(
    linesThatMatch(files, /(?:^|[\s"'`(=:<])\/(?:home|root|Users|work)\/\w/),
    [],
  );
  assertEquals(
    linesThatMatch(
      files,
      /\b(?:registry\.(?:npmjs|yarnpkg)\.|(?:npm\.)?jsr\.io\b)/,
    ),
    [],
  );
});

Deno.test("tidy: the package checks cover every export", async () => {
  const { exports, tasks } = JSON.parse(await Deno.readTextFile("deno.json"));
  const ok: string = tasks.ok.command;
  const listed = /deno doc --lint ([^&]*?) &&/.exec(ok)?.[1]?.split(" ");
  const entries = (Object.values(exports) as string[])
    .map((path) => path.replace("./", ""));
  assertEquals(listed, entries);
});

Deno.test("tidy: the documented defaults and ranges of StoreOptions are the real ones", async () => {
  const text = await Deno.readTextFile("src/store/options.ts");
  const body = /export interface StoreOptions \{\n([\s\S]*?)\n\}\n/.exec(text);
  const documented = [
    ...(body?.[1] ?? "").matchAll(/\/\*\*([\s\S]*?)\*\/\s*(\w+)\?:/g),
  ].map(([, comment, name]) => {
    const words = comment!.replace(/\s*\n\s*\*\s?/g, " ");
    const range = /Range ([\d,]+) to ([\d,]+)/.exec(words);
    const number = (digits: string | undefined) =>
      digits === undefined ? undefined : Number(digits.replaceAll(",", ""));
    return {
      name,
      default: JSON.parse(/@default \{([^}]*)\}/.exec(words)?.[1] ?? "null"),
      min: number(range?.[1]),
      max: number(range?.[2]),
    };
  });
  assertEquals(
    // What only code can give has no default, no range and no place in YAML.
    documented.filter(({ name }) => !["encryption", "onEvent"].includes(name!)),
    OPTION_RULES.map((rule) => ({
      name: rule.name,
      default: rule.default,
      min: rule.min,
      max: rule.max,
    })),
  );
});

Deno.test("tidy: the table of settings in README has the real defaults", async () => {
  const documented = new Map(
    tableOfSettings(await Deno.readTextFile("README.md")),
  );
  const real = new Map(Object.entries(PLUGIN_DEFAULTS));
  for (const rule of OPTION_RULES) {
    real.set(rule.yaml, String(rule.default));
  }
  const byKey = (a: [string, string], b: [string, string]) =>
    a[0] < b[0] ? -1 : 1;
  assertEquals([...documented].sort(byKey), [...real].sort(byKey));
});

/** The key and default of each row of the table headed `| key | default | …`. */
function tableOfSettings(markdown: string): [key: string, value: string][] {
  const cells = (line: string) =>
    line.split("|").slice(1, -1).map((cell) => cell.replaceAll("`", "").trim());
  const lines = markdown.split("\n");
  const head = lines.findIndex((line) =>
    /^\|\s*key\s*\|\s*default\s*\|/i.test(line)
  );
  const rows: [string, string][] = [];
  for (const line of head < 0 ? [] : lines.slice(head + 2)) {
    if (!line.startsWith("|")) break;
    const [key = "", value = ""] = cells(line);
    rows.push([key, value.replace(/(?<=\d)[,_](?=\d)/g, "")]);
  }
  return rows;
}

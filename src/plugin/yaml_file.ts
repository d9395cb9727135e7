/**
 * YAML to settings with their places. The only file that knows the `yaml` package,
 * which reads the environment variables `LOG_TOKENS` and `LOG_STREAM`.
 *
 * A configuration file belongs to a host application: only its section `badger` is
 * ours, and of the rest only `path.data`, the host's data directory. Both may be
 * written nested or with a dot (`badger.enabled: false`).
 *
 * @module
 */

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { ConfigError, type ConfigPlace } from "./config_error.ts";
import { isMisspelling } from "./misspelling.ts";

/** A setting as it was written, and where. */
export interface GivenSetting {
  /** The key, as it was written. */
  key: string;
  /** The value, as YAML reads it; maps and lists are named in words. */
  value: unknown;
  /** True if the value is a map or a list and `value` only names it. */
  isCollection: boolean;
  /** Where the key stands, for a complaint about the key. */
  keyPlace: ConfigPlace;
  /** Where the value stands, for a complaint about the value. */
  valuePlace: ConfigPlace;
}

/** A setting that may be a list or a section of its own. */
export interface NestedSetting extends GivenSetting {
  /** The values of a list, where all of them are single values. */
  items?: unknown[];
  /** The settings of a map. */
  inner?: NestedSetting[];
}

/** What a configuration file says to us. */
export interface YamlConfig {
  /** The section `badger`; each key once. */
  settings: GivenSetting[];
  /** The host's data directory, `path.data`. */
  dataDirectory: string | undefined;
}

/** A value of a file with its place, and what is in it if it is a map or a list. */
export interface YamlNode {
  /** The value, as YAML reads it; maps and lists are named in words. */
  value: unknown;
  /** Where it stands. */
  place: ConfigPlace;
  /** The pairs of a map, in order; `undefined` if it is none. */
  pairs?: { key: string; keyPlace: ConfigPlace; node: YamlNode }[];
  /** The items of a list; `undefined` if it is none. */
  items?: YamlNode[];
}

const SECTION = "badger";
/** An alias may name an alias; a chain longer than this is a loop. */
const ALIAS_DEPTH_MAX = 32;

/**
 * Reads the text of a configuration file.
 *
 * @param text The YAML.
 * @param file The name of the file, for errors.
 * @returns The settings, not yet checked against their rules.
 * @throws {ConfigError} If the text is not YAML or the section is not a map.
 */
export function parseYaml(text: string, file: string): YamlConfig {
  return new YamlReader(text, file).read();
}

/**
 * Reads the text of a configuration file as a tree; for sections that are not ours.
 *
 * @param text The YAML.
 * @param file The name of the file, for errors.
 * @throws {ConfigError} If an alias or a merge makes no sense.
 */
export function parseYamlTree(text: string, file: string): YamlNode {
  return new YamlReader(text, file).tree();
}

/**
 * Reads a section of a configuration file, and the sections in it.
 *
 * @param text The YAML.
 * @param file The name of the file, for errors.
 * @param name The name of the section.
 * @returns Its settings; those of a section in it stand in `inner`. Without the
 * section, none.
 * @throws {ConfigError} If the text is not YAML, or the section is not a map or given
 * twice.
 */
export function parseSection(
  text: string,
  file: string,
  name: string,
): NestedSetting[] {
  return new YamlReader(text, file).readNested(name);
}

class YamlReader {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: false,
    });
  }

  read(): YamlConfig {
    const given = this.#sections();
    this.#refuseMisspelledSection(given);
    return {
      settings: this.#section(given),
      dataDirectory: this.#dataDirectory(given),
    };
  }

  readNested(name: string): NestedSetting[] {
    const all = this.#sections();
    const sections = this.#once(
      all.filter(({ key }) => key === name),
      "the section ",
    );
    const inner = sections.flatMap((section) => {
      if (isMap(section.value)) return this.#pairs(section.value);
      if (isEmptyScalar(section.value)) return [];
      throw new ConfigError(
        `the section ${name} must be a map of settings, not ${
          inWords(section.value)
        }`,
        { ...section.valuePlace, key: name },
      );
    });
    const dotted = all.filter(({ key }) => key.startsWith(`${name}.`))
      .map((pair) => ({ ...pair, key: pair.key.slice(name.length + 1) }));
    return this.#once([...inner, ...dotted], "")
      .map((pair) => this.#nested(pair));
  }

  #nested(pair: Pair): NestedSetting {
    const setting: NestedSetting = this.#setting(pair.key, pair);
    const { value } = pair;
    if (isMap(value)) {
      setting.inner = this.#once(this.#pairs(value), "")
        .map((inner) => this.#nested(inner));
    } else if (isSeq(value)) {
      const items = value.items.map((item) => this.#resolve(item));
      if (items.every(isScalar)) {
        setting.items = items.map(({ value }) => value);
      }
    }
    return setting;
  }

  /** Refuses a key that is given twice. */
  #once(pairs: Pair[], what: string): Pair[] {
    const first = new Map<string, Pair>();
    for (const pair of pairs) {
      const other = first.get(pair.key);
      if (other !== undefined) {
        throw new ConfigError(
          `${what}${pair.key} is given twice, first in line ${other.keyPlace.line}`,
          { ...pair.keyPlace, key: pair.key },
        );
      }
      first.set(pair.key, pair);
    }
    return pairs;
  }

  /** The sections of the file. */
  #sections(): Pair[] {
    const [problem] = this.#document.errors;
    if (problem !== undefined) {
      throw new ConfigError(
        `the file is not valid YAML: ${withoutStop(problem.message)}`,
        this.#place(problem.pos[0]),
        problem,
      );
    }
    const root = this.#document.contents as unknown;
    if (root === null || isEmptyScalar(root)) return [];
    if (!isMap(root)) {
      throw new ConfigError("the file must be a map of sections", {
        file: this.#file,
        line: 1,
        column: 1,
      });
    }
    return this.#pairs(root);
  }

  tree(): YamlNode {
    return this.#node(this.#document.contents, { file: this.#file }, 0);
  }

  #node(source: unknown, place: ConfigPlace, depth: number): YamlNode {
    const node = this.#resolve(source);
    if (depth === ALIAS_DEPTH_MAX) {
      throw new ConfigError("it is nested too deep", place);
    }
    if (isMap(node)) {
      const pairs = this.#pairs(node).map(({ key, keyPlace, ...pair }) => ({
        key,
        keyPlace: { ...keyPlace, key },
        node: this.#node(pair.value, { ...pair.valuePlace, key }, depth + 1),
      }));
      return { value: inWords(node), place, pairs };
    }
    if (isSeq(node)) {
      const items = node.items.map((item) =>
        this.#node(item, place, depth + 1)
      );
      return { value: inWords(node), place, items };
    }
    return { value: isScalar(node) ? node.value : null, place };
  }

  /** The settings of `badger:` and of `badger.key:`, each at most once. */
  #section(given: Pair[]): GivenSetting[] {
    const settings = new Map<string, GivenSetting>();
    const add = (key: string, pair: Pair) => {
      const first = settings.get(key);
      if (first !== undefined) {
        throw new ConfigError(
          `${key} is given twice, first in line ${first.keyPlace.line}`,
          { ...pair.keyPlace, key },
        );
      }
      settings.set(key, this.#setting(key, pair));
    };
    let section: Pair | undefined;
    for (const pair of given) {
      if (pair.key.startsWith(`${SECTION}.`)) {
        add(pair.key.slice(SECTION.length + 1), pair);
      }
      if (pair.key !== SECTION) continue;
      if (section !== undefined) {
        throw new ConfigError(
          `the section ${SECTION} is given twice, first in line ${section.keyPlace.line}`,
          { ...pair.keyPlace, key: SECTION },
        );
      }
      section = pair;
      if (isEmptyScalar(pair.value)) continue;
      if (!isMap(pair.value)) {
        throw new ConfigError(
          `the section ${SECTION} must be a map of settings, not ${
            inWords(pair.value)
          }`,
          { ...pair.valuePlace, key: SECTION },
        );
      }
      for (const inner of this.#pairs(pair.value)) add(inner.key, inner);
    }
    return [...settings.values()];
  }

  #setting(key: string, pair: Pair): GivenSetting {
    const isCollection = isMap(pair.value) || isSeq(pair.value);
    return {
      key,
      value: isScalar(pair.value)
        ? pair.value.value
        : isCollection
        ? inWords(pair.value)
        : null,
      isCollection,
      keyPlace: { ...pair.keyPlace, key },
      valuePlace: { ...pair.valuePlace, key },
    };
  }

  /** `path: { data: X }` or `path.data: X`; anything else there is the host's. */
  #dataDirectory(given: Pair[]): string | undefined {
    let found: unknown;
    for (const { key, value } of given) {
      if (key === "path.data" && isScalar(value)) found = value.value;
      if (key !== "path" || !isMap(value)) continue;
      for (const inner of this.#pairs(value)) {
        if (inner.key === "data" && isScalar(inner.value)) {
          found = inner.value.value;
        }
      }
    }
    return typeof found === "string" && found !== "" ? found : undefined;
  }

  #refuseMisspelledSection(given: Pair[]): void {
    const isOurs = (key: string) =>
      key === SECTION || key.startsWith(`${SECTION}.`);
    if (given.some((pair) => isOurs(pair.key))) return;
    for (const { key, keyPlace } of given) {
      if (!isMisspelling(key, SECTION)) continue;
      throw new ConfigError(
        `unknown section "${key}", did you mean "${SECTION}"?`,
        { ...keyPlace, key },
      );
    }
  }

  /** A map's pairs with aliases followed and merge keys (`<<`) laid under them. */
  #pairs(map: YAMLMap, depth: number = 0): Pair[] {
    const pairs: Pair[] = [];
    const merged: Pair[] = [];
    for (const item of map.items) {
      const keyNode = item.key as Scalar;
      const key = isScalar(keyNode) ? String(keyNode.value) : inWords(keyNode);
      const keyPlace = this.#place(keyNode?.range?.[0] ?? 0);
      const value = this.#resolve(item.value);
      if (key !== "<<") {
        const at = (item.value as Scalar | null)?.range?.[0];
        const valuePlace = at === undefined ? keyPlace : this.#place(at);
        pairs.push({ key, value, keyPlace, valuePlace });
        continue;
      }
      const sources = isSeq(value) ? value.items : [value];
      for (const source of sources.map((node) => this.#resolve(node))) {
        if (!isMap(source)) {
          throw new ConfigError('the key "<<" merges maps only', keyPlace);
        }
        if (depth === ALIAS_DEPTH_MAX) {
          throw new ConfigError("the merge goes in a circle", keyPlace);
        }
        for (const pair of this.#pairs(source, depth + 1)) {
          if (!merged.some(({ key }) => key === pair.key)) merged.push(pair);
        }
      }
    }
    return [
      ...pairs,
      ...merged.filter((pair) => !pairs.some(({ key }) => key === pair.key)),
    ];
  }

  #resolve(node: unknown): unknown {
    let resolved = node;
    for (let depth = 0; isAlias(resolved); depth++) {
      const place = this.#place(resolved.range?.[0] ?? 0);
      if (depth === ALIAS_DEPTH_MAX) {
        throw new ConfigError("the alias goes in a circle", place);
      }
      const { source } = resolved;
      resolved = resolved.resolve(this.#document);
      if (resolved === undefined) {
        throw new ConfigError(`unknown alias "*${source}"`, place);
      }
    }
    return resolved;
  }

  #place(offset: number): ConfigPlace {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line, column: col };
  }
}

interface Pair {
  key: string;
  value: unknown;
  keyPlace: ConfigPlace;
  valuePlace: ConfigPlace;
}

function isEmptyScalar(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function inWords(node: unknown): string {
  if (isMap(node)) return "a map";
  if (isSeq(node)) return "a list";
  return isScalar(node) ? JSON.stringify(node.value) : "nothing";
}

function withoutStop(message: string): string {
  return message.replace(/\.$/, "");
}

/**
 * From one YAML file, the environment and the caller to the settings of a server.
 *
 * The section `badger` is the plugin's own business; here it is the section `server`.
 * What the caller says comes first, then the environment (`BADGER_SERVER_<KEY>`), then
 * the file.
 *
 * @module
 */

import type { ServerAuth } from "../http/server_app.ts";
import { loadConfig } from "../plugin/config.ts";
import { ConfigError } from "../plugin/config_error.ts";
import {
  type EnvironmentReader,
  systemEnvironment,
  variableName,
} from "../plugin/environment.ts";
import type { BadgerSettings } from "../plugin/settings.ts";
import { parseYamlTree, type YamlNode } from "../plugin/yaml_file.ts";
import { readFile } from "../fs/file_system.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import { nearestName } from "../store/nearest_name.ts";

/** The settings of a server. */
export interface ServerSettings {
  /** The address it listens on. */
  host: string;
  /** The port; 0 for any that is free. */
  port: number;
  /** Who may come in; everybody without it. */
  auth: ServerAuth | undefined;
  /** Bytes of the longest body. */
  bodyBytesMax: number;
  /** Refuse whatever would write. */
  readOnly: boolean;
  /** The settings of the instance. */
  badger: BadgerSettings;
}

type Reader = (node: YamlNode, key: string) => unknown;

const SECTIONS = ["badger", "server", "path"];
/** The last of the ports. */
export const PORT_MAX = 65_535;

/** A token must be one that the header `Authorization` can carry (RFC 6750). */
const TOKEN = /^[\w.~+/-]+=*$/;

function complain(key: string, must: string, { place }: YamlNode): never {
  // The value may be a secret, and is not told.
  throw new ConfigError(`${key} must be ${must}`, { ...place, key });
}

const readString: Reader = (node, key) =>
  typeof node.value === "string" && node.value !== "" && !node.pairs &&
    !node.items
    ? node.value
    : complain(key, "text", node);

const readBoolean: Reader = (node, key) =>
  typeof node.value === "boolean"
    ? node.value
    : complain(key, "true or false", node);

function readInteger(min: number, max: number): Reader {
  return (node, key) => {
    const { value } = node;
    if (Number.isInteger(value) && value as number >= min) {
      if (value as number <= max) return value;
    }
    return complain(key, `an integer from ${min} to ${max}`, node);
  };
}

const readTokens: Reader = (node, key) => {
  const tokens = (node.items ?? []).map(({ value }) => value);
  const isSound = tokens.length > 0 &&
    tokens.every((token) => typeof token === "string" && TOKEN.test(token));
  return isSound
    ? tokens
    : complain(key, "a list of tokens of A-Z a-z 0-9 . _ ~ + / -", node);
};

const readUsers: Reader = (node, key) => {
  const users = (node.pairs ?? []).map((pair) =>
    [pair.key, pair.node.value] as const
  );
  const isSound = users.length > 0 &&
    users.every(([name, password]) =>
      typeof password === "string" && password !== "" && name !== "" &&
      !name.includes(":")
    );
  return isSound
    ? Object.fromEntries(users)
    : complain(key, "a map of users and their passwords, as text", node);
};

/** A section with nobody in it is a mistake that must not let everybody in. */
function readAuth(node: YamlNode, name: string): unknown {
  const auth = readMap(node, name, { bearer: readTokens, basic: readUsers });
  return Object.keys(auth).length > 0
    ? auth
    : complain(name, "a map with bearer, basic or both", node);
}

/** What a map of settings has, each read by its reader. */
function readMap(
  node: YamlNode,
  name: string,
  readers: Record<string, Reader>,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  if (node.value === null) return settings;
  if (node.pairs === undefined) return complain(name, "a map", node);
  for (const { key, keyPlace, node: value } of node.pairs) {
    if (!Object.hasOwn(readers, key)) refuseKey(key, readers, keyPlace);
    if (Object.hasOwn(settings, key)) {
      throw new ConfigError(`${key} is given twice`, keyPlace);
    }
    settings[key] = readers[key]!(value, key);
  }
  return settings;
}

function refuseKey(
  key: string,
  readers: Record<string, Reader>,
  place: YamlNode["place"],
): never {
  const known = Object.keys(readers);
  const near = nearestName(key, known);
  throw new ConfigError(
    `unknown key "${key}"` +
      (near === undefined
        ? `; known are ${known.join(", ")}`
        : `, did you mean "${near}"?`),
    place,
  );
}

const SERVER_READERS: Record<string, Reader> = {
  host: readString,
  port: readInteger(0, PORT_MAX),
  auth: readAuth,
  body_size_max: readInteger(1, 2 ** 31),
  read_only: readBoolean,
};

/** The section `server` of a file that has already been found to be YAML. */
function readServerSection(file: string): Record<string, unknown> {
  const bytes = readFile(new NodeFileSystem(), file);
  const root = parseYamlTree(new TextDecoder().decode(bytes), file);
  const sections: Record<string, Reader> = Object.fromEntries(
    SECTIONS.map((name) => [name, () => undefined]),
  );
  sections.server = (node, name) => readMap(node, name, SERVER_READERS);
  for (const { key } of root.pairs ?? []) {
    if (/^(?:badger|path)\./.test(key)) sections[key] = () => undefined;
  }
  const { server } = readMap(root, "the file", sections);
  return server as Record<string, unknown> | undefined ?? {};
}

/** What the environment says, by the same rules. */
function readVariables(env: EnvironmentReader): Record<string, unknown> {
  const found = (key: string): YamlNode | undefined => {
    const variable = variableName(key, "server");
    const text = env(variable);
    if (text === undefined || text === "") return undefined;
    return { value: text, place: { variable, key } };
  };
  const settings: Record<string, unknown> = {};
  const host = found("host");
  if (host !== undefined) settings.host = host.value;
  const port = found("port");
  if (port !== undefined) {
    const value = /^\d+$/.test(String(port.value)) ? Number(port.value) : NaN;
    settings.port = SERVER_READERS.port!({ ...port, value }, "port");
  }
  const auth: Record<string, unknown> = {};
  const bearer = found("bearer");
  if (bearer !== undefined) {
    const items = String(bearer.value).split(",")
      .map((token) => ({ value: token.trim(), place: bearer.place }));
    auth.bearer = readTokens({ ...bearer, items }, "bearer");
  }
  const basic = found("basic");
  if (basic !== undefined) {
    const [user = "", ...password] = String(basic.value).split(":");
    const node = { value: password.join(":"), place: basic.place };
    const pairs = [{ key: user, keyPlace: basic.place, node }];
    auth.basic = readUsers({ ...basic, pairs }, "basic");
  }
  if (Object.keys(auth).length > 0) settings.auth = auth;
  return settings;
}

/** The settings of a server. */
export function loadServerConfig(
  file: string | undefined,
  env: EnvironmentReader = systemEnvironment,
): ServerSettings {
  const badger = loadConfig(file ?? {}, { env });
  const given = {
    ...(file === undefined ? {} : readServerSection(file)),
    ...readVariables(env),
  };
  const auth = given.auth as ServerAuth | undefined;
  return {
    host: given.host as string | undefined ?? "127.0.0.1",
    port: given.port as number | undefined ?? 8321,
    auth,
    bodyBytesMax: given.body_size_max as number | undefined ?? 16_777_216,
    readOnly: given.read_only as boolean | undefined ?? false,
    badger,
  };
}

/**
 * The text of a configuration file.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { isNotFound, StoreError } from "../errors.ts";
import { readFile } from "../fs/file_system.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import { ConfigError } from "./config_error.ts";

/**
 * Reads a configuration file.
 *
 * @param file Its path; the name ends in `.yml` or `.yaml`.
 * @returns The text, and the path as text.
 * @throws {ConfigError} If the file is missing, has another ending or is not UTF-8.
 */
export function readConfigText(
  file: string | URL,
): { text: string; path: string } {
  if (file instanceof URL && file.protocol !== "file:") {
    throw new ConfigError("the configuration must be a file on this machine", {
      file: file.href,
    });
  }
  const path = file instanceof URL ? fileURLToPath(file) : file;
  if (!/\.ya?ml$/i.test(path)) {
    throw new ConfigError(
      "the name of a configuration file ends in .yml or .yaml; " +
        `to name a data directory use { path: ${JSON.stringify(path)} }`,
      { file: path },
    );
  }
  let bytes: Uint8Array;
  try {
    bytes = readFile(new NodeFileSystem(), path);
  } catch (error) {
    const cause = error instanceof StoreError ? error.cause : error;
    if (!isNotFound(cause)) throw error;
    throw new ConfigError("the file does not exist", { file: path }, cause);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError("the file is not UTF-8 text", { file: path }, error);
  }
  return { text, path };
}

import { fileURLToPath } from "node:url";

/** The path of a path or a `file:` URL. */
export function toPath(pathOrUrl: string | URL): string {
  return pathOrUrl instanceof URL ? fileURLToPath(pathOrUrl) : pathOrUrl;
}

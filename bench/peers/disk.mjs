/**
 * What a directory takes on the disk.
 *
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";

const BLOCK_BYTES = 512;

/**
 * Bytes of the blocks that a directory's files have; a file with holes counts for
 * what is in it.
 */
export function bytesOnDisk(directory) {
  if (!existsSync(directory)) return 0;
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    try {
      if (entry.isDirectory()) bytes += bytesOnDisk(path);
      else {
        const { blocks, size } = statSync(path);
        bytes += typeof blocks === "number" ? blocks * BLOCK_BYTES : size;
      }
    } catch (error) {
      // The peer may have removed it since.
      if (error.code !== "ENOENT") throw error;
    }
  }
  return bytes;
}

/**
 * A handle on an encrypted file: an open file of the file system below, and the plain
 * text that all handles of that file share.
 *
 * @module
 */

import type { EncryptedContent } from "./encrypted_content.ts";
import type { FileHandle } from "./file_system.ts";

/** A handle on an encrypted file. */
export class EncryptedFile implements FileHandle {
  /** Where the file was when it was opened. */
  readonly path: string;
  /** Removes the file's name, where letting go of the file takes time. */
  readonly retire?: (path: string) => void;
  readonly #file: FileHandle;
  readonly #content: EncryptedContent;
  readonly #onClose: (content: EncryptedContent) => void;
  #isClosed = false;

  /** A handle on the content of `file`; the last handle to close ends its sharing. */
  constructor(
    path: string,
    file: FileHandle,
    content: EncryptedContent,
    onClose: (content: EncryptedContent) => void,
    onRetire: (content: EncryptedContent) => void,
  ) {
    this.path = path;
    this.#file = file;
    this.#content = content;
    this.#onClose = onClose;
    if (file.retire !== undefined) {
      this.retire = (retiredPath) => {
        file.retire!(retiredPath);
        onRetire(content);
      };
    }
  }

  /** Reads plain text. */
  read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): number {
    return this.#content.read(
      this.#file,
      target,
      targetOffset,
      length,
      position,
    );
  }

  /** The same with the file read off the event loop. */
  readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return this.#content.readAsync(
      this.#file,
      target,
      targetOffset,
      length,
      position,
    );
  }

  /** Appends. */
  write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): number {
    return this.#content.write(
      this.#file,
      source,
      sourceOffset,
      length,
      position,
    );
  }

  /** Puts the cipher text of these bytes once more. */
  renew(from: number, to: number): void {
    this.#content.renew(this.#file, from, to);
  }

  /** Cuts the plain text. */
  truncate(length: number): void {
    this.#content.truncate(this.#file, length);
  }

  /** Takes note of what others wrote or cut. */
  lookAgain(): void {
    this.#content.lookAgain(this.#file);
  }

  /** Bytes of plain text. */
  size(): number {
    return this.#content.length;
  }

  /** Returns when the file is on the medium. */
  sync(): void {
    this.#file.sync();
  }

  /** The same off the event loop. */
  syncAsync(): Promise<void> {
    return this.#file.syncAsync();
  }

  /** Gives the handle back. */
  close(): void {
    this.#release();
    this.#file.close();
  }

  #release(): void {
    if (!this.#isClosed) this.#onClose(this.#content);
    this.#isClosed = true;
  }
}

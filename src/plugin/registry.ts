/**
 * Implementations by name, one of them the default.
 *
 * The default is the one that was registered first and is still there, or the one
 * chosen with `setDefault`. It never changes because another one came later, so
 * starting a second instance cannot silently redirect the writes of a program.
 *
 * @module
 */

import { StoreError } from "../errors.ts";

/** A table of named implementations; {@linkcode kv} and {@linkcode filter} are two. */
export class Registry<T extends object> {
  readonly #kind: string;
  readonly #entries = new Map<string, T>();
  #chosen: string | undefined;

  /**
   * Makes an empty registry.
   *
   * @param kind What is registered here, for errors: "key-value store".
   */
  constructor(kind: string) {
    this.#kind = kind;
  }

  /**
   * Adds an implementation.
   *
   * @param name The name to find it by.
   * @param implementation What to find.
   * @throws {StoreError} `ALREADY_REGISTERED` if the name is taken.
   * @throws {TypeError} If the name is empty or there is no implementation.
   */
  register(name: string, implementation: T): void {
    if (typeof name !== "string" || name === "") {
      throw new TypeError(
        `Cannot register a ${this.#kind}: its name must be a string that is not empty`,
      );
    }
    if (typeof implementation !== "object" || implementation === null) {
      throw new TypeError(
        `Cannot register the ${this.#kind} "${name}": the implementation must be an object`,
      );
    }
    if (this.#entries.has(name)) {
      throw new StoreError(
        "ALREADY_REGISTERED",
        `Cannot register the ${this.#kind} "${name}": the name is taken. ` +
          `Close the one that has it, or take another name`,
      );
    }
    this.#entries.set(name, implementation);
  }

  /**
   * Removes a name. If it was the default, the oldest of the others becomes it.
   *
   * @param name The name to remove.
   * @returns True if the name was there.
   */
  unregister(name: string): boolean {
    if (this.#chosen === name) this.#chosen = undefined;
    return this.#entries.delete(name);
  }

  /**
   * Tells whether a name is registered.
   *
   * @param name The name to look for.
   * @returns True if it is there.
   */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Lists what is registered.
   *
   * @returns The names, oldest first.
   */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Chooses the default.
   *
   * @param name A registered name.
   * @throws {StoreError} `NOT_REGISTERED` if the name is not there.
   */
  setDefault(name: string): void {
    this.find(name);
    this.#chosen = name;
  }

  /**
   * The implementation of that name.
   *
   * @param name The name; without one, the default.
   * @returns The implementation.
   * @throws {StoreError} `NOT_REGISTERED` if there is none.
   */
  protected find(name?: string): T {
    const wanted = name ?? this.#chosen ?? this.#entries.keys().next().value;
    const entry = wanted === undefined ? undefined : this.#entries.get(wanted);
    if (entry !== undefined) return entry;
    if (wanted === undefined) {
      throw new StoreError(
        "NOT_REGISTERED",
        `Cannot use a ${this.#kind}: none is registered. ` +
          `Start one with Badger.start(), or register your own`,
      );
    }
    throw new StoreError(
      "NOT_REGISTERED",
      `Cannot find the ${this.#kind} "${wanted}": ` +
        (this.#entries.size === 0
          ? "none is registered"
          : `registered are ${this.names().join(", ")}`),
    );
  }
}

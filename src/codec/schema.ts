/**
 * Validators of any library that speaks Standard Schema (version 1,
 * https://standardschema.dev), among them Zod, Valibot and ArkType. The types here are
 * the part of that interface that is used; a package is not needed for it.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";
import { SchemaError, type ValueIssue } from "./errors.ts";

/** One reason for which a validator refuses a value. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /** The keys that lead to it from the value. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** What a validator says: the value to go on with, or what is wrong. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** A validator as Standard Schema describes it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What every such validator has. */
  readonly "~standard": {
    /** The version of the interface. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Looks at a value. */
    readonly validate: (
      value: unknown,
    ) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** The types before and after; never there at run time. */
    readonly types?:
      | { readonly input: Input; readonly output: Output }
      | undefined;
  };
}

/** The type of the values that a validator takes. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<
  Schema["~standard"]["types"]
>["input"];

/** The type of the values that a validator gives. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<
  Schema["~standard"]["types"]
>["output"];

/** The validator that was given, checked for being one. */
export function requireSchema(
  schema: unknown,
): StandardSchema<unknown> | undefined {
  if (schema === undefined) return undefined;
  const isCandidate = typeof schema === "function" ||
    (typeof schema === "object" && schema !== null);
  const standard = isCandidate
    ? (schema as Partial<StandardSchema>)["~standard"]
    : undefined;
  if (standard?.version === 1 && typeof standard.validate === "function") {
    return schema as StandardSchema<unknown>;
  }
  throw new TypeError(
    `Cannot use ${
      describe(schema)
    } as schema: it must implement version 1 of Standard Schema`,
  );
}

/**
 * What the validator makes of a value: at once if it can, else as a promise.
 *
 * @throws {SchemaError} If it refuses the value.
 */
export function validate(
  schema: StandardSchema<unknown> | undefined,
  value: unknown,
  collection: string,
  action: string,
): unknown | Promise<unknown> {
  if (schema === undefined) return value;
  const result = schema["~standard"].validate(value);
  return isPromise(result)
    ? result.then((later) => accept(later, collection, action))
    : accept(result, collection, action);
}

/** True for what must be awaited. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}

function accept(
  result: StandardResult<unknown>,
  collection: string,
  action: string,
): unknown {
  if (result.issues === undefined) return result.value;
  const issues: ValueIssue[] = result.issues.map(({ message, path = [] }) => ({
    message,
    path: path.map((step) => typeof step === "object" ? step.key : step),
  }));
  throw new SchemaError(collection, action, issues);
}

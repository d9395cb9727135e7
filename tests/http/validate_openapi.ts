/**
 * Prints what a validator says of the OpenAPI document, and of a wrong one. A program of
 * its own, because the validator reads its schemas from the directory of its package,
 * which tests may not.
 *
 * @module
 */

import { Validator } from "@seriousme/openapi-schema-validator";
import { makeOpenApi } from "../../src/http/openapi.ts";

const validator = new Validator();
const { valid, errors = [] } = await validator.validate(makeOpenApi());
const { paths: _, ...without } = makeOpenApi();
const wrong = { ...without, paths: { "no-slash": {} } };
console.log(JSON.stringify({
  valid,
  errors,
  version: validator.version,
  isWrongValid: (await new Validator().validate(wrong)).valid,
}));

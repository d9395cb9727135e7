/**
 * The OpenAPI document of the routes.
 *
 * @module
 */

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const parameter = (name: string) => ({
  $ref: `#/components/parameters/${name}`,
});
const content = (schema: object) => ({
  "application/json": { schema },
  "application/cbor": { schema },
});
const json = (schema: object) => ({ "application/json": { schema } });
const refusal = (description: string) => ({
  description,
  content: json(ref("Error")),
});

const REFUSALS = {
  400: refusal("The request makes no sense"),
  401: { description: "Authentication is needed" },
  500: refusal("The store cannot answer; see the code"),
  503: refusal("The store is closed, or too much is asked of it"),
};

const ETAG = {
  description: "The versionstamp, in quotes; for other forms, with their name",
  schema: { type: "string" },
};
const EXPIRES_AT = {
  description: "When the key expires, in milliseconds since 1970",
  schema: { type: "integer" },
};

const READ = {
  parameters: [parameter("ifMatch"), parameter("ifNoneMatch")],
  responses: {
    200: {
      description: "The value as it was written, or an entry",
      headers: { ETag: ETAG, "Badger-Expires-At": EXPIRES_AT },
      content: { "application/octet-stream": {}, ...content(ref("Entry")) },
    },
    304: { description: "The client has it already" },
    404: refusal("The key has no value"),
    412: refusal("If-Match does not hold"),
    ...REFUSALS,
  },
};

const query = (name: string, schema: object, description: string) => ({
  name,
  in: "query",
  schema,
  description,
});

const report = (
  operationId: string,
  summary: string,
  parameters: object[] = [],
) => ({
  get: {
    operationId,
    summary,
    parameters,
    responses: {
      200: { description: "A report", content: json({ type: "object" }) },
      ...REFUSALS,
    },
  },
});

const COLLECTION_PATH = {
  parameters: [parameter("bucket")],
  get: {
    operationId: "list",
    summary: "List entries by page, or watch",
    description:
      "With `watch`, server-sent events: `open`, `commit`, `close` " +
      "and `failure`. The id of an event is a versionstamp.",
    parameters: [
      query("prefix", ref("Address"), "Only keys that begin with it"),
      query("start", ref("Address"), "Only this key and those behind it"),
      query("end", ref("Address"), "Only keys before it"),
      query("reverse", { type: "boolean" }, "From the last to the first"),
      query("keysOnly", { type: "boolean" }, "Leave the values out"),
      query(
        "limit",
        { type: "integer", minimum: 1, maximum: 1000, default: 100 },
        "Entries of a page; one of 4 MiB ends earlier",
      ),
      query("cursor", { type: "string" }, "The cursor of the page before"),
      query("watch", { type: "boolean" }, "Watch; beside it prefix and since"),
      query("since", ref("Versionstamp"), "The last commit that is known"),
      {
        name: "Last-Event-ID",
        in: "header",
        schema: ref("Versionstamp"),
        description: "The same, as a browser sends it",
      },
    ],
    responses: {
      200: {
        description: "A page, or a stream",
        content: {
          ...content(ref("Page")),
          "text/event-stream": { schema: { type: "string" } },
        },
      },
      404: refusal("There is no such bucket to watch"),
      410: refusal("What followed the versionstamp is gone (TOO_OLD)"),
      ...REFUSALS,
    },
  },
  post: {
    operationId: "commit",
    summary: "Write a batch in one step, if all its checks hold",
    requestBody: { required: true, content: content(ref("Batch")) },
    responses: {
      200: { description: "Written", content: content(ref("Committed")) },
      403: refusal("The server only reads"),
      409: refusal("A check does not hold, or a key is no counter"),
      413: refusal("The body or the batch is too large"),
      415: refusal("The body is neither JSON nor CBOR"),
      507: refusal("The disk is full"),
      ...REFUSALS,
    },
  },
};

const KEY_PATH = {
  parameters: [parameter("bucket"), parameter("key")],
  get: { operationId: "get", summary: "Get a value", ...READ },
  head: { operationId: "has", summary: "Look a key up", ...READ },
  put: {
    operationId: "set",
    summary: "Set a value",
    parameters: [
      parameter("ifMatch"),
      parameter("ifNoneMatch"),
      {
        name: "Badger-Expire-In",
        in: "header",
        schema: { type: "integer", minimum: 1 },
        description: "Milliseconds until the key expires",
      },
    ],
    requestBody: {
      description: "The value: the body as it is, whatever its type",
      content: { "*/*": {} },
    },
    responses: {
      201: { description: "Set; it had no value", headers: { ETag: ETAG } },
      204: { description: "Set; it had another", headers: { ETag: ETAG } },
      403: refusal("The server only reads"),
      412: refusal("A condition does not hold"),
      413: refusal("The body is too large"),
      507: refusal("The disk is full"),
      ...REFUSALS,
    },
  },
  delete: {
    operationId: "delete",
    summary: "Delete a key",
    parameters: [parameter("ifMatch"), parameter("ifNoneMatch")],
    responses: {
      204: { description: "Deleted" },
      403: refusal("The server only reads"),
      404: refusal("The key has no value"),
      412: refusal("A condition does not hold"),
      ...REFUSALS,
    },
  },
};

const object = (properties: object, required: string[] = []) => ({
  type: "object",
  properties,
  required,
});

const SCHEMAS = {
  Error: object({ error: { type: "string" }, code: { type: "string" } }, [
    "error",
    "code",
  ]),
  Address: {
    type: "string",
    description: "Percent-encoded bytes, or ~ and their base64url",
  },
  Versionstamp: { type: "string", pattern: "^[0-9a-f]{20}$" },
  Bytes: {
    description: "Text, or base64 where the bytes are no UTF-8; in CBOR, bytes",
    oneOf: [
      { type: "string" },
      object({ base64: { type: "string" } }, ["base64"]),
    ],
  },
  Entry: object({
    key: ref("Bytes"),
    value: ref("Bytes"),
    versionstamp: ref("Versionstamp"),
    expiresAt: { type: "integer" },
  }, ["key", "value", "versionstamp"]),
  Page: object({
    entries: {
      type: "array",
      items: object({ key: ref("Bytes"), value: ref("Bytes") }, ["key"]),
    },
    cursor: { type: ["string", "null"], description: "Null at the end" },
  }, ["entries", "cursor"]),
  Batch: object({
    checks: {
      type: "array",
      items: object({
        key: ref("Bytes"),
        versionstamp: { type: ["string", "null"] },
      }, ["key", "versionstamp"]),
    },
    operations: {
      type: "array",
      items: object({
        type: { enum: ["set", "delete", "sum"] },
        key: ref("Bytes"),
        value: ref("Bytes"),
        n: { type: ["integer", "string"] },
        expireIn: { type: "integer", minimum: 1 },
      }, ["type", "key"]),
    },
  }),
  Committed: object({
    ok: { const: true },
    versionstamp: ref("Versionstamp"),
  }, ["ok", "versionstamp"]),
};

const inPath = (name: string) => ({
  name,
  in: "path",
  required: true,
  schema: ref("Address"),
});
const inHeader = (name: string) => ({
  name,
  in: "header",
  schema: { type: "string" },
});

/** Makes the document, of OpenAPI 3.1. */
export function makeOpenApi(): Record<string, unknown> {
  return {
    openapi: "3.1.0",
    info: {
      title: "Sett",
      version: "1",
      description: "A key-value store over HTTP",
      license: { name: "MIT", identifier: "MIT" },
    },
    security: [{}, { bearer: [] }, { basic: [] }],
    paths: {
      "/badger/health": {
        get: {
          operationId: "health",
          summary: "Tell that the server runs; needs no authentication",
          security: [],
          responses: { 200: { description: "It does" } },
        },
      },
      "/badger/stats": {
        get: {
          operationId: "stats",
          summary: "Read the statistics",
          parameters: [
            query(
              "size",
              { type: "integer", minimum: 1, maximum: 1000 },
              "How many of the largest keys to name",
            ),
            query("sort", { enum: ["size", "count"] }, "Their order"),
          ],
          responses: {
            200: {
              description: "The statistics",
              content: json({ type: "object" }),
            },
            ...REFUSALS,
          },
        },
      },
      "/badger/metrics": {
        get: {
          operationId: "metrics",
          summary: "Read the metrics, as OpenMetrics or in the older format",
          responses: {
            200: {
              description: "The metrics",
              content: { "application/openmetrics-text": {}, "text/plain": {} },
            },
            ...REFUSALS,
          },
        },
      },
      "/badger": {
        get: {
          operationId: "dashboard",
          summary: "Look at the store",
          responses: {
            200: { description: "A page", content: { "text/html": {} } },
            401: REFUSALS[401],
          },
        },
      },
      "/badger/dashboard.json": report(
        "dashboardReport",
        "Read what the dashboard draws; its fields may change",
      ),
      "/badger/largest.json": report(
        "largest",
        "Find the largest keys, by a look at every key",
        [query("size", { type: "integer", minimum: 1, maximum: 1000 }, "Keys")],
      ),
      "/badger/gc": {
        post: {
          operationId: "collectGarbage",
          summary: "Collect garbage",
          parameters: [{
            name: "x-badger-action",
            in: "header",
            required: true,
            description: "No form and no link of another site can send it",
            schema: { const: "gc" },
          }],
          responses: {
            200: {
              description: "What was collected",
              content: json({ type: "object" }),
            },
            403: refusal("The server is read-only, or the header is missing"),
            ...REFUSALS,
          },
        },
      },
      "/badger/kv/{bucket}": COLLECTION_PATH,
      "/badger/kv/{bucket}/{key}": KEY_PATH,
    },
    components: {
      schemas: SCHEMAS,
      parameters: {
        bucket: inPath("bucket"),
        key: inPath("key"),
        ifMatch: inHeader("If-Match"),
        ifNoneMatch: inHeader("If-None-Match"),
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic" },
      },
    },
  };
}

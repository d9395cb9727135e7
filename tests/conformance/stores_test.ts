/** The conformance suite over stores and buckets. */
import { addStoreTests } from "./stores.ts";

addStoreTests(Deno.test);

/**
 * Prints the path of the Deno that runs it: the `test` task allows its tests to
 * start this one program and no other.
 *
 * @module
 */
console.log(Deno.execPath());

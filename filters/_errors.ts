/**
 * What ends a tool with exit status 2.
 *
 * @module
 */

/** Something outside the tool failed: what, where, and what to do. */
export class ToolError extends Error {
  override name = "ToolError";
}

/** The tool was called wrongly. */
export class UsageError extends Error {
  override name = "UsageError";
}

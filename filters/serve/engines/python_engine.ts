/**
 * The engine for Python's tests: a program in Python that is a worker itself.
 *
 * @module
 */

import { passSignals, spawn } from "../../kit/io/command.ts";
import { isNotFound, ToolError } from "../../kit/errors.ts";
import program from "./python_worker.py" with { type: "text" };

/**
 * Runs the worker with our standard streams until it ends.
 *
 * @param words its options and the modules with tests
 * @param flags those of the interpreter
 * @returns its exit status
 * @throws {ToolError} when there is no Python
 */
export async function servePython(
  words: readonly string[],
  flags: readonly string[],
): Promise<number> {
  const inherit = {
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  } as const;
  const command = ["python3", ...flags, "-c", program, ...words];
  let child;
  try {
    child = spawn(command, inherit);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new ToolError(
      'Cannot run "python3": no such command: install Python 3.8 or later',
    );
  }
  const signals = passSignals(child);
  const { code } = await child.status;
  signals.stop();
  return code;
}

/**
 * Which tests stay together on one worker.
 *
 * @module
 */

/** The file of "tests/a_test.ts::name"; a module of another language has no dot. */
const FILE = /^[^:]*\.[^:]*(?=::)/;
/** The class of "package.module.Class.test_x (i=3)". */
const CLASS = /^[\w.]+(?=\.\w+($|[ (]))/;

/** The group of a test where none is named: its file, or its class. */
export function usualGroup(id: string): string | undefined {
  return FILE.exec(id)?.[0] ??
    (id.includes("::") ? undefined : CLASS.exec(id)?.[0]);
}

/** The group by an expression: its first group, or what it matches. */
export function groupBy(
  expression: RegExp,
): (id: string) => string | undefined {
  return (id) => {
    const match = expression.exec(id);
    return match === null ? undefined : match[1] ?? match[0];
  };
}

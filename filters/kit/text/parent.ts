/**
 * Where the parent of a test is: on the route of the test if it is a test, too;
 * what is no test, such as a capability of a product, may be above the workers
 * that ran what is below it.
 *
 * @module
 */

/** The route that a route is below; undefined is the one above all. */
function outerRoute(route: string): string | undefined {
  const end = route.lastIndexOf("/");
  return end < 0 ? undefined : route.slice(0, end);
}

/**
 * Finds the parent of a test of a route: the innermost one that there is.
 *
 * @param at what has the id of the parent on a route
 * @param isTest whether that is a test
 */
export function findParent<Parent>(
  route: string | undefined,
  at: (route: string | undefined) => Parent | undefined,
  isTest: (parent: Parent) => boolean,
): Parent | undefined {
  let parent = at(route);
  if (parent !== undefined) return parent;
  while (route !== undefined) {
    route = outerRoute(route);
    parent = at(route);
    if (parent !== undefined && !isTest(parent)) return parent;
  }
  return undefined;
}

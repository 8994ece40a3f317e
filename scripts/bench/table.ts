/**
 * The layout of figures.
 *
 * @module
 */

/** Returns a figure with three significant digits, or "-" if there is none. */
export function figureText(figure: number | undefined): string {
  if (figure === undefined) return "-";
  if (figure < 0.01) return figure.toPrecision(2);
  const digits = figure >= 100 ? 0 : figure >= 10 ? 1 : figure >= 1 ? 2 : 3;
  return figure.toFixed(digits);
}

/** Formats columns, with numbers aligned to the right and words to the left. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0].map((heading, column) => {
    const texts = rows.map((row) => row[column] ?? "");
    const isFigures = heading !== "" &&
      texts.slice(1).every((text) => /^(-|[\d.]*)$/.test(text));
    const width = Math.max(...texts.map((text) => text.length));
    return texts.map((text) =>
      isFigures ? text.padStart(width) : text.padEnd(width)
    );
  });
  return rows.map((_, row) =>
    columns.map((column) => column[row]).join("  ").trimEnd() + "\n"
  ).join("");
}

/** Returns the rows whose names contain one of the words. */
export function pick<T extends { name: string }>(
  rows: readonly T[],
  words: readonly string[],
): T[] {
  if (words.length === 0) return [...rows];
  return rows.filter(({ name }) => words.some((word) => name.includes(word)));
}

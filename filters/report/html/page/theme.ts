/**
 * Light and dark: the system decides until the button does.
 *
 * @module
 */

import { el } from "./dom.ts";

const KEY = "subunit2html-theme";
const root = document.documentElement;

/** Sets the colours that were chosen last, before anything is painted. */
export function restoreTheme(): void {
  try {
    const theme = localStorage.getItem(KEY);
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Files have no storage in some browsers.
  }
}

/** The button that changes the colours. */
export function themeButton(changed: () => void): HTMLButtonElement {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const current = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const button = el("button", { type: "button", class: "theme" });
  const label = () => {
    const isDark = current() === "dark";
    button.textContent = isDark ? "☀" : "☾";
    const text = isDark ? "Use light colours" : "Use dark colours";
    button.title = text;
    button.setAttribute("aria-label", text);
  };
  button.addEventListener("click", () => {
    const theme = current() === "dark" ? "light" : "dark";
    const isSystem = (theme === "dark") === dark.matches;
    if (isSystem) delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      if (isSystem) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // It lasts until the page is closed, then.
    }
    label();
    changed();
  });
  dark.addEventListener("change", () => {
    label();
    changed();
  });
  label();
  return button;
}

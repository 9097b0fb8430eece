// Light, dark, or as the system has it; remembered in this browser.

const KEY = "theme";

export const theme = () => document.documentElement.dataset.theme ?? "system";

export function setTheme(name) {
  if (name === "light" || name === "dark")
    document.documentElement.dataset.theme = name;
  else
    delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Without storage it holds until the page is left.
  }
  dispatchEvent(new Event("theme"));
}

/** The other one of light and dark. */
export function toggleTheme() {
  const isDark = theme() === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : theme() === "dark";
  setTheme(isDark ? "light" : "dark");
}

try {
  setTheme(localStorage.getItem(KEY) ?? "system");
} catch {
  // As above.
}

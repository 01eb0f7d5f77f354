// Colours and the size of letters: what a user likes, kept in this browser.

const KEY = "portside.terminal";
export const FONT = { least: 8, most: 32, usual: 14 };

export const THEMES = Object.freeze({
  dark: { background: "#10141a", foreground: "#d8dee6", cursor: "#d8dee6", selectionBackground: "#37517a" },
  light: {
    background: "#fbfbf9", foreground: "#22272e", cursor: "#22272e", selectionBackground: "#bcd3f2",
    black: "#22272e", red: "#b3261e", green: "#1c6b33", yellow: "#7a5600", blue: "#1f55b0", magenta: "#86308e",
    cyan: "#0d6470", white: "#5c6470", brightBlack: "#5c6470", brightRed: "#c2352c", brightGreen: "#237a3d",
    brightYellow: "#8a6300", brightBlue: "#2b63c4", brightMagenta: "#983ca0", brightCyan: "#127180", brightWhite: "#22272e",
  },
  solarized: {
    background: "#002b36", foreground: "#93a1a1", cursor: "#eee8d5", selectionBackground: "#0f5566",
    black: "#073642", red: "#dc322f", green: "#859900", yellow: "#b58900", blue: "#268bd2", magenta: "#d33682",
    cyan: "#2aa198", white: "#eee8d5", brightBlack: "#657b83", brightRed: "#cb4b16", brightGreen: "#859900",
    brightYellow: "#b58900", brightBlue: "#839496", brightMagenta: "#6c71c4", brightCyan: "#93a1a1", brightWhite: "#fdf6e3",
  },
  contrast: { background: "#000000", foreground: "#ffffff", cursor: "#ffff00", selectionBackground: "#5a5aff" },
});

export function taste() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // Another's, or from another version: the usual then.
  }
  const size = Number(kept.size);
  return {
    theme: Object.hasOwn(THEMES, kept.theme) ? kept.theme : "dark",
    size: size >= FONT.least && size <= FONT.most ? size : FONT.usual,
  };
}

export function keepTaste(theme, size) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ theme, size }));
  } catch {
    // A browser without storage forgets it with the page.
  }
}

// Makes elements. Text always becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = selector => document.querySelector(selector);
export const $$ = selector => [...document.querySelectorAll(selector)];

/** An element with attributes; a function is a listener, false and null are left away. */
export const el = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);

/** The same in SVG. */
export const svg = (name, attributes, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {}))
    if (typeof value === "function")
      element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** Presses one button of a segmented group. */
export const press = (buttons, pressed) => buttons.forEach(button => button.setAttribute("aria-pressed", String(button === pressed)));

/** A number with at most so many decimals; a dash where there is none. */
export const number = (value, decimals = 2) =>
  value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: decimals, useGrouping: Math.abs(value) >= 10000 }).replace("-", "−");

/** A span of time in ms or s. */
export const time = ms => ms === null || ms === undefined ? "–" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;

export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

import { html, nothing, type TemplateResult } from "lit";
import { link } from "../state/route";

/** A name of somebody's making: isolated from the text around it, broken where its parts meet. */
export const name = (text: string): TemplateResult =>
  html`<bdi class="name" title=${text}>${text.split(/(?<=[/_.-])/).map((part, i) => (i ? html`<wbr />${part}` : part))}</bdi>`;

export const taskLink = (id: string, text: string): TemplateResult =>
  html`<a class="name-link" href=${link(["tasks", id])}>${name(text)}</a>`;

export const percent = (value: number | null | undefined, digits = 1): string =>
  value == null ? "–" : `${(100 * value).toFixed(digits)} %`;

/** A gain, in points of accuracy. */
export function points(value: number | null | undefined): string {
  if (value == null) return "–";
  const text = Math.abs(100 * value).toFixed(1);
  return text === "0.0" ? "0.0" : `${value > 0 ? "+" : "−"}${text}`;
}

/** An interval: both of its ends as `tell` says them. */
export const between = ([low, high]: readonly number[], tell: (end: number) => string): string => `${tell(low!)} to ${tell(high!)}`;

/** A percentage of few digits, for the ends of an interval. */
export const roundly = (value: number): string => percent(value, 0);

export const number = (value: number | null | undefined, digits = 3): string =>
  value == null ? "–" : value.toFixed(digits).replace("-", "−");

export const whole = (value: number | null | undefined): string => (value == null ? "–" : value.toLocaleString("en-GB"));

/** A number with its noun: 1 image, 2 images, 2 classes. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${whole(value)} ${value === 1 ? one : many}`;

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

export function seconds(value: number | null | undefined): string {
  if (value == null) return "–";
  if (value < 90) return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} s`;
  if (value < 5400) return `${(value / 60).toFixed(0)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

export const when = (time: string | null): string =>
  time ? new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }) : "–";

/** The server's words with `commands` set as code. */
export const prose = (text: string): (TemplateResult | string)[] =>
  text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? html`<code>${part}</code>` : part));

export const warnings = (all: readonly string[]): TemplateResult | typeof nothing =>
  all.length ? html`<ul class="warnings">${all.map((each) => html`<li>${prose(each)}</li>`)}</ul>` : nothing;

/** Where the address ends before the name of a task. */
export const noTask: TemplateResult = html`<p>The address names no task. <a href=${link([])}>Choose one on the map.</a></p>`;

export const busy = (text: string): TemplateResult => html`<p class="busy" role="status"><span class="spinner" aria-hidden="true"></span>${text}</p>`;

/** What stands in place of something that the key of the tab does not open. */
export const onlyLooks = (what: string): TemplateResult =>
  html`<p class="card quiet">Your key opens this server for looking only. To ${what} takes one with the scope <code>write</code>.</p>`;

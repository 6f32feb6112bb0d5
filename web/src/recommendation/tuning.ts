import { html, nothing, svg, type TemplateResult } from "lit";
import type { Tuned } from "../api/types";
import { between, name, percent, seconds, warnings, whole } from "../parts/words";
import { RECIPES } from "./plans";

const WIDE = 620;
const HIGH = 220;
const LEFT = 48;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 36;

/** What a fine-tuning made: its accuracy on test images, and how it got there. */
export const tuned = (found: Tuned): TemplateResult => html`<div class="tuned">
  <p>
    ${name(found.model)} gets <strong>${percent(found.accuracy)}</strong>${found.interval
      ? html` (${between(found.interval, percent)})`
      : nothing}
    of ${whole(found.test_images)} test images right, after ${seconds(found.seconds)} with ${RECIPES[found.recipe ?? "auto"]}.
    It is an expert of the store now, and its outcome counts from the next answer on.
  </p>
  ${warnings(found.warnings)} ${curve(found)}
</div>`;

function curve(found: Tuned): TemplateResult | typeof nothing {
  const all = found.curve;
  if (all.length < 2) return html`<p class="quiet">There is no learning curve: too few images were left over to follow the training by.</p>`;
  const last = all[all.length - 1]!.steps;
  const values = all.map((each) => each.accuracy);
  const low = Math.max(0, Math.floor(10 * Math.min(...values)) / 10 - 0.05);
  const high = Math.min(1, Math.ceil(10 * Math.max(...values)) / 10);
  const x = (steps: number) => LEFT + ((WIDE - LEFT - RIGHT) * steps) / (last || 1);
  const y = (value: number) => HIGH - BOTTOM - ((HIGH - TOP - BOTTOM) * (value - low)) / (high - low || 1);
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${`Accuracy by training step, at the end ${percent(values[values.length - 1])}`}>
      ${[low, (low + high) / 2, high].map(
        (each) => svg`<line class="tick" x1=${LEFT} x2=${WIDE - RIGHT} y1=${y(each)} y2=${y(each)} />
          <text class="tick-text" x=${LEFT - 6} y=${y(each) + 4} text-anchor="end">${percent(each, 0)}</text>`,
      )}
      <polyline class="curve" points=${all.map((each) => `${x(each.steps)},${y(each.accuracy)}`).join(" ")} />
      ${all.map((each) => svg`<circle class="point best" cx=${x(each.steps)} cy=${y(each.accuracy)} r="3" />`)}
      <text class="tick-text" x=${LEFT} y=${HIGH - 14}>0</text>
      <text class="tick-text" x=${WIDE - RIGHT} y=${HIGH - 14} text-anchor="end">${whole(last)} steps</text>
    </svg>
    <figcaption>Accuracy on validation images while it trained.</figcaption>
  </figure>`;
}

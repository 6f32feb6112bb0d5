import { html, nothing, svg, type TemplateResult } from "lit";
import type { Recipe, Recommendation, Recommended } from "../api/types";
import { between, name, percent, points, roundly, seconds } from "../parts/words";
import { RECIPES, extent, gainsOf, measuredGain, planOf, tick, ticks } from "./plans";

const HIGH = 30;
/** A tenth of a point, which a table shows. */
const VISIBLE = 0.001;

/** The candidates with the gain of each over the default, its interval, and what was measured. */
export function forest(answer: Recommended, recipe: Recipe, plain: string): TemplateResult {
  const scale = scaleOf(extent(gainsOf(answer, recipe)));
  const timed = answer.recommendations.some((each) => planOf(each, recipe)?.seconds != null);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Candidates">
    <table class="candidates">
      <caption>
        Gain over ${name(plain)} with ${RECIPES[recipe]}, in points of accuracy, with ${percent(answer.level, 0)} intervals
      </caption>
      <thead>
        <tr>
          <th scope="col">model</th>
          <th scope="col" class="plot"><span class="unseen">plot of the gain</span>${axis(scale)}</th>
          <th scope="col" class="number">gain</th>
          <th scope="col" class="number">measured</th>
          <th scope="col" class="number">accuracy</th>
          ${timed ? html`<th scope="col" class="number">time</th>` : nothing}
        </tr>
      </thead>
      <tbody>
        ${answer.recommendations.map((each) => row(each, recipe, answer, scale, timed, plain))}
      </tbody>
    </table>
  </div>
  ${isSum(answer, recipe, plain) ? nothing : html`<p class="note">Go by the gains: accuracies end at 0 and 100 %, so they are no plain sums.</p>`}`;
}

/** Whether each accuracy is that of the default and the gain, as far as a table shows. */
function isSum(answer: Recommended, recipe: Recipe, plain: string): boolean {
  const plans = answer.recommendations.map((each) => ({ model: each.model, plan: planOf(each, recipe) }));
  const first = plans.find(({ model }) => model === plain)?.plan?.accuracy;
  return plans.every(
    ({ plan }) => first == null || plan?.accuracy == null || Math.abs(plan.accuracy - first - plan.gain) < VISIBLE,
  );
}

interface Scale {
  at: (value: number) => string;
  ticks: number[];
}

function scaleOf([low, high]: [number, number]): Scale {
  return { at: (value) => `${((100 * (value - low)) / (high - low)).toFixed(2)}%`, ticks: ticks(low, high) };
}

const axis = ({ at, ticks: all }: Scale) => html`<svg class="axis" width="100%" height="18" aria-hidden="true">
  ${all.map((each) => svg`<text x=${at(each)} y="13" text-anchor="middle">${tick(each)}</text>`)}
</svg>`;

function row(each: Recommendation, recipe: Recipe, answer: Recommended, scale: Scale, timed: boolean, plain: string) {
  const plan = planOf(each, recipe);
  const measured = measuredGain(each);
  const taken = each.model === answer.chosen;
  return html`<tr class=${taken ? "taken" : ""}>
    <th scope="row">
      ${name(each.model)}
      ${taken ? html`<span class="badge">taken</span>` : nothing}
      ${each.model === plain ? html`<span class="badge plain">default</span>` : nothing}
    </th>
    <td class="plot">${plan ? bar(plan.gain, plan.gain_interval, measured?.gain ?? null, scale, each.model === plain) : nothing}</td>
    <td class="number">
      ${each.model === plain ? "0" : points(plan?.gain)}
      ${plan && each.model !== plain
        ? html`<small>${between(plan.gain_interval, points)}</small>`
        : nothing}
    </td>
    <td class="number" title=${measured ? `by ${measured.by}` : nothing}>${measured ? points(measured.gain) : "–"}</td>
    <td class="number">
      ${percent(plan?.accuracy)}
      ${plan?.accuracy_interval
        ? html`<small>${between(plan.accuracy_interval, roundly)}</small>`
        : nothing}
    </td>
    ${timed ? html`<td class="number">${seconds(plan?.seconds)}</td>` : nothing}
  </tr>`;
}

function bar(gain: number, [low, high]: [number, number], measured: number | null, { at, ticks: all }: Scale, plain: boolean) {
  const middle = HIGH / 2;
  const kind = plain ? "open" : low > 0 ? "gain" : high < 0 ? "loss" : "open";
  return html`<svg class="bar ${kind}" width="100%" height=${HIGH} aria-hidden="true">
    ${all.map((each) => svg`<line class=${Math.abs(each) < 1e-9 ? "zero" : "tick"} x1=${at(each)} x2=${at(each)} y1="0" y2=${HIGH} />`)}
    ${plain
      ? nothing
      : svg`<line class="interval" x1=${at(low)} x2=${at(high)} y1=${middle} y2=${middle} />
          <line class="cap" x1=${at(low)} x2=${at(low)} y1=${middle - 4} y2=${middle + 4} />
          <line class="cap" x1=${at(high)} x2=${at(high)} y1=${middle - 4} y2=${middle + 4} />`}
    ${measured === null || plain ? nothing : svg`<circle class="measured" cx=${at(measured)} cy=${middle} r="5" />`}
    <circle class="point" cx=${at(plain ? 0 : gain)} cy=${middle} r="5" />
  </svg>`;
}

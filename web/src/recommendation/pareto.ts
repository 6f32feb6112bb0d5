import { html, nothing, svg, type TemplateResult } from "lit";
import type { Model, Recipe, Recommended } from "../api/types";
import { placeLabels } from "../map/labels";
import { name, points, seconds, whole } from "../parts/words";
import { extent, planOf, tick, ticks } from "./plans";

const WIDE = 620;
const HIGH = 280;
const LEFT = 52;
const RIGHT = 20;
const TOP = 16;
const BOTTOM = 44;
const RADIUS = 5;
const LONGEST = 19;

interface Point {
  model: string;
  cost: number;
  gain: number;
  best: boolean;
}

/**
 * The candidates by what they cost and what they gain; those that no cheaper one beats are joined.
 * The cost is the time of training where it is known of all, else the number of parameters.
 */
export function pareto(answer: Recommended, recipe: Recipe, models: readonly Model[]): TemplateResult | typeof nothing {
  const timed = answer.recommendations.every((each) => planOf(each, recipe)?.seconds != null);
  const sizes = new Map(models.map((each) => [each.name, each.parameters]));
  const points_ = answer.recommendations.flatMap((each) => {
    const plan = planOf(each, recipe);
    const cost = timed ? plan?.seconds : sizes.get(each.model);
    return plan && cost != null && cost > 0 ? [{ model: each.model, cost, gain: plan.gain, best: false }] : [];
  });
  const all = marked(points_);
  if (new Set(all.map((each) => each.cost)).size < 2) return nothing;
  const what = timed ? "time of training" : "parameters";
  const told = (cost: number) => (timed ? seconds(cost) : cost >= 1e6 ? `${(cost / 1e6).toFixed(1)} M` : whole(cost));
  const [low, high] = extent(all.map((each) => each.gain));
  const costs = all.map((each) => each.cost);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const x = (cost: number) => LEFT + ((WIDE - LEFT - RIGHT) * (Math.log(cost / least) + 0.08)) / (Math.log(most / least) + 0.16);
  const y = (gain: number) => HIGH - BOTTOM - ((HIGH - TOP - BOTTOM) * (gain - low)) / (high - low);
  const front = all.filter((each) => each.best);
  // Above the points, where neither the front nor the line of no gain goes through them.
  const labels = placeLabels(
    front.map(({ model, cost, gain }) => ({ id: model, name: short(model), x: x(cost), y: y(gain) - 3 * RADIUS, radius: 0, weight: 0, chosen: false, faint: false })),
    { width: WIDE, height: HIGH - BOTTOM },
  );
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${`Gain against ${what}; the table under it has the numbers`}>
      ${ticks(low, high).map(
        (each) => svg`<line class=${Math.abs(each) < 1e-9 ? "zero" : "tick"} x1=${LEFT} x2=${WIDE - RIGHT} y1=${y(each)} y2=${y(each)} />
          <text class="tick-text" x=${LEFT - 8} y=${y(each) + 4} text-anchor="end">${tick(each)}</text>`,
      )}
      <text class="tick-text" x=${LEFT} y=${HIGH - 24}>${told(least)}</text>
      <text class="tick-text" x=${WIDE - RIGHT} y=${HIGH - 24} text-anchor="end">${told(most)}</text>
      <text class="tick-text" x=${(LEFT + WIDE - RIGHT) / 2} y=${HIGH - 6} text-anchor="middle">${what} (logarithmic)</text>
      <polyline class="front" points=${front.map((each) => `${x(each.cost)},${y(each.gain)}`).join(" ")} />
      ${all.map(
        (each) => svg`<circle class=${each.best ? "point best" : "point"} cx=${x(each.cost)} cy=${y(each.gain)} r=${RADIUS}>
            <title>${each.model}: ${points(each.gain)} points, ${told(each.cost)}</title>
          </circle>`,
      )}
      ${labels.map((each) => svg`<text class="chart-label" x=${each.left + 3} y=${each.top + 13}>${each.name}</text>`)}
    </svg>
    <figcaption>
      ${front.length === 1
        ? html`Nothing that costs more promises more than ${name(front[0]!.model)}.`
        : html`The line joins the models that no cheaper one beats.`}
    </figcaption>
  </figure>`;
}

function marked(all: Point[]): Point[] {
  let most = -Infinity;
  return [...all]
    .sort((a, b) => a.cost - b.cost || b.gain - a.gain)
    .map((each) => {
      const best = each.gain > most;
      if (best) most = each.gain;
      return { ...each, best };
    });
}

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

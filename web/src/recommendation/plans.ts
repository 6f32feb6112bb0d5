import type { Recipe, Recommendation, Recommended } from "../api/types";

/** How a recipe is called in a sentence. */
export const RECIPES: Record<Recipe, string> = {
  auto: "any recipe",
  "linear-probe": "a linear probe",
  "last-stage": "the last stage trained",
  "all-layers": "all layers trained",
};

/** A recipe that an address names; null for any other text. */
export const recipeOf = (text: string | null): Recipe | null => (text !== null && Object.hasOwn(RECIPES, text) ? (text as Recipe) : null);

export type Plan = Recommendation["plans"][number];

export const planOf = (candidate: Recommendation, recipe: Recipe): Plan | undefined =>
  candidate.plans.find((each) => each.recipe === recipe);

/** The gain that was measured on the task's own images; of a short fine-tuning before a linear probe. */
export function measuredGain(candidate: Recommendation): { gain: number; by: string } | null {
  for (const [kind, by] of [["fine_tuning", "a short fine-tuning"], ["linear_probe", "a linear probe"]] as const) {
    const found = candidate.evidence.find((each) => each.kind === kind && each.gain != null);
    if (found) return { gain: found.gain!, by };
  }
  return null;
}

/** The ends of an axis that shows these gains, and 0. */
export function extent(gains: readonly number[]): [number, number] {
  const low = Math.min(-0.01, ...gains);
  const high = Math.max(0.01, ...gains);
  const edge = 0.04 * (high - low);
  return [low - edge, high + edge];
}

/** All gains of a plot by a recipe: what is expected, to the ends of its interval, and measured. */
export const gainsOf = (answer: Recommended, recipe: Recipe): number[] =>
  answer.recommendations.flatMap((each) => [...(planOf(each, recipe)?.gain_interval ?? []), measuredGain(each)?.gain ?? 0]);

const STEPS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** Round numbers from `low` to `high`, some five of them, 0 among them. */
export function ticks(low: number, high: number, most = 6): number[] {
  const step = STEPS.find((each) => (high - low) / each <= most) ?? 1;
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
  return found;
}

/** A gain as an axis names it. */
export function tick(value: number): string {
  if (Math.abs(value) < 1e-9) return "0";
  const text = Math.abs(100 * value).toFixed(Math.abs(value) < 0.0095 ? 1 : 0);
  return `${value > 0 ? "+" : "−"}${text}`;
}

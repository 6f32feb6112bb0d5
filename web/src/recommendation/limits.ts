import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Recipe } from "../api/types";
import { Panel } from "../base";
import { route } from "../state/route";
import { recipeOf } from "./plans";

/** What a question leaves open, as the address holds it. */
export interface Limits {
  recipe: Recipe;
  time: number | null;
  max_parameters: number | null;
  max_input_size: number | null;
  architecture: string | null;
  licence: string | null;
  bundles: boolean;
}

const NUMBERS = ["max_parameters", "max_input_size"] as const;

export function limitsOf(query: URLSearchParams): Limits {
  const number = (name: string, scale = 1) => {
    const value = Number(query.get(name));
    return Number.isFinite(value) && value > 0 ? Math.round(value * scale) : null;
  };
  return {
    recipe: recipeOf(query.get("recipe")) ?? "auto",
    time: number("minutes", 60),
    max_parameters: number("max_parameters", 1e6),
    max_input_size: number("max_input_size"),
    architecture: query.get("architecture"),
    licence: query.get("licence"),
    bundles: query.get("bundles") !== "no",
  };
}

/** The limits of a question; what is set goes into the address, and the page asks anew. */
@customElement("limits-form")
export class LimitsForm extends Panel {
  @property({ attribute: false }) limits!: Limits;

  protected override render() {
    const { limits } = this;
    return html`<form class="limits" @submit=${this.apply}>
      <label>How the model is trained
        <select name="recipe">
          ${(
            [
              ["auto", "whatever promises most"],
              ["linear-probe", "a linear probe"],
              ["last-stage", "the last stage"],
              ["all-layers", "all layers"],
            ] as const
          ).map(([value, text]) => html`<option value=${value} ?selected=${value === limits.recipe}>${text}</option>`)}
        </select>
      </label>
      <label>Time there is, minutes
        <input name="minutes" type="number" min="0.1" step="any" .value=${limits.time === null ? "" : String(limits.time / 60)} placeholder="any" />
      </label>
      <label>Parameters at most, millions
        <input name="max_parameters" type="number" min="0.001" step="any" .value=${limits.max_parameters === null ? "" : String(limits.max_parameters / 1e6)} placeholder="any" />
      </label>
      <label>Pixels a side at most
        <input name="max_input_size" type="number" min="1" step="1" .value=${limits.max_input_size === null ? "" : String(limits.max_input_size)} placeholder="any" />
      </label>
      <label>Architecture
        <input name="architecture" .value=${limits.architecture ?? ""} placeholder="any, such as *resnet*" />
      </label>
      <label>Licence
        <input name="licence" .value=${limits.licence ?? ""} placeholder="any, such as Apache-2.0" />
      </label>
      <label class="tick-box"><input type="checkbox" name="bundles" ?checked=${limits.bundles} /> Use tasks and outcomes of bundles</label>
      <button type="submit">Apply</button>
    </form>`;
  }

  private apply(event: Event): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? "").trim() || null;
    const recipe = text("recipe");
    route.set(
      {
        recipe: recipe === "auto" ? null : recipe,
        minutes: text("minutes"),
        ...Object.fromEntries(NUMBERS.map((each) => [each, text(each)])),
        architecture: text("architecture"),
        licence: text("licence"),
        bundles: form.has("bundles") ? null : "no",
        job: null,
      },
      true,
    );
  }
}

import { html, nothing, type TemplateResult } from "lit";
import type { Explanation, Recipe, Recommended } from "../api/types";
import { name, number, percent, points, prose, whole } from "../parts/words";
import { RECIPES } from "./plans";

const MOST_CLASSES = 12;
const MOST_MOVES = 8;

/** What the score of a candidate comes from: outcomes, measurements, and known tasks by their weight. */
export function moved(answer: Recommended, model: string, recipe: Recipe): TemplateResult {
  const candidate = answer.recommendations.find((each) => each.model === model);
  const found = answer.explanation?.outcomes.find((each) => each.model === model);
  return html`<section class="card">
    <h2>What speaks for ${name(model)}</h2>
    ${recipe === "linear-probe" ? nothing : html`<p class="quiet">It is reckoned in gains of a linear probe. What is expected with ${RECIPES[recipe]} follows from them.</p>`}
    ${answer.explanation ? textOf(answer.explanation, "outcomes", model) : nothing}
    ${found
      ? html`${sum([
          ["before any outcome", found.prior],
          [`by ${whole(found.outcomes)} recorded outcomes`, found.by_outcomes],
          ["by measuring on these images", found.by_measuring],
          ["expected gain of a linear probe", found.score],
        ])}
        ${found.neighbours.length
          ? html`<h3>Known tasks that moved it</h3>
              ${bars(
                found.neighbours.slice(0, MOST_MOVES).map((each) => ({
                  label: html`${name(each.task)} <span class="quiet">distance ${number(each.distance, 2)}</span>`,
                  value: each.moved,
                })),
              )}`
          : nothing}`
      : nothing}
    ${candidate?.evidence.length
      ? html`<h3>Evidence</h3>
          <ul class="reasons">
            ${candidate.evidence.map((each) => html`<li>${prose(each.text)}</li>`)}
          </ul>`
      : nothing}
  </section>`;
}

const sum = (parts: [string, number][]): TemplateResult => html`<table class="sum">
  <tbody>
    ${parts.map(
      ([label, value], i) => html`<tr class=${i === parts.length - 1 ? "total" : ""}>
        <th scope="row">${label}</th>
        <td class="number">${points(value)}</td>
      </tr>`,
    )}
  </tbody>
</table>`;

/** Values as bars from a line in the middle, where there are both signs. */
export function bars(all: { label: TemplateResult; value: number }[], told = points): TemplateResult {
  const most = Math.max(...all.map((each) => Math.abs(each.value)), 1e-9);
  return html`<table class="bars">
    <tbody>
      ${all.map(({ label, value }) => {
        const share = (50 * Math.abs(value)) / most;
        return html`<tr>
          <th scope="row">${label}</th>
          <td class="plot">
            <svg width="100%" height="14" aria-hidden="true">
              <rect class=${value < 0 ? "loss" : "gain"} x="${value < 0 ? 50 - share : 50}%" width="${share}%" y="2" height="10" />
              <line class="zero" x1="50%" x2="50%" y1="0" y2="14" />
            </svg>
          </td>
          <td class="number">${told(value)}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

/** Where in the network the task and the near ones agree, and where they differ. */
export function layers(explanation: Explanation): TemplateResult | typeof nothing {
  if (!explanation.layers.length) return reasonless(explanation, "layers", "Layers");
  return html`<section class="card">
    <h2>Layers that agree and differ</h2>
    ${textOf(explanation, "layers")}
    ${explanation.layers.map(({ task, by_layer }) => {
      const most = Math.max(...by_layer.groups.map((each) => each.share), 1e-9);
      return html`<h3>${name(task)}, distance ${number(by_layer.distance, 3)}</h3>
        <table class="bars">
          <tbody>
            ${by_layer.groups.map(
              (each) => html`<tr>
                <th scope="row"><code>${each.name}</code></th>
                <td class="plot">
                  <svg width="100%" height="14" aria-hidden="true">
                    <rect class=${each.name === by_layer.farthest ? "loss" : "gain"} x="0" width="${Math.max(0, (100 * each.share) / most)}%" y="2" height="10" />
                  </svg>
                </td>
                <td class="number" title="its share of the distance">${percent(each.share, 0)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
        <p class="quiet">
          ${by_layer.beyond_noise
            ? html`They differ most in <code>${by_layer.farthest}</code> and least in <code>${by_layer.nearest}</code>.`
            : "No layer differs from another by more than the noise."}
        </p>`;
    })}
  </section>`;
}

/** Which classes the default's linear probe takes for others. */
export function classes(explanation: Explanation): TemplateResult | typeof nothing {
  const judged = explanation.classes;
  if (!judged) return reasonless(explanation, "classes", "Classes");
  const shown = [...judged.classes].sort((a, b) => a.accuracy - b.accuracy).slice(0, MOST_CLASSES);
  return html`<section class="card">
    <h2>Classes, the hardest first</h2>
    ${textOf(explanation, "classes")}
    <table class="bars">
      <tbody>
        ${shown.map(
          (each) => html`<tr>
            <th scope="row">
              ${name(each.name)} ${each.hard ? html`<span class="badge loss">hard</span>` : nothing}
              ${each.taken_for ? html`<small class="quiet">taken for ${name(each.taken_for.name)}</small>` : nothing}
            </th>
            <td class="plot">
              <svg width="100%" height="14" aria-hidden="true">
                <rect class="bar-ground" x="0" width="100%" y="2" height="10" />
                <rect class=${each.hard ? "loss" : "gain"} x="0" width="${100 * each.accuracy}%" y="2" height="10" />
                <line class="interval" x1="${100 * each.interval[0]}%" x2="${100 * each.interval[1]}%" y1="7" y2="7" />
              </svg>
            </td>
            <td class="number" title="${each.correct} of ${each.images} images">${percent(each.accuracy, 0)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    ${judged.classes.length > shown.length ? html`<p class="quiet">${whole(judged.classes.length - shown.length)} more classes do better.</p>` : nothing}
  </section>`;
}

const RULES: Record<string, string> = {
  always_default: "always the default",
  average_best: "the best on average elsewhere",
  nearest_only: "the expert of the nearest task",
};

/** What simpler rules would take. */
export const baselines = (answer: Recommended): TemplateResult => html`<section class="card">
  <h2>What simpler rules would take</h2>
  <table class="plain-table">
    <thead>
      <tr><th scope="col">rule</th><th scope="col">model</th><th scope="col">why</th></tr>
    </thead>
    <tbody>
      ${answer.baselines.map(
        (each) => html`<tr>
          <th scope="row">${RULES[each.rule] ?? each.rule}</th>
          <td>${each.model ? name(each.model) : "none"}</td>
          <td>${each.reason}</td>
        </tr>`,
      )}
    </tbody>
  </table>
</section>`;

/** Known tasks that hold images of this one. */
export const sharedImages = (answer: Recommended): TemplateResult | typeof nothing =>
  answer.shared_images.length
    ? html`<section class="card">
        <h2>Shared images</h2>
        <ul>
          ${answer.shared_images.map(
            (each) => html`<li>
              ${name(each.task)}: ${whole(each.images)} of ${whole(each.of)} images look like copies${each.excluded ? "; it is not used" : ""}
            </li>`,
          )}
        </ul>
      </section>`
    : nothing;

/** The sentences about something; of outcomes those about one model, which they begin with. */
const textOf = (explanation: Explanation, about: string, model = "") =>
  explanation.sentences
    .filter((each) => each.about === about && (!model || each.text.startsWith(`${model}:`)))
    .map((each) => html`<p>${prose(each.text)}</p>`);

function reasonless(explanation: Explanation, about: string, title: string): TemplateResult | typeof nothing {
  const unknown = explanation.unknown.find((each) => each.about === about);
  return unknown ? html`<section class="card"><h2>${title}</h2><p class="quiet">${prose(unknown.reason)}</p></section>` : nothing;
}


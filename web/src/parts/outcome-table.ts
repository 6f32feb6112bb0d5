import { html, nothing, type TemplateResult } from "lit";
import type { Outcome } from "../api/types";
import { between, name, percent, whole } from "./words";

const FEW = 10;

/** What fine-tuning gave on a task. */
export function outcomeTable(outcomes: Outcome[]): TemplateResult {
  const rows = (some: Outcome[]) =>
    some.map(
      (each) => html`<tr>
        <th scope="row">${name(each.model)}</th>
        <td class="number">${percent(each.accuracy)}</td>
        <td>${each.interval ? between(each.interval, percent) : "–"}</td>
        <td>${each.protocol}</td>
        <td class="number">${whole(each.images)}</td>
      </tr>`,
    );
  const table = (some: Outcome[], label: string) => html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
    <table class="plain">
      <thead><tr><th scope="col">Starting model</th><th scope="col" class="number">Accuracy</th><th scope="col">95 % interval</th><th scope="col">Protocol</th><th scope="col" class="number">Images</th></tr></thead>
      <tbody>${rows(some)}</tbody>
    </table>
  </div>`;
  return html`${table(outcomes.slice(0, FEW), "Outcomes, best first")}
  ${outcomes.length > FEW
    ? html`<details><summary>${outcomes.length - FEW} more</summary>${table(outcomes.slice(FEW), "More outcomes")}</details>`
    : nothing}`;
}

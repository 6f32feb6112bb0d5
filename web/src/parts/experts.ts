import { html, type TemplateResult } from "lit";
import type { Model } from "../api/types";
import { atlas } from "../state/atlas";
import { link } from "../state/route";
import { name, when } from "./words";

/** The models that were fine-tuned on a task. */
export function expertTable(experts: Model[], task: string): TemplateResult {
  if (!experts.length) return html`<p class="quiet">No model was fine-tuned on it yet.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Experts">
    <table class="plain">
      <thead><tr><th scope="col">Expert</th><th scope="col">Fine-tuned from</th><th scope="col">Architecture</th><th scope="col">Since</th></tr></thead>
      <tbody>
        ${experts.map((each) => {
          const start = atlas.startName(each);
          return html`<tr>
            <th scope="row"><a href=${link(["outcomes"], { model: start ?? each.name, task })}>${name(each.name)}</a></th>
            <td>${start ? name(start) : "–"}</td>
            <td><code>${each.architecture}</code></td>
            <td>${when(each.created)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

import { html, nothing, type TemplateResult } from "lit";
import type { ApiError } from "../api/problem";
import type { Problem } from "../api/types";
import { prose } from "./words";

/** An error in the server's own words, with its request id. */
export const problemNote = (error: ApiError | Problem | null | undefined, again?: () => void): TemplateResult | typeof nothing => {
  if (!error) return nothing;
  const problem = "problem" in error ? error.problem : error;
  return html`<div class="problem" role="alert">
    <p><strong>${prose(problem.detail)}</strong></p>
    ${problem.expected ? html`<p>Expected: ${problem.expected}${problem.got ? html`; got: <bdi>${problem.got}</bdi>` : nothing}</p>` : nothing}
    ${problem.remedy ? html`<p>${prose(problem.remedy)}</p>` : nothing}
    ${problem.fields.length ? html`<ul>${problem.fields.map((each) => html`<li><code>${each.field}</code>: ${each.problem}</li>`)}</ul>` : nothing}
    ${problem.request_id ? html`<p class="quiet">Request <code>${problem.request_id}</code></p>` : nothing}
    ${again ? html`<button type="button" @click=${again}>Try again</button>` : nothing}
  </div>`;
};

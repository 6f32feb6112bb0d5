import { html, type TemplateResult } from "lit";
import type { TaskDetails } from "../api/types";
import { name, number, percent, seconds, when, whole } from "./words";

/** Everything that the embedding of a task depends on. */
export function provenance(task: TaskDetails): TemplateResult {
  const from = task.provenance;
  const rows: [string, unknown][] = [
    ["Id", html`<code>${task.id}</code>`],
    ["Probe", html`${name(from.probe_name)} <code>${task.space.probe.slice(0, 12)}</code>`],
    ["Estimator", `${from.estimator}, ${whole(from.draws)} ${from.draws === 1 ? "draw" : "draws"}, seed ${from.seed}`],
    ["Space", `head penalty ${task.space.head_penalty}, prior precision ${task.space.prior_precision}`],
    ["Head", html`${from.head.converged ? "converged" : "not converged"} after ${whole(from.head.iterations)} steps, loss ${number(from.head.loss)}, training accuracy ${percent(from.head.training_accuracy)}`],
    ["Source", task.source ? html`<bdi>${task.source}</bdi>` : "not told by the server"],
    ["Contents", html`<code>${from.content_hash}</code>`],
    ["Stored", `${when(task.created)}, after ${seconds(task.seconds)}`],
    ["Versions", Object.entries(from.versions).map(([each, version]) => `${each} ${version}`).join(", ")],
  ];
  return html`<dl class="facts">${rows.map(([term, fact]) => html`<dt>${term}</dt><dd>${fact}</dd>`)}</dl>`;
}

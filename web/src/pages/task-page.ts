import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { TaskDetails } from "../api/types";
import { Panel, Watch } from "../base";
import "../parts/class-pictures";
import { expertTable } from "../parts/experts";
import { layerStrip } from "../parts/layer-strip";
import { nearTasks } from "../parts/near-tasks";
import { outcomeTable } from "../parts/outcome-table";
import { problemNote } from "../parts/problem-note";
import { provenance } from "../parts/provenance";
import { sharedImages } from "../parts/shared-images";
import "../parts/task-picture";
import { busy, name, noTask, number, warnings, whole } from "../parts/words";
import type { Asked } from "../state/answers";
import { atlas } from "../state/atlas";
import { keyOf, near } from "../state/near";
import { link } from "../state/route";
import { details, expertsOf, layers, outcomesOn, pictures } from "../state/task";
import type { Page } from "./page";

/** All that is known of a task. */
@customElement("task-page")
export class TaskPage extends Panel {
  @property() task = "";

  constructor() {
    super();
    new Watch(this, details, pictures, layers, outcomesOn, near, atlas);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void atlas.load();
  }

  protected override render() {
    if (!this.task) return html`<div class="page">${noTask}</div>`;
    const { value: task, error } = details.of(this.task);
    if (error) return html`<div class="page">${problemNote(error, () => details.forget(this.task))}</div>`;
    if (task === null) return html`<div class="page">${busy("Reading the task")}</div>`;
    document.title = `${task.name} · task2vec`;
    const experts = expertsOf(task, atlas.models);
    return html`<article class="page task">
      <header>
        ${atlas.byId.get(task.id)?.pictured ? html`<task-picture .task=${task.id}></task-picture>` : nothing}
        <div>
          <p class="quiet"><a href=${link([])}>Map</a> › Task</p>
          <h1>${name(task.name)}</h1>
          <ul class="tags">${task.tags.map((tag) => html`<li class="tag"><bdi>${tag}</bdi></li>`)}</ul>
        </div>
        <a class="button first" href=${link(["recommend", task.id])}>What to start from</a>
        <a class="button" href=${link([], { selected: task.id })}>Show on the map</a>
      </header>
      ${warnings(task.warnings)}
      ${numbers(task)}
      <div class="columns">
        <section class="card">
          <h2>Most alike</h2>
          ${nearTasks(near.of(keyOf(task.id, false)), `Tasks most like ${task.name}`, false)}
        </section>
        <section class="card">
          <h2>Best sources for it</h2>
          ${nearTasks(near.of(keyOf(task.id, true)), `Best sources for ${task.name}`, false)}
        </section>
      </div>
      <section class="card">
        <h2>Images by class</h2>
        ${when(pictures.of(task.id), "Looking for pictures", (found) =>
          found.classes.length
            ? html`<class-pictures .pictures=${found}></class-pictures>`
            : html`<p class="quiet">No pictures are kept of it. ${classNames(task)}</p>`,
        )}
      </section>
      <section class="card">
        <h2>Embedding by layer</h2>
        ${when(layers.of(task.id), "Reading the embedding", layerStrip)}
      </section>
      <section class="card">
        <h2>Experts</h2>
        ${expertTable(experts, task.name)}
      </section>
      <section class="card">
        <h2>Outcomes</h2>
        ${when(outcomesOn.of(task.id), "Reading the outcomes", (found) =>
          found.length ? outcomeTable(found) : html`<p class="quiet">Nothing is recorded of what fine-tuning gave on it.</p>`,
        )}
      </section>
      <section class="card">
        <h2>Shared images</h2>
        ${when(near.of(keyOf(task.id, false)), "Looking for near tasks", ({ neighbours }) => sharedImages(neighbours))}
      </section>
      <section class="card">
        <h2>Provenance</h2>
        ${provenance(task)}
      </section>
    </article>`;
  }
}

function numbers(task: TaskDetails): TemplateResult {
  const shown: [string, string, string][] = [
    ["Classes", whole(task.classes), ""],
    ["Images used", whole(task.images), ""],
    ["Complexity", number(task.complexity), "distance to the trivial task"],
    ["Standard error", number(task.standard_error), "how far two repeats lie apart"],
  ];
  return html`<dl class="numbers">
    ${shown.map(([term, value, meaning]) => html`<div class="card"><dt>${term}</dt><dd>${value}</dd>${meaning ? html`<dd class="quiet">${meaning}</dd>` : nothing}</div>`)}
  </dl>`;
}

/** What is shown of an answer once it has come. */
function when<T>(asked: Asked<T>, waiting: string, show: (value: T) => TemplateResult): TemplateResult | typeof nothing {
  if (asked.error) return problemNote(asked.error);
  return asked.value === null ? busy(waiting) : show(asked.value);
}

function classNames(task: TaskDetails): TemplateResult {
  const names = task.provenance.class_names;
  return html`Its classes: ${names.map((each, i) => html`${i ? ", " : nothing}<bdi>${each}</bdi>`)}.`;
}

export const taskPage: Page = { at: "tasks", title: "Task", show: ([task = ""]) => html`<task-page .task=${task}></task-page>` };

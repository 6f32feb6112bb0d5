import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { api } from "../api/client";
import { type ApiError, asError } from "../api/problem";
import type { Model } from "../api/types";
import { Panel, Watch } from "../base";
import { type Column } from "../parts/data-table";
import "../parts/data-table";
import { problemNote } from "../parts/problem-note";
import { busy, name, taskLink, when, whole } from "../parts/words";
import { access } from "../state/access";
import { atlas } from "../state/atlas";
import { link } from "../state/route";
import type { Page } from "./page";

/** The starting models: the packaged ones, and the experts of this store. */
@customElement("models-page")
export class ModelsPage extends Panel {
  @state() private error: ApiError | null = null;

  constructor() {
    super();
    new Watch(this, access, atlas);
    void atlas.load();
  }

  private readonly columns: Column<Model>[] = [
    {
      name: "model",
      value: (each) => each.name,
      show: (each) => html`<a href=${link(["outcomes"], { model: each.name })}>${name(each.name)}</a>
        ${each.name === atlas.defaultModel ? html`<span class="badge plain">default</span>` : nothing}`,
    },
    { name: "expert of", value: (each) => this.taskName(each), show: (each) => this.task(each) },
    { name: "start", value: (each) => atlas.startName(each), show: (each) => (atlas.startName(each) ? name(atlas.startName(each)!) : "–") },
    { name: "architecture", value: (each) => each.architecture, show: (each) => html`<code>${each.architecture}</code>` },
    { name: "parameters", number: true, value: (each) => each.parameters, show: (each) => whole(each.parameters) },
    { name: "pixels", number: true, value: (each) => each.input_size, show: (each) => whole(each.input_size) },
    { name: "licence", value: (each) => each.licence, show: (each) => each.licence ?? "–" },
    { name: "registered", value: (each) => each.created, show: (each) => when(each.created) },
    {
      name: "",
      show: (each) => (each.task && access.mayWrite ? html`<button type="button" aria-label="Remove ${each.name}" @click=${() => this.drop(each)}>Remove</button>` : nothing),
    },
  ];

  private taskName(model: Model): string | null {
    return model.task ? (atlas.byId.get(model.task)?.name ?? model.task) : null;
  }

  private task(model: Model) {
    const task = model.task ? atlas.find(model.task) : undefined;
    return task ? taskLink(task.id, task.name) : (model.task ?? "–");
  }

  protected override render() {
    return html`<div class="page">
      <h1>Starting models</h1>
      <p class="quiet">What <a href=${link([])}>a task</a> may start from: plain networks, and experts that were fine-tuned on a task of this store.</p>
      ${problemNote(this.error ?? atlas.error)}
      ${atlas.models.length ? html`<section class="card"><data-table what="models" .rows=${atlas.models} .columns=${this.columns}></data-table></section>` : this.error || atlas.error ? nothing : busy("Loading …")}
    </div>`;
  }

  private async drop(model: Model): Promise<void> {
    if (!confirm(`Remove ${model.name} and its weights?`)) return;
    try {
      await api.DELETE("/v1/models/{model}", { params: { path: { model: model.id } } });
      this.error = null;
      await atlas.readModels();
    } catch (error) {
      this.error = asError(error);
    }
  }
}

export const modelsPage: Page = { at: "models", title: "Models", menu: "Models", show: () => html`<models-page></models-page>` };

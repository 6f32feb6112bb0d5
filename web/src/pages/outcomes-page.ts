import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { api } from "../api/client";
import { type ApiError, asError } from "../api/problem";
import type { Outcome } from "../api/types";
import { Panel, Watch } from "../base";
import { type NewOutcome, outcomesOf } from "../outcomes/csv";
import { type Column } from "../parts/data-table";
import "../parts/data-table";
import { problemNote } from "../parts/problem-note";
import { between, busy, name, percent, roundly, taskLink, when, whole } from "../parts/words";
import { access } from "../state/access";
import { atlas, outcomes } from "../state/atlas";
import { route } from "../state/route";
import type { Page } from "./page";

/** What fine-tuning gave: recorded, taken back, brought by a CSV file. */
@customElement("outcomes-page")
export class OutcomesPage extends Panel {
  @state() private found: Outcome[] | null = null;
  @state() private error: ApiError | null = null;
  @state() private told = "";
  private asked: string | null = null;

  constructor() {
    super();
    new Watch(this, access, route, atlas);
    void atlas.load();
  }

  private get filter(): { model?: string; task?: string } {
    const [model, task] = [route.query.get("model"), route.query.get("task")];
    return { ...(model ? { model } : {}), ...(task ? { task } : {}) };
  }

  protected override willUpdate(): void {
    const asked = JSON.stringify(this.filter);
    if (asked === this.asked) return;
    this.asked = asked;
    void this.read();
  }

  private async read(): Promise<void> {
    try {
      this.found = await outcomes(this.filter);
      this.error = null;
    } catch (error) {
      this.error = asError(error);
      this.found ??= [];
    }
  }

  private readonly columns: Column<Outcome>[] = [
    { name: "model", value: (each) => each.model, show: (each) => name(each.model) },
    {
      name: "task",
      value: (each) => each.task,
      show: (each) => {
        const task = atlas.named(each.task);
        return task ? taskLink(task.id, task.name) : name(each.task);
      },
    },
    {
      name: "accuracy",
      number: true,
      value: (each) => each.accuracy,
      show: (each) => html`${percent(each.accuracy)}${each.interval ? html` <small class="quiet">${between(each.interval, roundly)}</small>` : nothing}`,
    },
    { name: "test images", number: true, value: (each) => each.images, show: (each) => whole(each.images) },
    { name: "protocol", value: (each) => each.protocol, show: (each) => name(each.protocol) },
    { name: "from", value: (each) => each.bundle ?? "this store", show: (each) => (each.bundle ? html`bundle ${name(each.bundle)}` : "this store") },
    { name: "recorded", value: (each) => each.created, show: (each) => when(each.created) },
    {
      name: "",
      show: (each) => (each.bundle || !access.mayWrite ? nothing : html`<button type="button" aria-label="Take back the outcome of ${each.model} on ${each.task}" @click=${() => this.takeBack(each)}>Take back</button>`),
    },
  ];

  protected override render() {
    const { model, task } = this.filter;
    return html`<div class="page">
      <h1>Outcomes</h1>
      <p class="quiet">Accuracies after fine-tuning. The recommender learns from them what models gain over the default.</p>
      ${problemNote(this.error)} ${this.told ? html`<p role="status" class="told">${this.told}</p>` : nothing}
      ${model || task
        ? html`<p>
            Only ${model ? html`of ${name(model)}` : nothing} ${task ? html`on ${name(task)}` : nothing}.
            <button type="button" @click=${() => route.set({ model: null, task: null })}>Show all</button>
          </p>`
        : nothing}
      ${access.mayWrite ? this.recording() : nothing}
      ${this.found
        ? html`<section class="card"><data-table what="outcomes" empty="No outcome is recorded yet. Fine-tune a model, or record what you measured." .rows=${this.found} .columns=${this.columns}></data-table></section>`
        : busy("Loading …")}
    </div>`;
  }

  private recording(): TemplateResult {
    return html`<details class="card">
      <summary><h2>Record outcomes</h2></summary>
      <form class="limits" @submit=${this.record}>
        <label>Model
          <select name="model" required>${atlas.models.map((each) => html`<option ?selected=${each.name === this.filter.model}>${each.name}</option>`)}</select>
        </label>
        <label>Task
          <select name="task" required>${atlas.tasks.map((each) => html`<option ?selected=${each.name === this.filter.task}>${each.name}</option>`)}</select>
        </label>
        <label>Accuracy, percent <input name="accuracy" type="number" min="0" max="100" step="any" required /></label>
        <label>Test images <input name="images" type="number" min="1" step="1" /></label>
        <label>Protocol <input name="protocol" placeholder="fine-tuning" maxlength="500" /></label>
        <button type="submit">Record</button>
      </form>
      <p class="drop-here" @dragover=${(event: Event) => event.preventDefault()} @drop=${this.drop}>
        Or drop a CSV file here, with the columns <code>model,task,accuracy[,protocol][,images][,seed]</code>:
        all its outcomes are recorded, or none.
        <label class="button">Choose a file<input class="unseen" type="file" accept=".csv,text/csv" @change=${this.chosen} /></label>
      </p>
    </details>`;
  }

  private async record(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const given = new FormData(form);
    const [images, protocol] = [String(given.get("images") ?? ""), String(given.get("protocol") ?? "").trim()];
    await this.add([
      {
        model: String(given.get("model")),
        task: String(given.get("task")),
        accuracy: Number(given.get("accuracy")) / 100,
        ...(images ? { images: Number(images) } : {}),
        ...(protocol ? { protocol } : {}),
      },
    ]);
    if (!this.error) form.reset();
  }

  private async add(all: NewOutcome[]): Promise<void> {
    try {
      await api.POST("/v1/outcomes", { body: { outcomes: all } as never });
      this.told = all.length === 1 ? "The outcome is recorded." : `${whole(all.length)} outcomes are recorded.`;
      this.error = null;
      await this.read();
    } catch (error) {
      this.told = "";
      this.error = asError(error);
    }
  }

  private drop(event: DragEvent): void {
    event.preventDefault();
    event.stopPropagation();
    void this.bring(event.dataTransfer?.files[0]);
  }

  private chosen(event: Event): void {
    void this.bring((event.target as HTMLInputElement).files?.[0]);
  }

  private async bring(file: File | undefined): Promise<void> {
    if (!file) return;
    try {
      await this.add(outcomesOf(await file.text()));
    } catch (error) {
      this.told = "";
      this.error = asError(error);
    }
  }

  private async takeBack(outcome: Outcome): Promise<void> {
    try {
      await api.DELETE("/v1/outcomes/{outcome}", { params: { path: { outcome: outcome.id } } });
      this.told = `The outcome of ${outcome.model} on ${outcome.task} is taken back.`;
      await this.read();
    } catch (error) {
      this.error = asError(error);
    }
  }
}

export const outcomesPage: Page = { at: "outcomes", title: "Outcomes", menu: "Outcomes", show: () => html`<outcomes-page></outcomes-page>` };

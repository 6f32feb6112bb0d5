import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { api, data } from "../api/client";
import { cancel, isOver, retry } from "../api/jobs";
import { type ApiError, asError } from "../api/problem";
import type { Job } from "../api/types";
import { Panel, Watch } from "../base";
import { type Column } from "../parts/data-table";
import "../parts/data-table";
import { problemNote } from "../parts/problem-note";
import { busy, name, prose, seconds, when } from "../parts/words";
import { access } from "../state/access";
import { link, route } from "../state/route";
import type { Page } from "./page";

const EVERY_MS = 2000;
const MOST = 500;

/** The jobs of the server, live, to be cancelled and tried again. */
@customElement("jobs-page")
export class JobsPage extends Panel {
  @state() private jobs: Job[] | null = null;
  @state() private error: ApiError | null = null;
  private timer = 0;

  constructor() {
    super();
    new Watch(this, access, route);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.read();
    this.timer = window.setInterval(() => {
      if (!document.hidden) void this.read();
    }, EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  private async read(): Promise<void> {
    try {
      const page = await data(api.GET("/v1/jobs", { params: { query: { page_size: MOST } } }));
      this.jobs = page.jobs;
      this.error = null;
    } catch (error) {
      this.error = asError(error);
    }
  }

  private readonly columns: Column<Job>[] = [
    { name: "job", value: (each) => each.kind, show: (each) => html`${each.kind} <code class="quiet">${each.id}</code>` },
    { name: "about", value: (each) => each.name, show: (each) => this.about(each) },
    { name: "state", value: (each) => each.state, show: (each) => this.standing(each) },
    { name: "begun", value: (each) => each.created, show: (each) => when(each.created) },
    { name: "took", number: true, value: took, show: (each) => seconds(took(each)) },
    {
      name: "",
      show: (each) =>
        !access.mayWrite
          ? nothing
          : !isOver(each)
          ? html`<button type="button" aria-label="Cancel ${each.id}" ?disabled=${each.state === "cancelling"} @click=${() => this.act(cancel(each.id))}>Cancel</button>`
          : each.state === "succeeded"
            ? nothing
            : html`<button type="button" aria-label="Try ${each.id} again" @click=${() => this.act(retry(each.id))}>Try again</button>`,
    },
  ];

  private about(job: Job): TemplateResult | string {
    if (!job.name) return "–";
    const where = resultOf(job);
    return where ? html`<a href=${where}>${name(job.name)}</a>` : name(job.name);
  }

  private standing(job: Job): TemplateResult {
    if (job.state === "failed") return html`<span class="badge loss">failed</span> <small>${job.error ? prose(job.error.detail) : nothing}</small>`;
    if (isOver(job) || job.state === "queued") return html`${job.state}`;
    const { done, total, stage, seconds_left } = job.progress;
    return html`<progress aria-label="Progress of ${job.id}" max=${total || 1} value=${total > 1 ? done : nothing}></progress>
      <small>${stage || job.state}${seconds_left == null ? "" : `, about ${seconds(seconds_left)} left of this step`}</small>`;
  }

  private async act(asked: Promise<Job>): Promise<void> {
    try {
      await asked;
      await this.read();
    } catch (error) {
      this.error = asError(error);
    }
  }

  protected override render() {
    return html`<div class="page">
      <h1>Jobs</h1>
      ${problemNote(this.error)}
      ${this.jobs
        ? html`<section class="card"><data-table what="jobs" empty="No jobs yet. Sending images, measuring and fine-tuning make some." .rows=${this.jobs} .columns=${this.columns}></data-table></section>`
        : this.error ? nothing : busy("Loading …")}
    </div>`;
  }
}

/** The page that shows what a job made, where there is one. */
function resultOf(job: Job): string | null {
  const made = job.result as { id?: string; task?: string; task_id?: string } | null;
  if (job.state !== "succeeded" || !made) return null;
  if (job.kind === "embed" && made.id) return link(["tasks", made.id]);
  if (job.kind === "recommend" && made.task) return link(["recommend", made.task], { job: job.id });
  if (job.kind === "finetune" && made.task) return link(["tasks", made.task]);
  return null;
}

function took(job: Job): number | null {
  if (!job.started) return null;
  const end = job.finished ? Date.parse(job.finished) : Date.now();
  return Math.max(0, (end - Date.parse(job.started)) / 1000);
}

export const jobsPage: Page = { at: "jobs", title: "Jobs", menu: "Jobs", show: () => html`<jobs-page></jobs-page>` };

import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { api, SERVER } from "../api/client";
import { type ApiError, asError } from "../api/problem";
import type { Job, Recipe, Recommended, Tuned } from "../api/types";
import { Panel, Watch } from "../base";
import "../parts/copy-code";
import { jobProgress } from "../parts/job-progress";
import { problemNote } from "../parts/problem-note";
import { between, busy, name, noTask, percent, points, prose, roundly, seconds, taskLink, warnings } from "../parts/words";
import { baselines, classes, layers, moved, sharedImages } from "../recommendation/evidence";
import { forest } from "../recommendation/forest";
import { limitsOf, type Limits } from "../recommendation/limits";
import "../recommendation/limits";
import { pareto } from "../recommendation/pareto";
import { RECIPES, planOf, recipeOf } from "../recommendation/plans";
import { tuned } from "../recommendation/tuning";
import { access } from "../state/access";
import { atlas } from "../state/atlas";
import { route } from "../state/route";
import { RunningJob } from "../state/running-job";
import { details } from "../state/task";
import type { Page } from "./page";

const BUDGET = 60;

/** Which model a task should start from: the verdict, and the evidence for it. */
@customElement("recommendation-page")
export class RecommendationPage extends Panel {
  @property() task = "";
  @state() private answer: Recommended | null = null;
  @state() private error: ApiError | null = null;
  @state() private made: Tuned | null = null;
  private asked = "";
  private readonly measuring = new RunningJob(this, "recommend", (job) => this.measured(job));
  private readonly training = new RunningJob(this, "finetune", (job) => this.trained(job));

  constructor() {
    super();
    new Watch(this, access, route, atlas, details);
    void atlas.load();
  }

  private get limits(): Limits {
    return limitsOf(route.query);
  }

  /** What was warned of while the images were embedded that the page was opened for. */
  private get embeddedWith(): readonly string[] {
    return route.query.has("new") ? (details.of(this.task).value?.warnings ?? []) : [];
  }

  private get question() {
    const { limits, task } = this;
    return { task, k: 8, explain: true, published: true, max_shared: 0.05, ...limits };
  }

  protected override willUpdate(): void {
    const job = route.query.get("job");
    const training = route.query.get("training");
    if (training) this.training.follow(training);
    const asked = JSON.stringify([this.question, job]);
    if (asked === this.asked || !this.task) return;
    this.asked = asked;
    if (job) this.measuring.follow(job);
    else void this.ask(asked);
  }

  private async ask(asked: string): Promise<void> {
    this.measuring.leave();
    this.error = null;
    try {
      const found = await api.POST("/v1/recommendations", { body: { ...this.question, measure: false, budget: 0 } as never });
      if (asked === this.asked) this.answer = found.data as Recommended;
    } catch (error) {
      if (asked !== this.asked) return;
      this.answer = null;
      this.error = asError(error);
    }
  }

  private async measure(): Promise<void> {
    this.error = null;
    try {
      const found = await api.POST("/v1/recommendations", { body: { ...this.question, measure: true, budget: BUDGET } as never });
      if (found.response.status === 202) route.set({ job: (found.data as Job).id });
      else this.answer = found.data as Recommended;
    } catch (error) {
      this.error = asError(error);
    }
  }

  private measured(job: Job): void {
    if (job.state === "succeeded") this.answer = job.result as unknown as Recommended;
    else if (job.state === "cancelled") route.set({ job: null });
  }

  private async train(): Promise<void> {
    const { answer } = this;
    if (!answer) return;
    this.error = null;
    this.made = null;
    try {
      const found = await api.POST("/v1/finetunings", {
        body: { task: this.task, start: answer.chosen, settings: { recipe: answer.recipe } } as never,
      });
      route.set({ training: (found.data as Job).id });
    } catch (error) {
      this.error = asError(error);
    }
  }

  private trained(job: Job): void {
    if (job.state === "succeeded") {
      this.made = job.result as unknown as Tuned;
      void atlas.reload();
    }
  }

  protected override render() {
    if (!this.task) return html`<div class="page">${noTask}</div>`;
    const title = atlas.find(this.task);
    return html`<div class="page recommendation">
      <h1>What should ${title ? taskLink(title.id, title.name) : name(this.task)} start from?</h1>
      ${problemNote(this.error, () => ((this.asked = ""), this.requestUpdate()))}
      ${this.measuring.error
        ? html`${problemNote(this.measuring.error)}<p><button type="button" @click=${() => route.set({ job: null })}>Answer without this measurement</button></p>`
        : nothing}
      ${this.answer ? this.answered(this.answer) : this.error || this.measuring.error || this.measuring.job ? nothing : busy("Asking …")}
      ${this.answer ? nothing : this.progress()}
      ${this.error && !this.answer ? this.limiting() : nothing}
    </div>`;
  }

  private answered(answer: Recommended): TemplateResult {
    const plain = answer.baselines.find((each) => each.rule === "always_default")?.model ?? "";
    const shown = recipeOf(route.query.get("by")) ?? answer.recipe;
    const chosen = answer.recommendations.find((each) => each.model === answer.chosen);
    const looked = route.query.get("model") ?? leading(answer, plain);
    const explained = answer.recommendations.some((each) => each.model === looked) ? looked : answer.chosen;
    return html`
      ${verdict(answer, plain)} ${warnings([...this.embeddedWith, ...answer.warnings])} ${this.actions(answer)}
      <section class="card">
        <div class="section-head">
          <h2>Candidates</h2>
          ${chosen && chosen.plans.length > 1
            ? html`<div class="switch" role="group" aria-label="Trained by">
                ${chosen.plans.map(
                  (each) => html`<button type="button" aria-pressed=${each.recipe === shown} @click=${() => route.set({ by: each.recipe === answer.recipe ? null : each.recipe })}>
                    ${RECIPES[each.recipe]}
                  </button>`,
                )}
              </div>`
            : nothing}
        </div>
        ${answer.recommendations.length ? forest(answer, shown, plain) : html`<p>No starting model passes the limits.</p>`}
        <p class="forest-legend">
          <span class="key point"></span> expected <span class="key measured"></span> measured on these images
          ${answer.calibrated ? nothing : html`<span>The intervals rest on too few tasks to be vouched for.</span>`}
        </p>
        ${answer.untried.length
          ? html`<p class="quiet">
              Not measured for lack of time: ${answer.untried.length}${answer.budget_needed != null
                ? html`; ${seconds(answer.budget_needed)} would measure all`
                : nothing}.
            </p>`
          : nothing}
      </section>
      ${this.limiting()}
      <div class="two-sides">
        <div>
          ${answer.recommendations.length > 1
            ? html`<label class="look">Evidence for
                <select @change=${(event: Event) => route.set({ model: (event.target as HTMLSelectElement).value })}>
                  ${answer.recommendations.map((each) => html`<option value=${each.model} ?selected=${each.model === explained}>${each.model}</option>`)}
                </select>
              </label>`
            : nothing}
          ${answer.recommendations.length ? moved(answer, explained, shown) : nothing} ${sharedImages(answer)} ${baselines(answer)}
        </div>
        <div>
          ${answer.recommendations.length ? this.costs(answer, shown) : nothing}
          ${answer.explanation ? html`${classes(answer.explanation)} ${layers(answer.explanation)}` : nothing}
        </div>
      </div>
      <section class="card">
        <h2>In a terminal, or in Python</h2>
        <copy-code what="command" .code=${command(answer)}></copy-code>
        <copy-code what="code" .code=${answer.code}></copy-code>
      </section>
    `;
  }

  private limiting(): TemplateResult {
    return html`<details class="card" ?open=${limited(this.limits)}>
      <summary><h2>Limits</h2></summary>
      <limits-form .limits=${this.limits}></limits-form>
    </details>`;
  }

  private actions(answer: Recommended): TemplateResult {
    const training = this.training.job;
    const bundled = atlas.find(this.task)?.bundle;
    return html`<section class="card actions">
      ${bundled ? html`<p class="quiet">It comes from the bundle ${name(bundled)}, which has no images: nothing can be measured or trained on them.</p>` : nothing}
      <div class="buttons">
        ${access.mayWrite && !bundled ? html`<button type="button" class=${answer.probed ? "" : "first"} ?disabled=${this.measuring.busy} @click=${this.measure}>
          Measure for ${BUDGET} s${answer.probed ? " more" : ""}
        </button>
        <button type="button" class=${answer.probed ? "first" : ""} ?disabled=${this.training.busy} @click=${this.train}>
          Fine-tune ${answer.chosen} now, ${RECIPES[answer.recipe]}
        </button>` : nothing}
        <button type="button" @click=${() => print()}>Print</button>
      </div>
      ${this.progress()}
      ${problemNote(this.training.error)}
      ${training && (this.training.busy || training.state === "failed")
        ? jobProgress(training, "Fine-tuning", () => this.training.cancel())
        : nothing}
      ${this.made ? tuned(this.made) : nothing}
    </section>`;
  }

  private progress(): TemplateResult | typeof nothing {
    const job = this.measuring.job;
    if (!job || job.state === "succeeded" || job.state === "cancelled") return nothing;
    return jobProgress(job, "Measuring", () => this.measuring.cancel());
  }

  private costs(answer: Recommended, recipe: Recipe): TemplateResult | typeof nothing {
    const picture = pareto(answer, recipe, atlas.models);
    return picture === nothing ? nothing : html`<section class="card"><h2>Cost against gain, ${RECIPES[recipe]}</h2>${picture}</section>`;
  }
}

/** The answer in one sentence; to take the default is one. */
function verdict(answer: Recommended, plain: string): TemplateResult {
  const chosen = answer.recommendations.find((each) => each.model === answer.chosen);
  const plan = chosen && planOf(chosen, answer.recipe);
  return html`<section class="verdict ${answer.abstained ? "default" : "other"}">
    <p class="take">
      ${answer.chosen
        ? html`Take ${answer.abstained && answer.chosen === plain ? "the default, " : ""}<strong>${name(answer.chosen)}</strong>, with ${RECIPES[answer.recipe]}.`
        : html`Nothing can be recommended.`}
    </p>
    <p>${prose(sentence(answer.reason))}</p>
    ${answer.time_reason ? html`<p>${prose(answer.time_reason)}</p>` : nothing}
    ${plan
      ? html`<dl class="figures">
          <div><dt>accuracy to expect</dt><dd>${percent(plan.accuracy)}<small>${plan.accuracy_interval ? between(plan.accuracy_interval, roundly) : "nothing tells how well the default does on this task"}</small></dd></div>
          ${answer.chosen === plain
            ? nothing
            : html`<div><dt>gain over the default</dt><dd>${points(plan.gain)}<small>${between(plan.gain_interval, points)} points</small></dd></div>`}
          ${plan.seconds == null ? nothing : html`<div><dt>time of training</dt><dd>${seconds(plan.seconds)}</dd></div>`}
          <div><dt>models measured</dt><dd>${answer.probed}</dd></div>
        </dl>`
      : nothing}
    <p class="quiet">${prose(answer.evidence_summary)}</p>
  </section>`;
}

/** The model whose evidence is shown first: what is taken, else the strongest of the others. */
function leading(answer: Recommended, plain: string): string {
  if (answer.chosen !== plain) return answer.chosen;
  return answer.recommendations.find((each) => each.model !== plain)?.model ?? answer.chosen;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

const limited = (limits: Limits): boolean =>
  Object.entries(limits).some(([key, value]) => (key === "recipe" ? value !== "auto" : key === "bundles" ? !value : value !== null));

const quoted = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

// While a server works on a store, commands go through it.
const AT_SERVER = `--url ${SERVER}`;
const command = (answer: Recommended): string =>
  `task2vec recommend ${quoted(answer.task)} --explain ${AT_SERVER}\n` +
  `task2vec finetune ${quoted(answer.task)} --from ${quoted(answer.chosen)} --recipe ${answer.recipe} ${AT_SERVER}`;

export const recommendationPage: Page = {
  at: "recommend",
  title: "Recommendation",
  show: ([task = ""]) => html`<recommendation-page .task=${task}></recommendation-page>`,
};

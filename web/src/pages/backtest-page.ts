import { html, nothing, svg, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { api } from "../api/client";
import { type ApiError, asError } from "../api/problem";
import type { Backtest, Job } from "../api/types";
import { Panel, Watch } from "../base";
import { type Column } from "../parts/data-table";
import "../parts/data-table";
import { jobProgress } from "../parts/job-progress";
import { problemNote } from "../parts/problem-note";
import { between, name, number, onlyLooks, percent, points, prose, warnings, whole } from "../parts/words";
import { tick, ticks } from "../recommendation/plans";
import { access } from "../state/access";
import { route } from "../state/route";
import { RunningJob } from "../state/running-job";
import type { Page } from "./page";

type Case = Backtest["cases"][number];
const ROW = 26;

/** Is the recommender worth using with the models of this store? */
@customElement("backtest-page")
export class BacktestPage extends Panel {
  @state() private found: Backtest | null = null;
  @state() private error: ApiError | null = null;
  private readonly running = new RunningJob(this, "backtest", (job) => {
    if (job.state === "succeeded") this.found = job.result as unknown as Backtest;
  });

  constructor() {
    super();
    new Watch(this, access, route);
  }

  protected override willUpdate(): void {
    const job = route.query.get("job");
    if (job) this.running.follow(job);
  }

  private async begin(event: Event): Promise<void> {
    event.preventDefault();
    const folds = new FormData(event.target as HTMLFormElement).get("folds") as "task" | "family";
    this.error = null;
    try {
      const found = await api.POST("/v1/backtests", { body: { folds } });
      route.set({ job: (found.data as Job).id });
    } catch (error) {
      this.error = asError(error);
    }
  }

  private readonly columns: Column<Case>[] = [
    { name: "task", value: (each) => each.task, show: (each) => name(each.task) },
    { name: "family", value: (each) => each.family, show: (each) => name(each.family) },
    { name: "taken", value: (each) => each.chosen, show: (each) => name(each.chosen) },
    { name: "gain", number: true, value: (each) => each.gain, show: (each) => points(each.gain) },
    { name: "best gain", number: true, value: (each) => each.best_gain, show: (each) => points(each.best_gain) },
    { name: "weighted tau", number: true, value: (each) => each.weighted_kendall, show: (each) => number(each.weighted_kendall, 2) },
  ];

  protected override render() {
    const { job, busy: waits } = this.running;
    return html`<div class="page">
      <h1>Is the recommender worth using here?</h1>
      <p class="quiet">It is asked about each task as if the outcomes of that task were not known, beside simple rules.</p>
      ${problemNote(this.error)} ${problemNote(this.running.error)}
      ${access.mayWrite ? html`<form class="card buttons" @submit=${this.begin}>
        <label>Unknown with each task:
          <select name="folds">
            <option value="task">the task alone</option>
            <option value="family">its family</option>
          </select>
        </label>
        <button class="first" type="submit" ?disabled=${waits}>Run the backtest</button>
      </form>` : onlyLooks("run a backtest")}
      ${job && (waits || job.state === "failed") ? jobProgress(job, "Backtest", () => this.running.cancel()) : nothing}
      ${this.found ? this.shown(this.found) : nothing}
    </div>`;
  }

  private shown(found: Backtest): TemplateResult {
    return html`<section class="verdict ${found.verdict === "yes" ? "other" : "default"}">
        <p class="take">${prose(found.sentence)}</p>
        <p class="quiet">${whole(found.tasks)} tasks, ${whole(found.models)} models.</p>
      </section>
      ${warnings(found.warnings)}
      <section class="card">
        <h2>Gain over the default, by ranker</h2>
        ${picture(found)} ${table(found)}
      </section>
      <section class="card">
        <h2>Task by task</h2>
        <data-table what="tasks" .rows=${found.cases} .columns=${this.columns}></data-table>
      </section>`;
  }
}

function picture(found: Backtest): TemplateResult {
  const all = found.rankers.map((each) => ({ name: each.name, gain: each.gain, ends: each.ci.gain ?? null }));
  const values = all.flatMap((each) => [each.gain, ...(each.ends ?? [])]);
  const [low, high] = [Math.min(-0.005, ...values), Math.max(0.005, ...values)];
  const at = (value: number) => `${(26 + (72 * (value - low)) / (high - low)).toFixed(2)}%`;
  const tall = ROW * all.length + 24;
  return html`<figure class="chart">
    <svg width="100%" height=${tall} role="img" aria-label="The gain of each ranker with its interval; the table has the numbers">
      ${ticks(low, high).map(
        (each) => svg`<line class=${Math.abs(each) < 1e-9 ? "zero" : "tick"} x1=${at(each)} x2=${at(each)} y1="0" y2=${tall - 20} />
          <text class="tick-text" x=${at(each)} y=${tall - 4} text-anchor="middle">${tick(each)}</text>`,
      )}
      ${all.map((each, i) => {
        const y = ROW * i + ROW / 2;
        return svg`<text class="chart-label" x="0" y=${y + 4}>${each.name.replaceAll("_", " ")}</text>
          ${each.ends ? svg`<line class="front" x1=${at(each.ends[0])} x2=${at(each.ends[1])} y1=${y} y2=${y} />` : nothing}
          <circle class="point best" cx=${at(each.gain)} cy=${y} r="5" />`;
      })}
    </svg>
  </figure>`;
}

function table(found: Backtest): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rankers">
    <table class="data">
      <thead>
        <tr>
          <th scope="col">ranker</th><th scope="col" class="number">gain</th><th scope="col" class="number">regret of its first</th>
          <th scope="col" class="number">its first is best</th><th scope="col" class="number">weighted tau</th>
        </tr>
      </thead>
      <tbody>
        ${found.rankers.map(
          (each) => html`<tr>
            <th scope="row">${each.name.replaceAll("_", " ")}</th>
            <td class="number">${points(each.gain)}${each.ci.gain ? html` <small class="quiet">${between(each.ci.gain, points)}</small>` : nothing}</td>
            <td class="number">${points(each.regret_at_1)}</td>
            <td class="number">${percent(each.top_1, 0)}</td>
            <td class="number">${number(each.weighted_kendall, 2)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

export const backtestPage: Page = { at: "backtest", title: "Backtest", menu: "Backtest", show: () => html`<backtest-page></backtest-page>` };

import { html, nothing, type TemplateResult } from "lit";
import { isOver } from "../api/jobs";
import type { Job } from "../api/types";
import { problemNote } from "./problem-note";
import { seconds, whole } from "./words";

/** How far a job is: its stage, what is done of it, the time left; with a button where it can be cancelled. */
export function jobProgress(job: Job, doing: string, cancel?: () => void): TemplateResult {
  if (job.error && job.state === "failed") return problemNote(job.error) as TemplateResult;
  const { stage, done, total, seconds_left } = job.progress;
  const waits = job.state === "queued";
  const words = waits ? "waits for a worker" : job.state === "cancelling" ? "is being cancelled" : stage || "begins";
  return html`<div class="job-progress" role="status">
    <p>
      <strong>${doing}</strong>: ${words}${total > 1 && !waits ? html`, ${whole(done)} of ${whole(total)}` : nothing}${seconds_left != null
        ? html`, about ${seconds(seconds_left)} left of this step`
        : nothing}
    </p>
    ${progressLine(doing, total > 1 && !waits ? done : null, total, isOver(job) ? undefined : cancel, job.state === "cancelling")}
  </div>`;
}

/** A bar of what is done, which runs to and fro where that is not known, with a button to cancel. */
export const progressLine = (
  doing: string,
  done: number | null,
  total: number,
  cancel?: () => void,
  cancelling = false,
): TemplateResult => html`<div class="progress-line">
  <progress aria-label=${doing} max=${total || 1} value=${done ?? nothing}></progress>
  ${cancel ? html`<button type="button" @click=${cancel} ?disabled=${cancelling}>Cancel</button>` : nothing}
</div>`;

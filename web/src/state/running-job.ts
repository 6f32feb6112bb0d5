import type { ReactiveController } from "lit";
import { cancel, follow, isOver } from "../api/jobs";
import { ApiError, asError } from "../api/problem";
import type { Job } from "../api/types";
import type { Panel } from "../base";

type Kind = Job["kind"];

/** A job of a kind that a page waits for. Leaving the page stops the following, not the job. */
export class RunningJob implements ReactiveController {
  job: Job | null = null;
  error: ApiError | null = null;
  private followed = "";
  private stop = new AbortController();

  constructor(
    private readonly host: Panel,
    private readonly kind: Kind,
    private readonly done: (job: Job) => void,
  ) {
    host.addController(this);
  }

  get busy(): boolean {
    return this.job !== null && !isOver(this.job);
  }

  hostDisconnected(): void {
    this.leave();
  }

  /** Follow a job, unless it is followed already. */
  follow(id: string): void {
    if (id === this.followed) return;
    this.leave();
    this.followed = id;
    const { signal } = (this.stop = new AbortController());
    void follow(id, (job) => this.tell(job), signal)
      .then((job) => {
        if (signal.aborted) return;
        if (job.kind !== this.kind) throw otherKind(job, this.kind);
        this.done(job);
      })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        this.error = asError(error);
        this.host.requestUpdate();
      });
  }

  leave(): void {
    this.stop.abort();
    this.followed = "";
    this.job = null;
    this.error = null;
  }

  cancel(): void {
    if (this.job) void cancel(this.job.id).then((job) => job && this.tell(job), (error: unknown) => this.fail(error));
  }

  private fail(error: unknown): void {
    this.error = asError(error);
    this.host.requestUpdate();
  }

  private tell(job: Job): void {
    // An address may name any job.
    if (job.kind !== this.kind) return;
    this.job = job;
    this.host.requestUpdate();
  }
}

const otherKind = (job: Job, kind: Kind): ApiError =>
  ApiError.ofPage(`The address names a job of another kind.`, { expected: `a job of the kind ${kind}`, got: job.kind, remedy: "Open it from the list of jobs." });

import { api } from "../api/client";
import { cancel as cancelJob } from "../api/jobs";
import { type ApiError, asError } from "../api/problem";
import type { Dataset, Job } from "../api/types";
import { upload } from "../api/upload";
import { Source } from "../base";
import { classInName, type Content, contentOf, isLoose, sendable } from "../files/content";
import { type Dropped, together } from "../files/dropped";
import { tarOf } from "../files/tar";

const NOTHING: Dropped = { name: "", members: [], archive: null };

/** What is being dropped, checked and sent. It outlives the page, so that a new key loses nothing. */
class Sending extends Source {
  dropped: Dropped | null = null;
  content: Content | null = null;
  name = "";
  tags = "";
  sent = 0;
  total = 0;
  error: ApiError | null = null;
  uploading = false;
  /** What was there before images were put into classes; null where there is nothing to undo. */
  unsorted: Dropped | null = null;
  private dataset: Dataset | null = null;
  private stop = new AbortController();

  /** Take what was dropped, beside what is there: the images of a task may come class by class. */
  async take(coming: Promise<Dropped>, there = this.dropped): Promise<void> {
    const { dropped: before, name, tags } = this;
    this.clear();
    try {
      this.dropped = await together(there, await coming);
      this.name = (this.dropped.archive ? "" : name) || this.dropped.name;
      this.tags = tags;
      this.changed();
      this.content = await contentOf(this.dropped);
    } catch (error) {
      // What was there before stays.
      Object.assign(this, { dropped: before, content: before && (await contentOf(before)), name, tags, error: asError(error) });
    }
    this.changed();
  }

  /** Put the images that lie in no folder into this class; without one, into those of their names. */
  async classify(label: string | null): Promise<void> {
    const before = this.dropped;
    if (!before) return;
    const members = before.members.map(({ path, file }) =>
      isLoose(path) ? { path: `${label ?? classInName(path)}/${path}`, file } : { path, file },
    );
    await this.take(Promise.resolve({ ...NOTHING, members }), NOTHING);
    if (!this.error) this.unsorted = before;
    this.changed();
  }

  /** Take the images out of the classes into which they were put last. */
  async unsort(): Promise<void> {
    if (this.unsorted) await this.take(Promise.resolve(this.unsorted), NOTHING);
  }

  clear(): void {
    this.stop.abort();
    Object.assign(this, { dropped: null, content: null, name: "", tags: "", unsorted: null, dataset: null, error: null, uploading: false, sent: 0, total: 0 });
    this.changed();
  }

  cancel(): void {
    this.stop.abort();
    this.uploading = false;
    this.changed();
  }

  /** Upload what was dropped and begin to embed it; returns the job, or null where that failed. */
  async send(): Promise<Job | null> {
    const { dropped, content } = this;
    if (!dropped || !content) return null;
    this.error = null;
    this.uploading = true;
    this.changed();
    const { signal } = (this.stop = new AbortController());
    try {
      // What has arrived is not sent again where only the name was refused.
      this.dataset ??= await upload(dropped.archive ?? tarOf(sendable(content)), {
        file: dropped.archive?.name ?? `${this.name}.tar`,
        name: this.name,
        tell: (sent, total) => {
          Object.assign(this, { sent, total });
          this.changed();
        },
        signal,
      });
      const tags = this.tags.split(",").map((each) => each.trim()).filter(Boolean);
      const found = await api.POST("/v1/tasks", { body: { dataset: this.dataset.id, name: this.name, tags } as never });
      const job = found.data as Job;
      // Cancelled between the last byte and the answer.
      if (signal.aborted) await cancelJob(job.id);
      return signal.aborted ? null : job;
    } catch (error) {
      if (!signal.aborted) this.error = asError(error);
      return null;
    } finally {
      this.uploading = false;
      this.changed();
    }
  }
}

export const sending = new Sending();

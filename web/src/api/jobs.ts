import { EventSourceParserStream } from "eventsource-parser/stream";
import { api, data, send } from "./client";
import { ApiError } from "./problem";
import type { Job } from "./types";

const FINAL = ["succeeded", "failed", "cancelled"];
const PAUSE_MS = 1000;

export const isOver = (job: Job): boolean => FINAL.includes(job.state);

/**
 * Follow a job to its end and tell each change. The stream is read by fetch, which can send a key;
 * where it breaks off it is resumed at the last event.
 */
export async function follow(id: string, tell: (job: Job) => void, signal: AbortSignal): Promise<Job> {
  let seen = "";
  let job = await data(api.GET("/v1/jobs/{job}", { params: { path: { job: id } } }));
  tell(job);
  while (!isOver(job) && !signal.aborted) {
    try {
      const url = new URL(`v1/jobs/${encodeURIComponent(id)}/events`, document.baseURI);
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (seen) headers["Last-Event-ID"] = seen;
      const answer = await send(new Request(url, { headers, signal }));
      const events = answer.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
      const reader = events.getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        if (next.value.id) seen = next.value.id;
        job = (JSON.parse(next.value.data) as { job: Job }).job;
        tell(job);
      }
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) throw error;
    }
    if (!isOver(job)) await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  // The stream tells of progress; the result comes with the job itself.
  if (isOver(job)) job = await data(api.GET("/v1/jobs/{job}", { params: { path: { job: id } } }));
  tell(job);
  return job;
}

export const cancel = (id: string) => data(api.POST("/v1/jobs/{job}:cancel", { params: { path: { job: id } } }));
export const retry = (id: string) => data(api.POST("/v1/jobs/{job}:retry", { params: { path: { job: id } } }));

import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Job } from "../api/types";
import { Panel, Watch } from "../base";
import type { Content } from "../files/content";
import { droppedOn, fromFiles } from "../files/dropped";
import { jobProgress, progressLine } from "../parts/job-progress";
import { problemNote } from "../parts/problem-note";
import { busy, bytes, counted, name, onlyLooks, whole } from "../parts/words";
import { access } from "../state/access";
import { atlas } from "../state/atlas";
import { go, route } from "../state/route";
import { RunningJob } from "../state/running-job";
import { sending } from "../state/sending";
import type { Page } from "./page";

const MOST_CLASSES = 60;

/** Where images are dropped, checked, sent, embedded; then the recommendation opens. */
@customElement("drop-page")
export class DropPage extends Panel {
  @state() private over = false;
  private readonly embedding = new RunningJob(this, "embed", (job) => this.embedded(job));

  constructor() {
    super();
    new Watch(this, access, sending, route);
  }

  protected override willUpdate(): void {
    const job = route.query.get("job");
    if (job) this.embedding.follow(job);
    // Other images were dropped meanwhile: the job goes on by itself.
    else this.embedding.leave();
  }

  protected override render() {
    const { job } = this.embedding;
    return html`<div class="page drop">
      <h1>Your images</h1>
      ${this.embedding.error ? problemNote(this.embedding.error) : nothing}
      ${route.query.has("job")
        ? html`<section class="card">
            ${job ? jobProgress(job, "Embedding", () => this.embedding.cancel()) : this.embedding.error ? nothing : busy("Asking …")}
            ${this.embedding.error || job?.state === "failed" || job?.state === "cancelled"
              ? html`<p>${job?.state === "cancelled" ? "It was cancelled. " : ""}<button type="button" @click=${this.again}>Back to the images</button></p>`
              : nothing}
          </section>`
        : html`${problemNote(sending.error)} ${!access.mayWrite ? onlyLooks("add tasks") : sending.dropped ? this.checked() : this.zone()}`}
    </div>`;
  }

  private zone(): TemplateResult {
    return html`<section
        class="zone ${this.over ? "over" : ""}"
        @dragover=${(event: DragEvent) => (event.preventDefault(), (this.over = true))}
        @dragleave=${() => (this.over = false)}
        @drop=${this.drop}
      >
        <p class="take">Drop a folder here: one folder of images for each class.</p>
        <p class="quiet">Or an archive of such folders: .zip, .tar, .tar.gz, .npz or .parquet. Or the images themselves, class by class. Nothing is sent before you say so.</p>
        <div class="buttons">
          ${chooser("Choose a folder", "folder")} ${chooser("Choose an archive", "archive")} ${chooser("Choose images", "images")}
        </div>
      </section>
      <section class="card">
        <h2>What a folder looks like</h2>
        <pre tabindex="0" aria-label="An example of a folder"><code>mushrooms/
  amanita/    0001.jpg  0002.jpg  …
  boletus/    0001.jpg  0002.jpg  …
  chanterelle/ …</code></pre>
        <p class="quiet">Two classes at least, and some five images of each or more. The names of the folders are the classes.</p>
      </section>`;
  }

  private checked(): TemplateResult {
    const { content, uploading } = sending;
    if (!content) return sending.error ? html`<button type="button" @click=${() => sending.clear()}>Choose others</button>` : busy("Looking at the images …");
    const counts = content.counts ?? (content.classes && new Map([...content.classes].map(([label, all]) => [label, all.length])));
    const images = counts ? [...counts.values()].reduce((a, b) => a + b, 0) : null;
    const fault = faultOf(content, counts);
    return html`<form class="card check" @submit=${this.send}>
      <p class="take">
        ${counts ? html`${counted(images ?? 0, "image")} of ${counted(counts.size, "class", "classes")}, ` : html`${name(sending.dropped!.archive!.name)}, `}${bytes(content.bytes)} to send.
      </p>
      ${content.loose ? this.loose(content) : nothing}
      ${content.left.length
        ? html`<details><summary>${counted(content.left.length, "other file stays", "other files stay")} here</summary><ul>${content.left.slice(0, 20).map((each) => html`<li>${name(each)}</li>`)}</ul></details>`
        : nothing}
      ${fault ? html`<p class="problem" role="alert">${fault}</p>` : nothing}
      <div class="limits">
        <label>Name of the task
          <input name="name" required maxlength="200" .value=${sending.name} ?disabled=${uploading} @input=${(event: Event) => (sending.name = (event.target as HTMLInputElement).value)} />
        </label>
        <label>Tags, with commas between
          <input name="tags" .value=${sending.tags} ?disabled=${uploading} @input=${(event: Event) => (sending.tags = (event.target as HTMLInputElement).value)} />
        </label>
      </div>
      ${uploading
        ? html`<div class="job-progress" role="status">
            <p><strong>Sending</strong>: ${bytes(sending.sent)} of ${bytes(sending.total || content.bytes)}</p>
            ${progressLine("Sending", sending.sent, sending.total, () => sending.cancel())}
          </div>`
        : html`<div class="buttons">
            <button class="first" type="submit" ?disabled=${fault !== null}>Send, embed and recommend</button>
            <button type="button" @click=${() => sending.clear()}>Choose others</button>
            ${sending.unsorted ? html`<button type="button" @click=${() => sending.unsort()}>Undo the classes</button>` : nothing}
            ${sending.dropped!.archive ? nothing : html`${chooser("Add a folder", "folder")} ${chooser("Add images", "images")}`}
          </div>`}
      ${counts ? html`<ul class="classes">${[...counts].slice(0, MOST_CLASSES).map(([label, count]) => this.classed(label, count, content))}</ul>` : nothing}
      ${counts && counts.size > MOST_CLASSES ? html`<p class="quiet">and ${whole(counts.size - MOST_CLASSES)} more classes</p>` : nothing}
    </form>`;
  }

  /** What to do with images that lie in no folder. */
  private loose(content: Content): TemplateResult {
    const told = html`<p class="warning">${counted(content.loose, "image lies in no folder and has no class: it is", "images lie in no folder and have no class: they are")} not sent.</p>`;
    if (sending.dropped!.archive) return told;
    const { named } = content;
    const join = () => {
      const field = this.querySelector<HTMLInputElement>("input[name=class]")!;
      const label = field.value.trim();
      field.setCustomValidity(label && !/[/\\]|^\./.test(label) ? "" : "The name of a class, without slashes and without a dot at its beginning.");
      if (field.reportValidity()) void sending.classify(label);
    };
    return html`${told}
      <div class="limits">
        <label>Class of these images
          <input name="class" maxlength="200" @input=${(event: Event) => (event.target as HTMLInputElement).setCustomValidity("")} @keydown=${(event: KeyboardEvent) => event.key === "Enter" && (event.preventDefault(), join())} />
        </label>
        <button type="button" @click=${join}>Put them into this class</button>
        ${named ? html`<button type="button" @click=${() => sending.classify(null)}>Sort them by their names: ${inShort(named)}</button>` : nothing}
      </div>`;
  }

  private classed(label: string, count: number, content: Content): TemplateResult {
    const first = content.classes?.get(label)?.[0]?.file;
    return html`<li>
      ${first ? html`<img alt="" width="64" height="64" loading="lazy" src=${shownAt(first)} />` : nothing}
      <span>${name(label)}</span><span class="quiet">${whole(count)}</span>
    </li>`;
  }

  private drop(event: DragEvent): void {
    event.preventDefault();
    event.stopPropagation();
    this.over = false;
    if (event.dataTransfer) void sending.take(droppedOn(event.dataTransfer));
  }

  private async send(event: Event): Promise<void> {
    event.preventDefault();
    const job = await sending.send();
    if (job) route.set({ job: job.id }, true);
  }

  private embedded(job: Job): void {
    if (job.state !== "succeeded") return;
    const task = job.result as unknown as { id: string };
    sending.clear();
    void atlas.reload();
    go(["recommend", task.id], { new: "1" });
  }

  private again(): void {
    this.embedding.leave();
    route.set({ job: null });
  }
}

function faultOf(content: Content, counts: Map<string, number> | null): string | null {
  if (counts === null) return null;
  if (counts.size < 2 && content.loose && content.classes) return "Say which classes these images are of: there have to be two at least.";
  if (counts.size === 0 && content.loose) return "No image lies in a folder. Put the images of each class into a folder with its name, and drop the folder that holds these.";
  if (counts.size < 2) return `A task has 2 classes at least, and ${counts.size === 1 ? "there is one class with images" : "there are no images"}. Drop the folder that holds the folders of the classes.`;
  return null;
}

/** The first classes with their numbers of images. */
const inShort = (counts: Map<string, number>): string =>
  [...counts].slice(0, 4).map(([label, count]) => `${label} (${whole(count)})`).join(", ") + (counts.size > 4 ? ", …" : "");

const ACCEPTED = { folder: nothing, archive: ".zip,.tar,.gz,.tgz,.bz2,.xz,.npz,.parquet", images: "image/*" };

function chooser(text: string, kind: keyof typeof ACCEPTED): TemplateResult {
  const chosen = (event: Event) => {
    const files = [...((event.target as HTMLInputElement).files ?? [])];
    if (files.length) void sending.take(Promise.resolve(fromFiles(files)));
  };
  return html`<label class="button ${text === "Choose a folder" ? "first" : ""}">
    ${text}<input class="unseen" type="file" ?webkitdirectory=${kind === "folder"} ?multiple=${kind === "images"} accept=${ACCEPTED[kind]} @change=${chosen} />
  </label>`;
}

const shown = new WeakMap<File, string>();

/** The address of an image on this machine, made once. */
function shownAt(file: File): string {
  let url = shown.get(file);
  if (!url) shown.set(file, (url = URL.createObjectURL(file)));
  return url;
}

// What is dropped anywhere on the atlas comes here.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer?.items.length) return;
  void sending.take(droppedOn(event.dataTransfer));
  go(["drop"]);
});

export const dropPage: Page = {
  at: "drop",
  title: "Your images",
  menu: "Your images",
  show: () => html`<drop-page></drop-page>`,
};

import { html, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { styled } from "../parts/styled";
import { Panel, Watch } from "../base";
import { number, percent, whole } from "../parts/words";
import { fit, lasso, minus, plus } from "../shell/icons";
import "../parts/task-picture";
import { atlas } from "../state/atlas";
import { keyOf, near } from "../state/near";
import { pointer } from "../state/pointer";
import { route } from "../state/route";
import { theme } from "../state/theme";
import { select, toggle, type View } from "../state/view";
import type { Colouring } from "./colours";
import { placeLabels, type Wish } from "./labels";
import "./map-labels";
import "./map-lasso";
import "./map-pictures";
import type { MapPictures } from "./map-pictures";
import type { MapLabels } from "./map-labels";
import { mapLegend } from "./map-legend";
import { dotsOf, edgesOf, fitting, haloOf, type OnMap, radiusOf } from "./scene";
import type { Camera, Dot, TaskMap } from "./task-map";

type Drawing = typeof import("./task-map");

// A file of its own beside this one, so that all else is there before deck.gl.
const DRAWING = "./task-map.js";
/** Fetch what draws the map, where it is not there already. */
export const drawing = (): Promise<Drawing> => import(DRAWING) as Promise<Drawing>;

const KEEP_MS = 400;
const MOST_LABELS = 300;
const MOST_HALOS = 300;
const MOST_PICTURES = 12;
// Each asks the server once.
const MOST_LINED = 5;
const EDGE = 20;

/** The map of the tasks that the filters let through. */
@customElement("map-canvas")
export class MapCanvas extends Panel {
  @property({ attribute: false }) tasks: OnMap[] = [];
  @property({ attribute: false }) view!: View;
  @property({ attribute: false }) colouring!: Colouring;
  @state() private failure = "";
  @state() private lassoing = false;
  @state() private tip: { task: OnMap; at: [number, number] } | null = null;
  @query(".ground") private ground!: HTMLDivElement;
  @query("map-labels") private names!: MapLabels;
  @query("map-pictures") private thumbnails!: MapPictures;
  private map: TaskMap | null = null;
  private keeping = 0;
  private asked = 0;
  private dots: Dot[] = [];
  private changedDots = true;
  private wishes: (Wish & { task: OnMap })[] = [];
  /** Whether the camera shows all tasks, since nobody has moved it. */
  private fits = true;

  constructor() {
    super();
    new Watch(this, near, pointer, theme);
  }

  protected override render() {
    return html`<div class="plane">
      <div class="ground" role="img" aria-label="Map of ${whole(this.tasks.length)} tasks; near ones are alike. The table shows the same tasks."></div>
      <map-pictures aria-hidden="true"></map-pictures>
      <map-labels aria-hidden="true"></map-labels>
      ${this.lassoing ? html`<map-lasso @lasso=${this.caught}></map-lasso>` : nothing}
      ${this.tip ? this.tooltip(this.tip.task, this.tip.at) : nothing}
      ${this.failure
        ? html`<div class="card no-map" role="status">
            <p><strong>This browser cannot draw the map:</strong> it has no WebGL 2. The table shows the same tasks.</p>
            <p class="quiet">${this.failure}</p>
          </div>`
        : html`<div class="map-tools" role="group" aria-label="Map">
            <button type="button" aria-label="Zoom in" @click=${() => this.zoom(1)}>${plus}</button>
            <button type="button" aria-label="Zoom out" @click=${() => this.zoom(-1)}>${minus}</button>
            <button type="button" aria-label="Select by a line around" aria-pressed=${this.lassoing} @click=${() => (this.lassoing = !this.lassoing)} @keydown=${this.letGo}>${lasso}</button>
            <button type="button" aria-label="Show all" @click=${this.showAll}>${fit}</button>
          </div>`}
      </div>
      ${mapLegend(this.colouring.legend, this.notes())}`;
  }

  private notes(): string[] {
    const notes = ["Larger dots: more images."];
    if (this.view.selected.length) notes.push("Lines: the nearest tasks, dotted where others may be as near.");
    if (this.view.selected.length || this.tasks.length <= MOST_HALOS) notes.push("Discs: how far two repeats of an embedding lie apart.");
    if (atlas.stress !== null) notes.push(`Distances on the map are off by about ${percent(atlas.stress, 0)}.`);
    if (atlas.mapError) notes.push(`No map: ${atlas.mapError.message}`);
    return notes;
  }

  private tooltip(task: OnMap, [x, y]: [number, number]) {
    const { width, height } = this.size;
    const right = x < width / 2;
    const below = y < height / 2;
    const place = styled({
      left: right ? `${x + 16}px` : "auto",
      right: right ? "auto" : `${width - x + 16}px`,
      top: below ? `${y + 12}px` : "auto",
      bottom: below ? "auto" : `${height - y + 12}px`,
    });
    return html`<div class="tip" aria-hidden="true" ${place}>
      ${task.pictured ? html`<task-picture .task=${task.id}></task-picture>` : nothing}
      <div>
        <strong><bdi>${task.name}</bdi></strong>
        <p>${whole(task.classes)} classes, ${whole(task.images)} images</p>
        <p class="quiet">complexity ${number(task.complexity)}, standard error ${number(task.standard_error)}</p>
      </div>
    </div>`;
  }

  protected override async firstUpdated(): Promise<void> {
    try {
      const { TaskMap: Map } = await drawing();
      if (!this.isConnected) return;
      this.map = new Map(this.ground, this.start(), {
        hover: (id, at) => {
          const task = this.tasks.find((each) => each.id === id);
          this.tip = task ? { task, at } : null;
          pointer.point(id);
        },
        click: (id, add) => {
          if (id === null) select([]);
          else if (add) toggle(id);
          else select(this.view.selected.length === 1 && this.view.selected[0] === id ? [] : [id]);
        },
        move: (camera, byHand) => {
          if (byHand) this.fits = false;
          this.moved(camera);
        },
        resize: () => this.resized(),
        fail: (reason) => (this.failure = reason),
      });
      this.draw();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  protected override updated(changed: PropertyValues): void {
    const before = changed.get("view") as View | undefined;
    const selection = before && before.selected.join() !== this.view.selected.join();
    if (changed.has("tasks") || changed.has("colouring") || selection) this.changedDots = true;
    // The tasks have come, or their places have: nobody has moved the map yet.
    if (this.map && changed.has("tasks") && (changed.get("tasks") as OnMap[] | undefined)?.length === 0)
      this.map.move(this.start(), false);
    this.draw();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.keeping);
    cancelAnimationFrame(this.asked);
    this.map?.close();
    this.map = null;
    pointer.point(null);
  }

  private draw(): void {
    if (!this.map) return;
    const shown = new Map(this.tasks.map((each) => [each.id, each]));
    const selected = this.view.selected;
    const marked = new Set(pointer.id ? [...selected, pointer.id] : selected);
    if (this.changedDots) this.dots = dotsOf(this.tasks, this.colouring, selected);
    this.changedDots = false;
    this.map.show({
      dots: this.dots,
      halos: this.haloed(marked).map((task) => haloOf(task, this.colouring, marked.has(task.id))),
      edges: selected.slice(0, MOST_LINED).flatMap((id) => {
        const task = shown.get(id);
        return task ? edgesOf(task, near.of(keyOf(id, this.view.asymmetric)).value, shown) : [];
      }),
      dark: theme.dark,
    });
    this.wishes = this.wish();
    this.write();
  }

  /** The tasks with a disc around: all where they are few, else those that are marked. */
  private haloed(marked: ReadonlySet<string>): OnMap[] {
    return this.tasks.length <= MOST_HALOS ? this.tasks : this.tasks.filter((each) => marked.has(each.id));
  }

  /** Place the names for what the camera sees now. */
  private write(): void {
    if (!this.map) return;
    const { width, height } = this.size;
    const project = this.map.projection;
    const wishes: Wish[] = [];
    for (const wish of this.wishes) {
      if (wishes.length >= MOST_LABELS) break;
      [wish.x, wish.y] = project(wish.task.x, wish.task.y);
      if (wish.x > -EDGE && wish.y > -EDGE && wish.x < width + EDGE && wish.y < height + EDGE) wishes.push(wish);
    }
    this.names.labels = placeLabels(wishes, { width, height });
    this.show(wishes as typeof this.wishes);
  }

  /** Show pictures of the tasks in view, once they are few. */
  private show(inView: (Wish & { task: OnMap })[]): void {
    const few = inView.length <= MOST_PICTURES && inView.length < this.tasks.length;
    const pictures = few ? inView.filter((each) => each.task.pictured).map(({ id, x, y, radius }) => ({ id, x, y, radius })) : [];
    this.thumbnails.pictures = pictures;
  }

  private caught(event: CustomEvent<[number, number][]>): void {
    this.lassoing = false;
    select(this.map?.inside(event.detail) ?? []);
  }

  private letGo(event: KeyboardEvent): void {
    if (event.key === "Escape") this.lassoing = false;
  }

  /** The names of all tasks, those that matter most first: selected ones, near ones, large ones. */
  private wish(): (Wish & { task: OnMap })[] {
    const selected = new Set(this.view.selected);
    const close = new Set(
      this.view.selected.slice(0, MOST_LINED).flatMap((id) => near.of(keyOf(id, this.view.asymmetric)).value?.neighbours ?? []).map((each) => each.id),
    );
    const radius = radiusOf(this.tasks);
    return this.tasks
      .map((task) => {
        const chosen = selected.has(task.id) || task.id === pointer.id;
        const weight = task.images + (chosen ? 1e9 : close.has(task.id) ? 1e6 : 0);
        const faint = selected.size > 0 && !chosen && !close.has(task.id);
        return { id: task.id, name: nameOnMap(task), x: 0, y: 0, radius: radius(task), weight, chosen, faint, task };
      })
      .sort((a, b) => b.weight - a.weight);
  }

  private moved(camera: Camera): void {
    this.rewrite();
    this.tip = null;
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      const at = this.fits ? null : [camera.x.toFixed(4), camera.y.toFixed(4), camera.zoom.toFixed(2)].join(",");
      if (at !== route.query.get("at")) route.set({ at });
    }, KEEP_MS) as unknown as number;
  }

  /** Show all tasks in a frame of another size, unless somebody has chosen what is shown. */
  private resized(): void {
    if (this.fits) this.map?.move(this.start(), false);
    this.rewrite();
  }

  private rewrite(): void {
    cancelAnimationFrame(this.asked);
    this.asked = requestAnimationFrame(() => this.write());
  }

  private get size(): { width: number; height: number } {
    return { width: this.ground.clientWidth, height: this.ground.clientHeight };
  }

  /** Where the map begins: as the address says, or with all tasks in view. */
  private start(): Camera {
    const [x, y, zoom] = (route.query.get("at") ?? "").split(",").map(Number);
    this.fits = x === undefined || y === undefined || zoom === undefined || ![x, y, zoom].every(Number.isFinite);
    if (!this.fits) return { x: x!, y: y!, zoom: zoom! };
    return fitting(this.tasks, this.size);
  }

  private zoom(by: number): void {
    const camera = this.map?.camera;
    this.fits = false;
    if (camera) this.map?.move({ ...camera, zoom: camera.zoom + by });
  }

  private showAll(): void {
    this.fits = true;
    this.map?.move(fitting(this.tasks, this.size));
  }
}

/** A task's name without that of its bundle: on the map there is little room. */
const nameOnMap = (task: OnMap): string =>
  task.bundle && task.name.startsWith(`${task.bundle}/`) ? task.name.slice(task.bundle.length + 1) : task.name;

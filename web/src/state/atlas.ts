import { api, data, pages } from "../api/client";
import { connection } from "../api/connection";
import { type ApiError, asError } from "../api/problem";
import type { MapColumns, Model, Outcome, Space, Task } from "../api/types";
import { Source } from "../base";

const PAGE = 1000;
const OLD_MS = 30_000;

/** A task with its place on the map; what is not known before all are listed is null. */
export interface Placed extends Pick<Task, "id" | "name" | "tags" | "classes" | "images" | "complexity" | "standard_error"> {
  bundle: string | null;
  probe: string | null;
  space: string;
  /** Whether there is a picture of it, as far as that is known. */
  pictured: boolean;
  x: number | null;
  y: number | null;
}

const spaceOf = (space: Space | null | undefined): string => JSON.stringify(space ?? null);

/** The tasks, their places, and the models: what several pages show. */
class Atlas extends Source {
  tasks: Placed[] = [];
  byId = new Map<string, Placed>();
  models: Model[] = [];
  defaultModel: string | null = null;
  /** Of the tasks that have places: their space, and how far lengths on the map are off. */
  space = "";
  stress: number | null = null;
  loaded = false;
  error: ApiError | null = null;
  mapError: ApiError | null = null;
  private asked: Promise<void> | null = null;
  private readAt = 0;
  private probe: string | null = null;

  constructor() {
    super();
    connection.addEventListener("back", () => void this.reload());
    document.addEventListener("visibilitychange", () => {
      if (this.loaded && document.visibilityState === "visible") void this.renew();
    });
  }

  load(): Promise<void> {
    return (this.asked ??= this.read());
  }

  reload(): Promise<void> {
    this.asked = null;
    return this.load();
  }

  /** Load, or load anew what was read a while ago: others may have stored tasks since. */
  renew(): Promise<void> {
    return this.loaded && performance.now() - this.readAt > OLD_MS ? this.reload() : this.load();
  }

  named(name: string): Placed | undefined {
    return this.tasks.find((each) => each.name === name);
  }

  /** A task by its id or name. */
  find(task: string): Placed | undefined {
    return this.byId.get(task) ?? this.named(task);
  }

  /** The name of the model that another was fine-tuned from; its id where it is gone. */
  startName(model: Model): string | null {
    return model.start ? (this.models.find((each) => each.id === model.start)?.name ?? model.start) : null;
  }

  /** Place the tasks of this probe; null: of the space with the most tasks. */
  async showProbe(probe: string | null): Promise<void> {
    if (probe === this.probe) return;
    this.probe = probe;
    await this.place();
    this.tasks = [...this.tasks];
    this.changed();
  }

  private async read(): Promise<void> {
    this.readAt = performance.now();
    // The map needs one answer, the list as many as there are thousands of tasks.
    this.tasks = await this.place();
    this.byId = byId(this.tasks);
    if (this.tasks.length) this.loaded = true;
    this.changed();
    try {
      const found: Placed[] = [];
      for await (const page of pages((page_token) =>
        api.GET("/v1/tasks", { params: { query: { page_size: PAGE, page_token } } }),
      ))
        found.push(...page.tasks.map((task) => this.listed(task)));
      this.tasks = found;
      this.byId = byId(found);
      this.error = null;
    } catch (error) {
      this.error = asError(error);
      this.asked = null;
    }
    this.loaded = true;
    this.changed();
    if (!this.error) await this.readModels();
  }

  private listed(task: Task): Placed {
    const { id, name, tags, classes, images, complexity, standard_error, probe } = task;
    const before = this.byId.get(id);
    const place = { x: before?.x ?? null, y: before?.y ?? null, pictured: before?.pictured ?? false };
    const space = spaceOf(task.space);
    return { id, name, tags, classes, images, complexity, standard_error, probe, space, bundle: task.bundle ?? null, ...place };
  }

  /** Ask for the places, give them to the tasks that are known, and return the tasks on the map. */
  private async place(): Promise<Placed[]> {
    try {
      const query = this.probe ? { probe: this.probe } : {};
      const map = (await data(api.GET("/v1/map/columns", { params: { query } }))) as MapColumns;
      this.space = spaceOf(map.space);
      this.stress = map.stress;
      this.mapError = null;
      for (const task of this.tasks) Object.assign(task, { x: null, y: null });
      return map.ids.map((id, i) => {
        const place = { x: map.x[i]!, y: map.y[i]!, pictured: map.thumbnails[i]! };
        const known = this.byId.get(id);
        if (known) return Object.assign(known, place);
        return {
          id,
          ...place,
          name: map.names[i]!,
          tags: map.tags[i]!,
          classes: map.classes[i]!,
          images: map.images[i]!,
          complexity: map.complexity[i]!,
          standard_error: map.standard_error[i]!,
          bundle: map.bundles[i]!,
          probe: null,
          space: this.space,
        };
      });
    } catch (error) {
      this.mapError = asError(error);
      return this.tasks;
    }
  }

  async readModels(): Promise<void> {
    try {
      const found: Model[] = [];
      for await (const page of pages((page_token) =>
        api.GET("/v1/models", { params: { query: { page_size: PAGE, page_token } } }),
      ))
        found.push(...page.models);
      this.models = found;
      const published = await data(
        api.GET("/v1/published-models", { params: { query: { pareto: false, page_size: PAGE, architecture: "*lite0*" } } }),
      );
      const plain = published.models.find((each) => each.is_default);
      this.defaultModel =
        found.find((each) => each.ref === plain?.ref || each.name === plain?.name)?.name ??
        found.find((each) => each.name === "efficientnet_lite0")?.name ??
        null;
      this.changed();
    } catch {
      // The pages that need them ask again, and say why it fails.
    }
  }
}

const byId = (tasks: Placed[]): Map<string, Placed> => new Map(tasks.map((each) => [each.id, each]));

export const atlas = new Atlas();

/** All outcomes that a filter lets through. */
export async function outcomes(query: { model?: string; task?: string }): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for await (const page of pages((page_token) =>
    api.GET("/v1/outcomes", { params: { query: { ...query, page_size: PAGE, page_token } } }),
  ))
    found.push(...page.outcomes);
  return found;
}

/** The gain of a model by task: its accuracy minus that of the default in the same protocol. */
export async function gains(model: string): Promise<Map<string, number>> {
  if (atlas.defaultModel === null) await atlas.readModels();
  const [own, plain] = await Promise.all([
    outcomes({ model }),
    atlas.defaultModel ? outcomes({ model: atlas.defaultModel }) : [],
  ]);
  const key = (each: Outcome) => `${each.task}\n${each.protocol}`;
  const base = new Map(plain.map((each) => [key(each), each.accuracy]));
  const sums = new Map<string, number[]>();
  for (const each of own) {
    const other = base.get(key(each));
    if (other === undefined) continue;
    sums.set(each.task, [...(sums.get(each.task) ?? []), each.accuracy - other]);
  }
  return new Map([...sums].map(([task, all]) => [task, all.reduce((a, b) => a + b, 0) / all.length]));
}

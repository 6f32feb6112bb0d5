import { atlas, type Placed } from "./atlas";
import { route } from "./route";

export const COLOURS = ["tag", "classes", "complexity", "gain"] as const;
export type ColourBy = (typeof COLOURS)[number];

/** What the map page shows, read from the address. */
export interface View {
  search: string;
  space: string;
  tags: string[];
  least: number | null;
  most: number | null;
  colour: ColourBy;
  model: string;
  selected: string[];
  asymmetric: boolean;
}

/** The spaces of the tasks, the most common first, each with its probe and number of tasks. */
export function spaces(): { key: string; probe: string; count: number }[] {
  const found = new Map<string, { key: string; probe: string; count: number }>();
  for (const task of atlas.tasks) {
    const key = task.space;
    const entry = found.get(key) ?? { key, probe: task.probe ?? "", count: 0 };
    entry.count += 1;
    found.set(key, entry);
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

export function view(): View {
  const query = route.query;
  const number = (name: string) => (query.get(name) ? Number(query.get(name)) : null);
  const colour = query.get("colour") as ColourBy;
  return {
    search: query.get("q") ?? "",
    space: query.get("space") ?? "",
    tags: query.getAll("tag").flatMap((each) => each.split("\n")).filter(Boolean),
    least: number("least"),
    most: number("most"),
    colour: COLOURS.includes(colour) ? colour : "tag",
    model: query.get("model") ?? "",
    selected: (query.get("selected") ?? "").split(",").filter(Boolean),
    asymmetric: query.get("way") === "sources",
  };
}

/** The tasks that the filters let through. */
export function shown(wanted: View): Placed[] {
  const search = wanted.search.trim().toLocaleLowerCase();
  const all = spaces();
  const space = all[Number(wanted.space)]?.key;
  return atlas.tasks.filter(
    (task) =>
      (!search || task.name.toLocaleLowerCase().includes(search) || task.tags.some((tag) => tag.toLocaleLowerCase().includes(search))) &&
      (wanted.space === "" || space === undefined || task.space === space) &&
      (wanted.tags.length === 0 || wanted.tags.some((tag) => task.tags.includes(tag))) &&
      (wanted.least === null || task.classes >= wanted.least) &&
      (wanted.most === null || task.classes <= wanted.most),
  );
}

/** All tags by how many tasks have them. */
export function tagCounts(): [string, number][] {
  const counts = new Map<string, number>();
  for (const task of atlas.tasks) for (const tag of task.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

export const select = (ids: string[]): void => route.set({ selected: ids.join(",") });

export function toggle(id: string): void {
  const now = view().selected;
  select(now.includes(id) ? now.filter((each) => each !== id) : [...now, id]);
}

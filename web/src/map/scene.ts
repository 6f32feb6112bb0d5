import type { Placed } from "../state/atlas";
import { isTied, type NearTasks } from "../state/near";
import type { Colouring } from "./colours";
import type { Camera, Dot, Edge, Halo } from "./task-map";

/** A task that has a place. */
export type OnMap = Placed & { x: number; y: number };

export const isOnMap = (task: Placed): task is OnMap => task.x !== null && task.y !== null;

/** The smallest radius of a dot and what images add to it, in pixels, by how many dots there are. */
const RADII: [most: number, least: number, room: number][] = [
  [300, 4, 9],
  [2000, 3, 6],
  [20_000, 1.2, 1.6],
  [Infinity, 0.8, 0.8],
];
const MARGIN = 80;

/** The radius of a task's dot in pixels: its area grows with the images. */
export function radiusOf(tasks: OnMap[]): (task: OnMap) => number {
  const most = tasks.reduce((largest, each) => Math.max(largest, each.images), 1);
  const [, least, room] = RADII.find(([count]) => tasks.length <= count)!;
  return (task) => least + room * Math.sqrt(task.images / most);
}

export function dotsOf(tasks: OnMap[], colouring: Colouring, selection: readonly string[]): Dot[] {
  const radius = radiusOf(tasks);
  const selected = new Set(selection);
  return tasks.map((task) => ({
    id: task.id,
    x: task.x,
    y: task.y,
    radius: radius(task),
    colour: colouring.of(task),
    selected: selected.has(task.id),
  }));
}

/** A disc as wide as two repeats of the embedding lie apart. */
export const haloOf = (task: OnMap, colouring: Colouring, marked: boolean): Halo => ({
  x: task.x,
  y: task.y,
  radius: (task.standard_error ?? 0) / 2,
  colour: colouring.of(task),
  marked,
});

/** The lines from a selected task to its near ones that are shown. */
export function edgesOf(task: OnMap, found: NearTasks | null, shown: ReadonlyMap<string, OnMap>): Edge[] {
  const all = found?.neighbours ?? [];
  const known = all.filter((each) => each.distance !== null && shown.has(each.id));
  const distances = known.map((each) => each.distance!);
  const [least, most] = [Math.min(...distances), Math.max(...distances)];
  return known.map((each) => {
    const other = shown.get(each.id)!;
    return {
      from: [task.x, task.y],
      to: [other.x, other.y],
      nearness: most > least ? (most - each.distance!) / (most - least) : 1,
      open: isTied(each, all),
    };
  });
}

/** The camera that shows all tasks in a frame of this size. */
export function fitting(tasks: OnMap[], size: { width: number; height: number }): Camera {
  if (tasks.length === 0) return { x: 0, y: 0, zoom: 8 };
  const low = { x: Infinity, y: Infinity };
  const high = { x: -Infinity, y: -Infinity };
  for (const { x, y } of tasks) {
    low.x = Math.min(low.x, x);
    low.y = Math.min(low.y, y);
    high.x = Math.max(high.x, x);
    high.y = Math.max(high.y, y);
  }
  const room = (pixels: number) => Math.max(80, pixels - 2 * Math.min(MARGIN, pixels / 6));
  const scale = Math.min(
    room(size.width) / Math.max(1e-6, high.x - low.x),
    room(size.height) / Math.max(1e-6, high.y - low.y),
  );
  return { x: (low.x + high.x) / 2, y: (low.y + high.y) / 2, zoom: Math.min(11, Math.log2(scale)) };
}

import type { Placed } from "../state/atlas";
import type { View } from "../state/view";

export type Colour = [number, number, number];

/** Okabe and Ito's colours, told apart with every kind of colour vision; the last is for the rest. */
export const GROUPS: Colour[] = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [120, 94, 240],
];
export const OTHER: Colour = [140, 146, 158];

/** Viridis, by nine of its colours. */
const VIRIDIS: Colour[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];
/** From orange (a loss) over grey to blue (a gain). */
const DIVERGING: Colour[] = [
  [179, 88, 6],
  [241, 163, 64],
  [190, 190, 196],
  [103, 169, 207],
  [5, 100, 180],
];

export function ramp(stops: Colour[], at: number): Colour {
  const place = Math.max(0, Math.min(1, at)) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const share = place - low;
  return [0, 1, 2].map((i) => Math.round(stops[low]![i]! * (1 - share) + stops[low + 1]![i]! * share)) as Colour;
}

export const css = (colour: Colour): string => `rgb(${colour.join(" ")})`;

export interface Legend {
  title: string;
  /** Of groups: a colour and a name each. */
  groups?: { colour: Colour; name: string }[];
  /** Of a scale: its colours and its ends. */
  scale?: { colours: Colour[]; low: string; high: string };
}

export interface Colouring {
  of: (task: Placed) => Colour;
  legend: Legend;
}

/** How tasks are coloured, and the legend that explains it. `gains` are those of the chosen model. */
export function colouring(view: View, tasks: Placed[], gains: Map<string, number> | null): Colouring {
  if (view.colour === "tag") return byTag(tasks);
  if (view.colour === "gain") {
    const values = tasks.flatMap((each) => gains?.get(each.name) ?? gains?.get(each.id) ?? []);
    const most = values.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0.01);
    const points = (value: number) => `${value > 0 ? "+" : ""}${(100 * value).toFixed(1)}`;
    return {
      of: (task) => {
        const gain = gains?.get(task.name) ?? gains?.get(task.id);
        return gain === undefined ? OTHER : ramp(DIVERGING, 0.5 + gain / most / 2);
      },
      legend: !view.model
        ? { title: "Choose a model to see what it gains" }
        : gains && !values.length
          ? { title: `No outcome tells what ${view.model} gains on a task` }
          : {
              title: `Gain of ${view.model} over the default, in points`,
              scale: { colours: DIVERGING, low: points(-most), high: points(most) },
            },
    };
  }
  const read = (task: Placed) => (view.colour === "classes" ? Math.log(Math.max(1, task.classes)) : task.complexity);
  const values = tasks.map(read).filter((each): each is number => each !== null);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const shown = (value: number) => (view.colour === "classes" ? Math.exp(value).toFixed(0) : value.toFixed(2));
  return {
    of: (task) => {
      const value = read(task);
      return value === null ? OTHER : ramp(VIRIDIS, high > low ? (value - low) / (high - low) : 0.5);
    },
    legend: {
      title: view.colour === "classes" ? "Number of classes" : "Complexity",
      scale: { colours: VIRIDIS, low: values.length ? shown(low) : "", high: values.length ? shown(high) : "" },
    },
  };
}

/** Few tags that cover most tasks, the one that most have first; a task has the colour of its first. */
function byTag(tasks: Placed[]): Colouring {
  const chosen = coveringTags(tasks, GROUPS.length);
  const colours = new Map(chosen.map((tag, i) => [tag, GROUPS[i]!]));
  const groupOf = (task: Placed) => chosen.find((tag) => task.tags.includes(tag));
  const groups = chosen.map((name) => ({ name, colour: colours.get(name)! }));
  if (tasks.some((task) => groupOf(task) === undefined)) groups.push({ name: "others", colour: OTHER });
  return { of: (task) => colours.get(groupOf(task) ?? "") ?? OTHER, legend: { title: "Tag", groups } };
}

function coveringTags(tasks: Placed[], most: number): string[] {
  const chosen: string[] = [];
  let left = tasks.filter((task) => task.tags.length > 0);
  while (left.length > 0 && chosen.length < most) {
    const counts = new Map<string, number>();
    for (const task of left) for (const tag of task.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    const [tag] = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))[0]!;
    chosen.push(tag);
    left = left.filter((task) => !task.tags.includes(tag));
  }
  return chosen;
}

import { api, data } from "../api/client";
import type { Neighbour } from "../api/types";
import { Answers } from "./answers";

/** How many near tasks are shown of a selected one. */
export const NEAR = 8;

export interface NearTasks {
  neighbours: readonly Neighbour[];
  warnings: readonly string[];
}

/** The near tasks of a task, by `keyOf`. */
export const near = new Answers<NearTasks>(async (key) => {
  const [task = "", way] = key.split(" ");
  const query = { k: NEAR, asymmetric: way === "sources", geometry: "symmetric" as const };
  const found = await data(api.GET("/v1/tasks/{task}/neighbours", { params: { path: { task }, query } }));
  return { neighbours: found.neighbours as Neighbour[], warnings: found.warnings ?? [] };
});

/** `asymmetric`: ordered as sources for the task. */
export const keyOf = (id: string, asymmetric: boolean): string => `${id} ${asymmetric ? "sources" : "alike"}`;

/** Whether the noise leaves the rank of a near task open: another has the same one. */
export const isTied = (one: Neighbour, all: readonly Neighbour[]): boolean =>
  all.some((other) => other !== one && other.rank === one.rank);

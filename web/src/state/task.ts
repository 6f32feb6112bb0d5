import { api, data } from "../api/client";
import type { Model, Outcome, TaskDetails, TaskLayers, TaskPictures } from "../api/types";
import { Answers } from "./answers";
import { outcomes } from "./atlas";

const path = (task: string) => ({ params: { path: { task } } });

/** A task with its provenance, by its name or id. */
export const details = new Answers<TaskDetails>(async (task) => (await data(api.GET("/v1/tasks/{task}", path(task)))) as TaskDetails);

/** What pictures there are of a task, by its id. */
export const pictures = new Answers<TaskPictures>(async (task) => (await data(api.GET("/v1/tasks/{task}/pictures", path(task)))) as TaskPictures);

export const layers = new Answers<TaskLayers>(async (task) => (await data(api.GET("/v1/tasks/{task}/layers", path(task)))) as TaskLayers);

/** What fine-tuning gave on a task, best first. */
export const outcomesOn = new Answers<Outcome[]>(async (task) => (await outcomes({ task })).sort((a, b) => b.accuracy - a.accuracy));

/** The experts that were fine-tuned on a task. */
export const expertsOf = (task: { id: string; name: string }, models: Model[]): Model[] =>
  models.filter((each) => each.task === task.id || each.task === task.name);

import { html, type TemplateResult } from "lit";
import type { Neighbour } from "../api/types";
import { percent, taskLink, whole } from "./words";

/** Which of the nearest tasks have images of a task: they are near for that reason, too. */
export function sharedImages(near: readonly Neighbour[]): TemplateResult {
  const sharing = near.filter((each) => each.shares_images);
  const unknown = near.filter((each) => each.shares_images === null).length;
  const rest = unknown ? html`<p class="note">Of ${whole(unknown)} of the nearest ${whole(near.length)} tasks it is not known which images they have.</p>` : "";
  if (!near.length) return html`<p class="quiet">No other task can be compared with it.</p>`;
  if (!sharing.length) return html`<p class="quiet">${unknown === near.length ? "" : `None of the nearest ${whole(near.length - unknown)} tasks has images of it.`}</p>${rest}`;
  return html`<table class="plain">
      <thead><tr><th scope="col">Task</th><th scope="col" class="number">Images of this task</th><th scope="col" class="number">Share of this task</th></tr></thead>
      <tbody>
        ${sharing.map(
          (each) => html`<tr>
            <th scope="row">${taskLink(each.id, each.name)}</th>
            <td class="number">${each.shared_images == null ? "some" : whole(each.shared_images)}</td>
            <td class="number">${each.shared_share == null ? "–" : percent(each.shared_share, 0)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <p class="note">They are near for that reason, too: their distance says less about the rest of their images.</p>
    ${rest}`;
}

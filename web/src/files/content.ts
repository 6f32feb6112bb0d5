import { unzip } from "fflate";
import type { Dropped } from "./dropped";
import type { Member } from "./tar";

/** What would be sent, as far as the page can tell before it is. */
export interface Content {
  /** The images, by class; null for an archive that the page does not look into. */
  classes: Map<string, Member[]> | null;
  /** Numbers of images by class where the images themselves are in an archive. */
  counts: Map<string, number> | null;
  left: string[];
  /** How many images lie in no folder, so that nobody knows their class. */
  loose: number;
  /** The classes that their names tell, such as cat of cat_01.jpg; null where these tell none. */
  named: Map<string, number> | null;
  bytes: number;
}

const IMAGES = /\.(png|jpe?g|gif|bmp|webp|tiff?|ppm|pgm)$/i;
const MOST_ZIP = 200e6;

export async function contentOf(dropped: Dropped): Promise<Content> {
  if (dropped.archive) return { ...(await listed(dropped.archive)), bytes: dropped.archive.size };
  const classes = new Map<string, Member[]>();
  const left: string[] = [];
  const loose: string[] = [];
  let bytes = 0;
  for (const each of dropped.members) {
    if (hidden(each.path)) continue;
    if (!IMAGES.test(each.path)) {
      left.push(each.path);
      continue;
    }
    const label = classOf(each.path);
    if (label === null) {
      loose.push(each.path);
      continue;
    }
    classes.set(label, [...(classes.get(label) ?? []), each]);
    bytes += each.file.size;
  }
  return { classes: ordered(classes), counts: null, left, loose: loose.length, named: namedIn(loose), bytes };
}

/** The class that the name of a file tells: what stands before its number; null where it tells none. */
export const classInName = (path: string): string | null =>
  /^(.*?\p{L})[\s._()\d-]*\d\)?\.\w+$/u.exec(path.split("/").at(-1)!)?.[1] ?? null;

/** Whether a file is an image in no folder. */
export const isLoose = (path: string): boolean => !hidden(path) && IMAGES.test(path) && classOf(path) === null;

function namedIn(paths: string[]): Map<string, number> | null {
  const found = new Map<string, number>();
  for (const each of paths) {
    const label = classInName(each);
    if (label === null) return null;
    found.set(label, (found.get(label) ?? 0) + 1);
  }
  // Where each has a name of its own, as those of a camera do, the names are no classes.
  return found.size > 1 && found.size <= paths.length / 2 ? ordered(found) : null;
}

/** The members to send: images in folders; the rest stays where it is. */
export const sendable = (content: Content): Member[] => [...(content.classes?.values() ?? [])].flat();

/** Count the images of a zip by its list of contents; of other archives the server tells. */
async function listed(archive: File): Promise<Omit<Content, "bytes">> {
  const none = { classes: null, counts: null, left: [], loose: 0, named: null };
  if (!/\.zip$/i.test(archive.name) || archive.size > MOST_ZIP) return none;
  const data = new Uint8Array(await archive.arrayBuffer());
  const names = await new Promise<string[] | null>((done) => {
    const found: string[] = [];
    const filter = ({ name }: { name: string }) => {
      found.push(name);
      return false;
    };
    unzip(data, { filter }, (error) => done(error ? null : found));
  });
  if (!names) return none;
  const counts = new Map<string, number>();
  let loose = 0;
  for (const each of names) {
    if (hidden(each) || !IMAGES.test(each)) continue;
    const label = classOf(each);
    if (label === null) loose += 1;
    else counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return { ...none, counts: ordered(counts), loose };
}

const hidden = (path: string): boolean => path.split("/").some((each) => each.startsWith(".") || each === "__MACOSX");

const classOf = (path: string): string | null => path.split("/").at(-2) ?? null;

const ordered = <T>(all: Map<string, T>): Map<string, T> => new Map([...all].sort(([a], [b]) => a.localeCompare(b)));

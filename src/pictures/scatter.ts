import { UserError } from '../errors.js';
import { permutation } from '../random/fill.js';
import { Random } from '../random/random.js';
import { colours, font, margin, newSheet, pngBytes, type Sheet } from './canvas.js';
import { roundTicks, short } from './numberText.js';
import { fitted, write } from './text.js';

/** Points in the plane. */
export interface ScatterPicture {
  /** `[n, 2]`, finite. */
  readonly points: Float32Array;
  /** The class of each point, a place in `classes`, `[n]`. */
  readonly labels?: ArrayLike<number>;
  /** The names of the classes. Beyond 20, the rarest are drawn as one: `other`. */
  readonly classes?: readonly string[];
  readonly title: string;
  readonly subtitle?: string;
  /** What lies along the horizontal and the vertical axis. */
  readonly axes: readonly [string, string];
}

const plot = { left: 78, top: 84, size: 780 } as const;
const right = plot.left + plot.size;
const bottom = plot.top + plot.size;
const legend = { left: right + 28, width: 290, row: 26 } as const;
const width = legend.left + legend.width;
const height = bottom + 84;

// The ten colours of Petroff, "Accessible Color Sequences for Data Visualization" (arXiv:2107.02270), which were
// sought so that any two stay apart for colour-blind readers as well; then the same ten darker, for which the legend
// and the names within the plot have to help.
const palette = [
  ...['#3f90da', '#ffa90e', '#bd1f01', '#94a4a2', '#832db6', '#a96b59', '#e76300', '#b9ac70', '#717581'],
  ...['#92dadd', '#1c4a78', '#8a5a00', '#5e1000', '#4a5453', '#3f1259', '#54342a', '#7a3400', '#635b32'],
  ...['#2f3138', '#2f7f83'],
];
const otherColour = '#d6d6d2';

/** What is left of the outermost points at either end of an axis: the view is not to hang on a few far points. */
const outermost = 0.001;

/** A name at its group is cut to so many letters. */
const longestName = 14;

interface Group {
  readonly name: string;
  readonly colour: string;
  count: number;
}

/** How points and pixels belong together. */
interface View {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/**
 * Draws points in the plane, coloured by class, with a legend that counts them, and each class named where it is
 * densest. The view ends at the 0.1 and the 99.9 percentile of either axis, and a line below says how many points
 * lie outside. Points are drawn in random but fixed order, so that no class covers another; many are small and
 * translucent.
 * @returns The bytes of a PNG file.
 * @throws {UserError} when there are no points or some are not finite, labels and points differ in number, or a
 *   label names no class.
 */
export async function scatterPicture(picture: ScatterPicture): Promise<Uint8Array> {
  const count = check(picture);
  const { groups, groupOf } = groupsOf(picture, count);
  const view = { x: rangeOf(picture.points, 0), y: rangeOf(picture.points, 1) };
  const pixels = pixelsOf(picture.points, view);
  const inside = pixels.filter((value, i) => i % 2 === 0 && !Number.isNaN(value)).length;

  const sheet = await newSheet(picture.labels ? width : right + 34, height);
  heading(sheet, picture);
  drawAxes(sheet, view, picture.axes);
  drawPoints(sheet, pixels, inside, groups, groupOf);
  if (picture.labels) {
    drawLegend(sheet, groups);
    drawNames(sheet, pixels, groups, groupOf);
  }
  const outside = count - inside;
  const number = `${counted(count)} ${count === 1 ? 'point' : 'points'}`;
  const rest =
    outside === 0 ? '' : `, of which ${counted(outside)} ${outside === 1 ? 'lies' : 'lie'} outside the view`;
  write(sheet, number + rest, plot.left, bottom + 66, { colour: colours.faintText });
  return pngBytes(sheet);
}

function check({ points, labels, classes = [] }: ScatterPicture): number {
  const count = points.length / 2;
  if (count === 0 || !Number.isInteger(count)) {
    throw new UserError(`a picture of ${points.length} coordinates was asked for; give two for each point`);
  }
  const wrong = points.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new UserError(
      `point ${wrong >> 1} has the coordinate ${points[wrong]}; only finite points can be drawn, leave it out`,
    );
  }
  if (!labels) return count;
  if (labels.length !== count) {
    throw new UserError(`there are ${count} points and ${labels.length} labels; give one label a point`);
  }
  for (let i = 0; i < count; i++) {
    if (classes[labels[i]!] === undefined) {
      throw new UserError(`point ${i} has the label ${labels[i]}, but there are ${classes.length} classes`);
    }
  }
  return count;
}

/** The classes that are drawn, in their order, and to which each point belongs; one group without labels. */
function groupsOf({ labels, classes = [] }: ScatterPicture, count: number) {
  const groupOf = new Uint32Array(count);
  if (!labels) return { groups: [{ name: '', colour: colours.blue, count }], groupOf };
  const counts = new Uint32Array(classes.length);
  for (let i = 0; i < count; i++) counts[labels[i]!]!++;
  const frequent = [...classes.keys()]
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, palette.length);
  const kept = classes.length > palette.length ? frequent.sort((a, b) => a - b) : [...classes.keys()];
  const groups: Group[] = kept.map((c, g) => ({ name: classes[c]!, colour: palette[g]!, count: counts[c]! }));
  const rest = classes.length - kept.length;
  if (rest > 0) groups.push({ name: `other (${counted(rest)} classes)`, colour: otherColour, count: 0 });
  const places = classes.map((_, c) => (kept.includes(c) ? kept.indexOf(c) : kept.length));
  for (let i = 0; i < count; i++) groupOf[i] = places[labels[i]!]!;
  if (rest > 0) groups.at(-1)!.count = count - kept.reduce((sum, c) => sum + counts[c]!, 0);
  return { groups, groupOf };
}

/** From the 0.1 to the 99.9 percentile with some room, never empty. */
function rangeOf(points: Float32Array, axis: number): [number, number] {
  const sorted = points.filter((_, i) => i % 2 === axis).sort();
  const drop = Math.floor(outermost * sorted.length);
  const [low, high] = [sorted[drop]!, sorted[sorted.length - 1 - drop]!];
  const room = 0.04 * (high - low) || 0.5 * Math.max(Math.abs(low), 1);
  return [low - room, high + room];
}

/** Where the points are on the sheet, `[n, 2]`; NaN outside the view. */
function pixelsOf(points: Float32Array, { x, y }: View): Float32Array {
  const pixels = new Float32Array(points.length).fill(Number.NaN);
  for (let i = 0; i < points.length; i += 2) {
    const across = (points[i]! - x[0]) / (x[1] - x[0]);
    const up = (points[i + 1]! - y[0]) / (y[1] - y[0]);
    if (across < 0 || across > 1 || up < 0 || up > 1) continue;
    pixels[i] = plot.left + across * plot.size;
    pixels[i + 1] = bottom - up * plot.size;
  }
  return pixels;
}

function drawPoints(
  { context }: Sheet,
  pixels: Float32Array,
  inside: number,
  groups: readonly Group[],
  groupOf: Uint32Array,
): void {
  // How many square pixels a point has to itself, counting only cells of the plot in which there are points.
  const cell = 8;
  const occupied = new Set<number>();
  for (let i = 0; i < pixels.length; i += 2) {
    if (!Number.isNaN(pixels[i]!))
      occupied.add(Math.floor(pixels[i]! / cell) * width + Math.floor(pixels[i + 1]! / cell));
  }
  const share = (occupied.size * cell * cell) / Math.max(1, inside);
  // Where all points share a few places, dots of their size would be lost on the sheet.
  const least = occupied.size < 100 ? 4 : 1.2;
  const radius = Math.min(5.5, Math.max(least, 0.5 * Math.sqrt(share)));
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.size, plot.size);
  context.clip();
  context.globalAlpha = Math.min(0.85, Math.max(0.3, 0.45 * Math.sqrt(share / 2)));
  for (const i of permutation(pixels.length / 2, new Random('order of points'))) {
    if (Number.isNaN(pixels[2 * i]!)) continue;
    context.fillStyle = groups[groupOf[i]!]!.colour;
    context.beginPath();
    context.arc(pixels[2 * i]!, pixels[2 * i + 1]!, radius, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
}

function drawLegend(sheet: Sheet, groups: readonly Group[]): void {
  const end = width - margin;
  groups.forEach(({ name, colour, count }, g) => {
    const y = plot.top + 12 + g * legend.row;
    const number = counted(count);
    write(sheet, number, end, y, { align: 'right', colour: colours.faintText });
    const room = end - sheet.context.measureText(number).width - 12 - (legend.left + 22);
    write(sheet, fitted(sheet, name, room), legend.left + 22, y);
    disc(sheet, colour, legend.left + 8, y, 6);
  });
}

/** Each class's name where most of its points are: colours alone do not tell everyone, nor 20 of them anyone. */
function drawNames(sheet: Sheet, pixels: Float32Array, groups: readonly Group[], groupOf: Uint32Array): void {
  const { context } = sheet;
  const taken: { x: number; y: number; width: number }[] = [];
  const shownNames = groups.map(({ name }) =>
    name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name,
  );
  const order = [...groups.keys()].sort((a, b) => groups[b]!.count - groups[a]!.count);
  for (const g of order) {
    const { colour, count } = groups[g]!;
    // Three points need no name beside them: the legend does.
    if (count < 10 || colour === otherColour || groups.length === 1) continue;
    const place = densest(pixels, groupOf, g);
    if (!place) continue;
    const words = shownNames[g]!;
    // Names that begin alike would be cut to one, which tells nothing.
    if (shownNames.filter((other) => other === words).length > 1) continue;
    context.font = font(15);
    const wide = context.measureText(words).width + 6;
    const x = Math.min(right - wide / 2 - 2, Math.max(plot.left + wide / 2 + 2, place[0]));
    const y = Math.min(bottom - 12, Math.max(plot.top + 12, place[1]));
    const hidden = taken.some((t) => Math.abs(t.x - x) < (t.width + wide) / 2 && Math.abs(t.y - y) < 18);
    if (hidden) continue;
    taken.push({ x, y, width: wide });
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.lineJoin = 'round';
    context.lineWidth = 4;
    context.strokeStyle = colours.panel;
    context.strokeText(words, x, y);
    context.fillStyle = colours.text;
    context.fillText(words, x, y);
  }
}

/** The middle of the 5 × 5 cells that hold most of a group's points; the first of several. */
function densest(pixels: Float32Array, groupOf: Uint32Array, group: number): [number, number] | undefined {
  const cells = 40;
  const cell = plot.size / cells;
  const counts = new Float64Array((cells + 1) ** 2);
  for (let i = 0; i < groupOf.length; i++) {
    if (groupOf[i] !== group || Number.isNaN(pixels[2 * i]!)) continue;
    const column = Math.floor((pixels[2 * i]! - plot.left) / cell);
    const row = Math.floor((pixels[2 * i + 1]! - plot.top) / cell);
    counts[row * (cells + 1) + column]!++;
  }
  let [most, found] = [0, undefined as [number, number] | undefined];
  for (let row = 0; row <= cells; row++) {
    for (let column = 0; column <= cells; column++) {
      let sum = 0;
      for (let r = Math.max(0, row - 2); r <= Math.min(cells, row + 2); r++) {
        for (let c = Math.max(0, column - 2); c <= Math.min(cells, column + 2); c++) {
          // The nearer to the middle, the more it counts.
          sum += counts[r * (cells + 1) + c]! / (1 + Math.abs(r - row) + Math.abs(c - column));
        }
      }
      if (sum <= most) continue;
      most = sum;
      found = [plot.left + (column + 0.5) * cell, plot.top + (row + 0.5) * cell];
    }
  }
  return found;
}

function drawAxes(sheet: Sheet, { x, y }: View, axes: readonly [string, string]): void {
  const { context } = sheet;
  context.fillStyle = colours.panel;
  context.fillRect(plot.left, plot.top, plot.size, plot.size);
  context.fillStyle = colours.grid;
  for (const tick of roundTicks(...x, 6)) {
    const at = Math.round(plot.left + ((tick - x[0]) / (x[1] - x[0])) * plot.size);
    context.fillStyle = colours.grid;
    context.fillRect(at, plot.top, 1, plot.size);
    write(sheet, short(tick, 6), at, bottom + 16, { align: 'center', colour: colours.faintText });
  }
  for (const tick of roundTicks(...y, 6)) {
    const at = Math.round(bottom - ((tick - y[0]) / (y[1] - y[0])) * plot.size);
    context.fillStyle = colours.grid;
    context.fillRect(plot.left, at, plot.size, 1);
    write(sheet, short(tick, 6), plot.left - 8, at, { align: 'right', colour: colours.faintText });
  }
  context.strokeStyle = colours.frame;
  context.lineWidth = 1;
  context.strokeRect(plot.left + 0.5, plot.top + 0.5, plot.size - 1, plot.size - 1);
  const middle = plot.top + plot.size / 2;
  write(sheet, fitted(sheet, axes[0], plot.size), plot.left + plot.size / 2, bottom + 40, {
    align: 'center',
  });
  context.save();
  context.translate(20, middle);
  context.rotate(-Math.PI / 2);
  write(sheet, fitted(sheet, axes[1], plot.size), 0, 0, { align: 'center' });
  context.restore();
}

function heading(sheet: Sheet, { title, subtitle = '' }: ScatterPicture): void {
  const room = sheet.canvas.width - 2 * margin;
  write(sheet, fitted(sheet, title, room, 16), margin, margin + 8, { size: 16 });
  write(sheet, fitted(sheet, subtitle, room), margin, margin + 34, { colour: colours.faintText });
}

function disc({ context }: Sheet, colour: string, x: number, y: number, radius: number): void {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function counted(count: number): string {
  return count.toLocaleString('en-US');
}

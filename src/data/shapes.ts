import { permutation } from '../random/fill.js';
import { Random } from '../random/random.js';
import type { Dataset, Factors } from './dataset.js';

/** Height and width of a picture. */
const side = 32;
/** Points in each direction within a pixel, of which the share that is covered makes its grey. */
const points = 3;

/** Whether a point is inside a shape of size 1 around the origin. */
type Inside = (x: number, y: number) => boolean;

// None of them looks the same after a turn of less than 90 degrees.
const outlines: readonly Inside[] = [
  (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.7,
  (x, y) => x ** 2 + (y / 0.5) ** 2 < 1,
  (x, y) => y > -0.5 && y < 1 - Math.sqrt(3) * Math.abs(x),
];

const scales = [4, 5, 6, 7, 8];
const turns = 8;
const places = 8;

/** The factors of `shapes`, and how many values each has. */
const factorSizes = [outlines.length, scales.length, turns, places, places] as const;

/**
 * Pictures of one white shape on black of which everything is known, in the manner of dSprites (Matthey et al. 2017):
 * 7,680 of shape [32, 32], bytes, every combination of 3 shapes (square, ellipse, triangle), 5 scales, 8 rotations within
 * 90 degrees, and 8 by 8 positions. Computed, not read; always the same, in an order that is mixed, so that a slice is a
 * fair sample. `labels` are the shapes, `factors` all five.
 */
export function shapes(): Dataset {
  const count = factorSizes.reduce((product, size) => product * size, 1);
  const data = new Uint8Array(count * side * side);
  const values = new Int32Array(count * factorSizes.length);
  permutation(count, new Random(0, 'shapes')).forEach((combination, sample) => {
    let rest = combination;
    const factors = factorSizes.map((size) => {
      const value = rest % size;
      rest = (rest - value) / size;
      return value;
    });
    values.set(factors, sample * factorSizes.length);
    draw(data.subarray(sample * side * side, (sample + 1) * side * side), factors);
  });
  const width = factorSizes.length;
  const factors: Factors = {
    names: ['shape', 'scale', 'rotation', 'x', 'y'],
    sizes: [...factorSizes],
    categorical: [true, false, false, false, false],
    values,
  };
  return {
    data,
    shape: [count, side, side],
    labels: Int32Array.from({ length: count }, (_, i) => values[i * width]!),
    factors,
    source: 'shapes',
  };
}

function draw(picture: Uint8Array, [shape, scale, turn, column, row]: readonly number[]): void {
  const inside = outlines[shape!]!;
  const size = scales[scale!]!;
  const angle = ((Math.PI / 2) * turn!) / turns;
  const [cosine, sine] = [Math.cos(angle) / size, Math.sin(angle) / size];
  const margin = Math.max(...scales) + 1;
  const at = (place: number) => margin + ((side - 2 * margin) * place) / (places - 1);
  const [centerX, centerY] = [at(column!), at(row!)];
  for (let i = 0; i < side * side; i++) {
    let covered = 0;
    for (let p = 0; p < points * points; p++) {
      const x = (i % side) + ((p % points) + 0.5) / points - centerX;
      const y = Math.floor(i / side) + (Math.floor(p / points) + 0.5) / points - centerY;
      if (inside(cosine * x + sine * y, cosine * y - sine * x)) covered++;
    }
    picture[i] = Math.round((255 * covered) / (points * points));
  }
}

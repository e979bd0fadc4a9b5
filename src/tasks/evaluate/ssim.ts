/** How the values of a picture lie: rows, in them columns, in them channels. */
export interface PictureShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Whether each channel is a plane of its own, one after the other. */
  readonly planes?: boolean;
}

const radius = 5;
const kernel = gaussian(1.5);

/** Normal weights of 2 · radius + 1 places, which add up to 1. */
function gaussian(deviation: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / deviation) ** 2),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * The structural similarity index (Wang, Bovik, Sheikh and Simoncelli 2004): the mean over pictures, channels and all
 * places where the window of 11 × 11 (normal weights of deviation 1.5) lies inside the picture; K₁ = 0.01, K₂ = 0.03. 1 for
 * equal pictures. The same as `skimage.metrics.structural_similarity` with gaussian_weights and without
 * use_sample_covariance.
 * @param first one picture after the other, as `second`; height and width are 11 at least
 * @param range the difference of the largest and the least value that pixels can have
 */
export function ssim(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { height, width, ...rest }: PictureShape,
  range: number,
): number {
  const pixels = height * width;
  // Planes are pictures of one channel.
  const channels = rest.planes ? 1 : rest.channels;
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2];
  const planes = first.length / pixels;
  let total = 0;
  for (let plane = 0; plane < planes; plane++) {
    const start = Math.floor(plane / channels) * pixels * channels + (plane % channels);
    const take = (value: (a: number, b: number) => number) =>
      windows(
        Float64Array.from({ length: pixels }, (_, i) =>
          value(first[start + i * channels]!, second[start + i * channels]!),
        ),
        height,
        width,
      );
    const [a, b] = [take((x) => x), take((_, y) => y)];
    const [aa, bb, ab] = [take((x) => x * x), take((_, y) => y * y), take((x, y) => x * y)];
    let sum = 0;
    for (let i = 0; i < a.length; i++) {
      const [ma, mb] = [a[i]!, b[i]!];
      const covariance = ab[i]! - ma * mb;
      const variances = aa[i]! - ma * ma + bb[i]! - mb * mb;
      sum += ((2 * ma * mb + c1) * (2 * covariance + c2)) / ((ma * ma + mb * mb + c1) * (variances + c2));
    }
    total += sum / a.length;
  }
  return total / planes;
}

/** The weighted mean of every window that lies inside, [height - 10, width - 10]. */
function windows(plane: Float64Array, height: number, width: number): Float64Array {
  const [inner, rows] = [width - 2 * radius, height - 2 * radius];
  const across = new Float64Array(height * inner);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < inner; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * plane[y * width + x + k]!;
      across[y * inner + x] = sum;
    }
  }
  const out = new Float64Array(rows * inner);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < inner; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * across[(y + k) * inner + x]!;
      out[y * inner + x] = sum;
    }
  }
  return out;
}

/** A dimension whose deviation is below this share of the largest one, or of its own mean, is rounding alone. */
const negligible = 1e-6;

/** Codes brought to mean 0 and deviation 1 in each dimension, without those dimensions that are constant. */
export class Standardization {
  private readonly mean: Float64Array;
  private readonly deviation: Float64Array;
  /** The dimensions that vary. */
  private readonly varying: readonly number[];

  /** @param codes [count, latent], row-major */
  constructor(
    codes: Float32Array,
    private readonly latent: number,
  ) {
    const count = codes.length / latent;
    this.mean = new Float64Array(latent);
    this.deviation = new Float64Array(latent);
    for (let i = 0; i < codes.length; i++) this.mean[i % latent]! += codes[i]! / count;
    for (let i = 0; i < codes.length; i++)
      this.deviation[i % latent]! += (codes[i]! - this.mean[i % latent]!) ** 2 / count;
    for (let d = 0; d < latent; d++) this.deviation[d] = Math.sqrt(this.deviation[d]!);
    const largest = Math.max(...this.deviation);
    const varies = (d: number) =>
      this.deviation[d]! > negligible * Math.max(largest, Math.abs(this.mean[d]!));
    this.varying = Array.from({ length: latent }, (_, d) => d).filter(varies);
  }

  /** How many dimensions vary: the width of standardised codes. */
  get width(): number {
    return this.varying.length;
  }

  /** What the logarithm of a density loses by the stretching back: Σ log(deviation). */
  get logVolume(): number {
    return this.varying.reduce((sum, d) => sum + Math.log(this.deviation[d]!), 0);
  }

  /** [count, latent] → [count, width]. */
  apply(codes: Float32Array): Float32Array {
    const rows = codes.length / this.latent;
    const out = new Float32Array(rows * this.width);
    for (let row = 0; row < rows; row++) {
      this.varying.forEach((d, i) => {
        out[row * this.width + i] = (codes[row * this.latent + d]! - this.mean[d]!) / this.deviation[d]!;
      });
    }
    return out;
  }

  /** [count, width] → [count, latent]; dimensions that are constant get their constant. */
  undo(rows: Float32Array): Float32Array {
    const count = rows.length / this.width;
    const out = new Float32Array(count * this.latent);
    for (let row = 0; row < count; row++) {
      out.set(this.mean, row * this.latent);
      this.varying.forEach((d, i) => {
        out[row * this.latent + d] = rows[row * this.width + i]! * this.deviation[d]! + this.mean[d]!;
      });
    }
    return out;
  }
}

import type { Dataset } from '../data/dataset.js';
import { UserError } from '../errors.js';
import { sizeOf } from '../graph/shape.js';
import { fillNoise } from '../random/fill.js';
import { Random } from '../random/random.js';
import type { Session, TensorValue } from '../runtime/backend.js';
import { measuredSamples } from './binarized.js';
import { importanceModel, type Trained } from './export.js';
import { forEachChunk, scalarInputs, toInput } from './inference.js';
import type { Platform } from './platform.js';

/** How many draws, in all samples of a run together, go through the decoder at a time. */
const drawsInRun = 1024;
/** And of one sample at most so many: memory does not grow with the number of draws that is asked for. */
const drawsOfSample = 64;

/** How an estimate is made. */
export interface ImportanceOptions {
  /** Draws for each sample. */
  readonly samples: number;
  readonly seed: number;
  /** Whether all samples are judged by the same draws, so that equal samples get equal figures. */
  readonly sameDraws?: boolean;
  /** Draws of a sample in one run, where it is not left to us. */
  readonly chunk?: number;
}

/**
 * The importance-weighted estimate of log p(x), in nats (Burda, Grosse and Salakhutdinov 2016, equation 8):
 * log (1/K) Σₖ p(x, zₖ) / q(zₖ | x) with K draws of z from q(z | x). Its expectation is a lower bound of log p(x) that
 * rises with K; at K = 1 it is the evidence lower bound.
 *
 * One graph of fixed size is compiled, and draws stream through it: only the largest weight and the sum of weights by it
 * are kept of each sample. The draws of a sample depend on the seed and its place in the data alone, so neither the size
 * of chunks matters nor what other samples there are; the first draws of a longer estimate are those of a shorter one.
 */
export class ImportanceEstimator {
  private readonly draws: number;
  private readonly rows: number;
  private readonly graph: ReturnType<typeof importanceModel>;
  private readonly session: Promise<Session>;

  /** @throws {UserError} when the model has no bound on log p(x), or `samples` is no whole number above 0 */
  constructor(
    platform: Platform,
    private readonly trained: Trained,
    private readonly options: ImportanceOptions,
  ) {
    const { samples, chunk = drawsOfSample } = options;
    if (!(Number.isSafeInteger(samples) && samples > 0)) {
      throw new UserError(
        `importance samples: a whole number above 0 is expected, such as 5000; got ${samples}`,
      );
    }
    if (trained.definition.logWeights === undefined) {
      throw new UserError(
        `log p(x) cannot be estimated: a model of the family '${trained.family}' defines no distribution over data; variational models do`,
      );
    }
    this.draws = Math.min(samples, chunk);
    this.rows = Math.max(1, Math.floor(drawsInRun / this.draws));
    this.graph = importanceModel(trained, this.rows, this.draws);
    this.session = platform.createSession(this.graph.model);
  }

  /** The estimate for each sample, in their order; `first` is the place of the first of them in the data. */
  async of(samples: TensorValue, first = 0): Promise<Float64Array> {
    const estimates = new Float64Array(samples.shape[0]!);
    await forEachChunk(
      samples,
      async (chunk, start) => {
        estimates.set(await this.chunk(chunk, first + start), start);
      },
      this.rows,
    );
    return estimates;
  }

  /** Frees the compiled graph. */
  async release(): Promise<void> {
    await (await this.session).release();
  }

  private async chunk(given: TensorValue, first: number): Promise<Float64Array> {
    const session = await this.session;
    const count = given.shape[0]!;
    const fixed = {
      input: padded(given, this.rows),
      ...scalarInputs(this.trained.definition, this.graph.scope),
    };
    const noise = this.noise(count, first);
    const sums = Array.from({ length: count }, () => new LogSum());
    for (let done = 0; done < this.options.samples; done += this.draws) {
      const now = Math.min(this.draws, this.options.samples - done);
      const { logWeights } = await session.run({ ...fixed, ...noise(now) });
      const weights = logWeights!.data as Float32Array;
      sums.forEach((total, row) => {
        for (let k = 0; k < now; k++) total.add(weights[row * this.draws + k]!);
      });
    }
    return Float64Array.from(sums, (total) => total.value - Math.log(this.options.samples));
  }

  /** Gives the next so many draws of each sample at every call; the rest of the arrays is of no account. */
  private noise(count: number, first: number): (draws: number) => Record<string, TensorValue> {
    const { seed, sameDraws = false } = this.options;
    const all = [...this.graph.scope.noises].map(([name, { kind, shape }]) => {
      const sizes = shape as readonly number[];
      if (sizes[0] !== this.rows || sizes[1] !== this.draws)
        throw new Error(`${name}: noise of logWeights must be [batch, draws, …], not [${shape.join(', ')}]`);
      const streams = Array.from(
        { length: count },
        (_, row) => new Random(seed, 'importance', name, sameDraws ? 0 : first + row),
      );
      const value = { dtype: 'float32' as const, shape: sizes, data: new Float32Array(sizeOf(sizes)) };
      return { name, kind, streams, value, width: sizeOf(sizes.slice(2)) };
    });
    return (draws) =>
      Object.fromEntries(
        all.map(({ name, kind, streams, value, width }) => {
          streams.forEach((stream, row) => {
            const start = row * this.draws * width;
            fillNoise(value.data.subarray(start, start + draws * width), kind, stream);
          });
          return [name, value];
        }),
      );
  }
}

/** The estimate for each sample of a data set. */
export async function logLikelihoods(
  platform: Platform,
  trained: Trained,
  data: Dataset,
  options: ImportanceOptions,
): Promise<Float64Array> {
  const estimator = new ImportanceEstimator(platform, trained, options);
  try {
    return await estimator.of(toInput(measuredSamples(data, trained), trained.sample));
  } finally {
    await estimator.release();
  }
}

/** log Σ eˣ of numbers that come one after the other, finite for all that float64 holds. */
class LogSum {
  private largest = Number.NEGATIVE_INFINITY;
  private sum = 0;

  add(x: number): void {
    if (x === Number.NEGATIVE_INFINITY) return;
    if (x > this.largest) {
      this.sum = this.sum * Math.exp(this.largest - x) + 1;
      this.largest = x;
    } else {
      this.sum += Math.exp(x - this.largest);
    }
  }

  get value(): number {
    return this.largest + Math.log(this.sum);
  }
}

/** The rows, and behind them copies of the first up to a number of rows. */
function padded({ dtype, shape, data }: TensorValue, rows: number): TensorValue {
  const [count, ...rest] = shape;
  if (count === rows) return { dtype, shape, data };
  const width = sizeOf(rest);
  const filled = new (data.constructor as Float32ArrayConstructor)(rows * width) as unknown as Float32Array;
  filled.set(data);
  for (let row = count!; row < rows; row++) filled.set(data.subarray(0, width), row * width);
  return { dtype, shape: [rows, ...rest], data: filled };
}

import { forEachChunk, runChunks } from '../../estimator/inference.js';
import type { Platform } from '../../estimator/platform.js';
import { type Expr, input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { add, exp, mul, neg, sub } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { sizeOf } from '../../graph/shape.js';
import type { Trainable } from '../../models/definition.js';
import type { SampleSpec } from '../../models/io.js';
import { log2Pi } from '../../nn/draws.js';
import { sumFeatures } from '../../nn/losses.js';
import { type Conditional, inputDegrees, made } from '../../nn/made.js';
import { Scope } from '../../nn/scope.js';
import { fillNoise } from '../../random/fill.js';
import { Random } from '../../random/random.js';
import type { Session } from '../../runtime/backend.js';
import { fit } from '../../train/fit.js';
import { variablesOf } from '../../train/programs.js';
import type { CodeDensity } from './density.js';
import { type SecondStageOptions, secondStageFit } from './secondStage.js';
import { Standardization } from './standardize.js';

const blocks = 5;
const smallestHidden = 64;
const largestHidden = 512;

/**
 * A masked autoregressive flow (Papamakarios et al. 2017) on codes: blocks u = (x - shift(x)) · exp(-logScale(x)), each
 * by a masked network, the order of dependence reversed from one to the next; what remains is to be N(0, 1). The
 * change of variables gives log p(x) = log N(u; 0, 1) - Σ logScale, which training maximises. Draws go through the blocks
 * backwards, one dimension after the other. Dimensions of the codes that are constant stay so, and the density is that
 * of the others. Codes of one number have nothing to depend on: of them a flow is a normal distribution.
 * @param codes [count, latent], not all the same
 */
export async function fitFlow(
  platform: Platform,
  codes: Float32Array,
  latent: number,
  options: SecondStageOptions,
): Promise<FlowDensity> {
  const standard = new Standardization(codes, latent);
  const rows = standard.apply(codes);
  const { width } = standard;
  const count = rows.length / width;
  const definition: Trainable = {
    features: width,
    latent: width,
    objective: (x, scope) => ({ loss: neg(mean(logDensityOf(x, scope))), metrics: {} }),
    scalars: {},
    support: { low: -Infinity, high: Infinity, because: 'a flow' },
  };
  const sample: SampleSpec = { dtype: 'float32', shape: [width], scale: 1 };
  const initial = Object.fromEntries(
    [...variablesOf(definition, sample)].map(([name, { shape, initializer }]) => [
      name,
      initializer(shape, new Random(options.seed, 'flow', name)),
    ]),
  );
  const target = { definition, sample, weights: initial, runner: platform.runJob, form: platform.form };
  const fitting = secondStageFit(count, options);
  const { weights } = await fit(target, { data: rows, shape: [count, width] }, fitting);
  return new FlowDensity(platform, standard, weights);
}

/** A flow that was trained on standardised codes. */
export class FlowDensity implements CodeDensity {
  constructor(
    private readonly platform: Platform,
    private readonly standard: Standardization,
    private readonly weights: Readonly<Record<string, Float32Array>>,
  ) {}

  draw(count: number, random: Random): Promise<Float32Array> {
    const noise = new Float32Array(count * this.standard.width);
    fillNoise(noise, 'normal', random);
    return this.fromNoise(noise);
  }

  async logDensity(codes: Float32Array): Promise<Float64Array> {
    const { width, logVolume } = this.standard;
    const rows = this.standard.apply(codes);
    const x = input('codes', ['batch', width]);
    const density = logDensityOf(x, Scope.root({ training: false }));
    const tensor = { dtype: 'float32', shape: [rows.length / width, width], data: rows } as const;
    const found = await this.withSession({ density }, (session) =>
      runChunks(session, { codes: tensor }, ['density']),
    );
    return Float64Array.from(found.density!.data, (value) => value - logVolume);
  }

  /** The codes that the flow maps to such noise, one to one: [count, width] → [count, latent]. */
  async fromNoise(noise: Float32Array): Promise<Float32Array> {
    const { width } = this.standard;
    const count = noise.length / width;
    let values = noise;
    for (let index = blocks - 1; index >= 0; index--) {
      const x = input('codes', ['batch', width]);
      const outputs = { ...conditional(x, index, Scope.root({ training: false })) };
      const degrees = inputDegrees(width, isReversed(index));
      const u = values;
      const found = new Float32Array(noise.length);
      await this.withSession(outputs, (session) =>
        forEachChunk({ dtype: 'float32', shape: [count, width], data: found }, async (codes, start) => {
          // What a number depends on is known once all numbers of lower degree are.
          for (let degree = 1; degree <= width; degree++) {
            const { shift, logScale } = await session.run({ codes });
            for (let i = degrees.indexOf(degree); i < codes.data.length; i += width) {
              codes.data[i] = u[start * width + i]! * Math.exp(logScale!.data[i]!) + shift!.data[i]!;
            }
          }
        }),
      );
      values = found;
    }
    return this.standard.undo(values);
  }

  private async withSession<T>(
    outputs: Readonly<Record<string, Expr>>,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const initializers = new Map(Object.entries(this.weights));
    const session = await this.platform.createSession(toOnnx({ name: 'flow', outputs, initializers }));
    try {
      return await work(session);
    } finally {
      await session.release();
    }
  }
}

/** log p(x) of each row of standardised codes, [batch]. */
function logDensityOf(x: Expr, scope: Scope): Expr {
  let value = x;
  const logScales: Expr[] = [];
  for (let index = 0; index < blocks; index++) {
    const { shift, logScale } = conditional(value, index, scope);
    value = mul(sub(value, shift), exp(neg(logScale)));
    logScales.push(logScale);
  }
  const stretched = logScales.reduce((a, b) => add(a, b));
  const squares = mul(add(mul(value, value), log2Pi), 0.5);
  return neg(sumFeatures(add(squares, stretched)));
}

/** Shift and scale of one block. */
function conditional(x: Expr, index: number, scope: Scope): Conditional {
  const width = sizeOf([x.shape[1]!]);
  const hidden = Math.min(Math.max(4 * width, smallestHidden), largestHidden);
  return scope.in(`block${index}`, (inner) => made(x, { width, hidden, reversed: isReversed(index) }, inner));
}

function isReversed(block: number): boolean {
  return block % 2 === 1;
}

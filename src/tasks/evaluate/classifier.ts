import { type Dataset, featureSize, sampleCount } from '../../data/dataset.js';
import { UserError } from '../../errors.js';
import { runChunks } from '../../estimator/inference.js';
import type { Platform } from '../../estimator/platform.js';
import { type Expr, input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { mul, neg } from '../../graph/ops/elementwise.js';
import { logSoftmax, mean } from '../../graph/ops/reducing.js';
import { slice } from '../../graph/ops/shaping.js';
import type { Definition } from '../../models/definition.js';
import type { SampleSpec } from '../../models/io.js';
import { dense, sequential } from '../../nn/layers.js';
import { sumFeatures } from '../../nn/losses.js';
import { Scope } from '../../nn/scope.js';
import { Random } from '../../random/random.js';
import type { Session } from '../../runtime/backend.js';
import { fit } from '../../train/fit.js';
import { variablesOf } from '../../train/programs.js';

/** Numbers of the last hidden layer: the features. */
export const featureCount = 64;
const epochs = 10;

/**
 * A small classifier (dense, 128 and 64 units, ReLU) that is trained on labelled samples, for the features of its last
 * hidden layer: samples that it takes for alike have features that are near each other.
 */
export class FeatureClassifier {
  private constructor(
    private readonly session: Session,
    private readonly values: number,
  ) {}

  /**
   * Trains on all samples for ten epochs.
   * @throws {UserError} when there are no labels, or only one class
   */
  static async train(platform: Platform, data: Dataset, seed = 0): Promise<FeatureClassifier> {
    const values = featureSize(data);
    const { classes, rows } = withClasses(data);
    const scale = data.data instanceof Uint8Array ? 1 / 255 : 1;
    const definition = classifierDefinition(values, classes);
    const sample: SampleSpec = {
      dtype: data.data instanceof Uint8Array ? 'uint8' : 'float32',
      shape: [values + classes],
      scale,
    };
    const weights = Object.fromEntries(
      [...variablesOf(definition, sample)].map(([name, { shape, initializer }]) => [
        name,
        initializer(shape, new Random(seed, 'classifier', name)),
      ]),
    );
    const target = { definition, sample, weights, runner: platform.runJob, form: platform.form };
    const trained = await fit(target, rows, { epochs, seed, validationSplit: 0.1 });
    const x = mul(input('input', ['batch', values]), scale);
    const outputs = { features: hidden(x, Scope.root({ training: false })) };
    const initializers = new Map(Object.entries(trained.weights));
    const session = await platform.createSession(toOnnx({ name: 'features', outputs, initializers }));
    return new FeatureClassifier(session, values);
  }

  /** The features of samples in the units of the training data, `[samples, featureCount]`. */
  async features(samples: ArrayLike<number>): Promise<Float32Array> {
    const shape = [samples.length / this.values, this.values];
    const rows = { dtype: 'float32' as const, shape, data: Float32Array.from(samples) };
    const { features } = await runChunks(this.session, { input: rows }, ['features']);
    return features!.data;
  }

  /** Frees the compiled graph. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

function hidden(x: Expr, scope: Scope): Expr {
  const layers = sequential(dense(128, { activation: 'relu' }), dense(featureCount, { activation: 'relu' }));
  return scope.in('hidden', (inner) => layers(x, inner));
}

/** What is trained takes rows of a sample and, behind it, its class as a one-hot vector. */
function classifierDefinition(values: number, classes: number): Definition {
  return {
    features: values + classes,
    latent: featureCount,
    encode: (x, scope) => ({ code: hidden(slice(x, 1, 0, values), scope) }),
    decode: (code, scope) => scope.in('logits', (inner) => dense(classes)(code, inner)),
    objective(x, scope) {
      const { code } = this.encode(x, scope);
      const logits = this.decode(code!, scope);
      const wanted = slice(x, 1, values, values + classes);
      return { loss: mean(neg(sumFeatures(mul(wanted, logSoftmax(logits))))), metrics: {} };
    },
    scalars: {},
    support: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, because: 'a classifier' },
  };
}

function withClasses(data: Dataset): { readonly classes: number; readonly rows: Dataset } {
  const { labels, source = 'the data' } = data;
  const known = [...new Set(labels ?? [])].sort((a, b) => a - b);
  if (labels === undefined || known.length < 2) {
    throw new UserError(
      `${source}: ${labels === undefined ? 'there are no labels' : 'all samples have the same label'}; features are those of a classifier, which needs samples of two classes or more, such as mnist, shapes, or a folder with a folder of pictures for each class`,
    );
  }
  const [count, values] = [sampleCount(data), featureSize(data)];
  const width = values + known.length;
  const isBytes = data.data instanceof Uint8Array;
  const rows = isBytes ? new Uint8Array(count * width) : new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    rows.set(data.data.subarray(i * values, (i + 1) * values), i * width);
    rows[i * width + values + known.indexOf(labels[i]!)] = isBytes ? 255 : 1;
  }
  return { classes: known.length, rows: { data: rows, shape: [count, width], source } };
}

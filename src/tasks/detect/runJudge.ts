import type { TableChunk } from '../../data/table/table.js';
import { UserError } from '../../errors.js';
import { ImportanceEstimator } from '../../estimator/importance.js';
import type { Model } from '../../estimator/model.js';
import type { Platform } from '../../estimator/platform.js';
import { Sessions } from '../../estimator/sessions.js';
import { input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { add, mul } from '../../graph/ops/elementwise.js';
import { reshape } from '../../graph/ops/shaping.js';
import type { Definition } from '../../models/definition.js';
import { toSamples } from '../../models/io.js';
import { expandFields, fieldCount, rowDeviance } from '../../nn/fields.js';
import { klToStandardNormal } from '../../nn/losses.js';
import { Scope } from '../../nn/scope.js';
import type { TableSchema } from '../../table/columns.js';
import { TableEncoder } from '../../table/encode.js';
import { type AnyTable, asTable } from '../../table/input.js';
import { sampleRows } from '../../table/reservoir.js';
import { Calibration } from './calibration.js';
import type { Detection } from './explain.js';
import { joined } from './joined.js';
import {
  judgeTable,
  type RowScorer,
  reservoirSize,
  type Standard,
  scoreRows,
  typicalDeviances,
} from './judge.js';

/** By what a model of `train` scores rows; see `RunJudge`. */
export type RunScore = 'elbo' | 'likelihood';

/** Draws for each row in the score `likelihood`. */
const importanceSamples = 100;

/**
 * Judges rows by one trained model of a table. Scores are in nats, without the constants of the likelihood, and extended
 * to all fields where some are missing:
 *
 * - `elbo`: half the deviance of the reconstruction at the mean of the code, and for a variational model the KL term: the
 *   negative evidence lower bound at that code.
 * - `likelihood`, of variational models: -log p(x), the importance-weighted estimate.
 *
 * The same rows always get the same scores: the first is computed, not drawn, and for the second all rows are judged by
 * the same draws.
 *
 * A model does not know how rows score that it has not seen: what is usual is taken from the rows that are judged.
 */
export class RunJudge {
  private readonly schema: TableSchema;
  private readonly sessions = new Sessions<'rows'>(() => this.platform.createSession(this.graph()));
  private readonly definition: Definition;
  private readonly estimator: ImportanceEstimator | undefined;

  /** @throws {UserError} when the model was not trained on a table, or has no likelihood and is to be judged by it */
  constructor(
    private readonly platform: Platform,
    private readonly trained: Model,
    score: RunScore = 'elbo',
  ) {
    if (trained.table === undefined) {
      throw new UserError(
        'the model was trained on arrays or pictures; only models of tables, and detectors, can judge rows of a table',
      );
    }
    this.schema = trained.table;
    const { family, sampleSpec: sample, weights } = trained;
    this.definition = trained.definition;
    if (score === 'elbo') return;
    const options = { samples: importanceSamples, seed: 0, sameDraws: true };
    this.estimator = new ImportanceEstimator(
      platform,
      { family, definition: this.definition, sample, weights },
      options,
    );
  }

  /**
   * Finds out from a table which scores are usual: from all of its rows, where likelihoods are estimated, which takes long,
   * from 8,192 of them, drawn fairly.
   * @throws {UserError} when columns of training are missing or hold something else
   */
  async calibrate(data: AnyTable, seed = 0): Promise<{ calibration: Calibration; typical: Float32Array }> {
    const encoder = new TableEncoder(this.schema);
    const pieces: Float32Array[] = [];
    const each = async (encoded: Float32Array, rows: number) => {
      pieces.push((await this.score(encoded, rows, encoder.width)).scores);
    };
    const everyRow = this.estimator === undefined ? each : undefined;
    const sample = await sampleRows(asTable(data), encoder, reservoirSize, seed, everyRow);
    const { scores, deviances } = await this.score(sample.data, sample.count, sample.width);
    return {
      calibration: Calibration.of(joined(everyRow === undefined ? [scores] : pieces)),
      typical: typicalDeviances(deviances, sample.width),
    };
  }

  /** The verdicts on all rows in their order, some thousand at a time, beside the chunks of the table. */
  detectChunks(
    data: AnyTable,
    standard: Standard,
  ): AsyncGenerator<{ readonly detections: Detection[]; readonly chunk: TableChunk }> {
    return judgeTable(asTable(data), this.schema, this.score, standard);
  }

  /** Frees the compiled graphs. */
  async release(): Promise<void> {
    await this.sessions.drop();
    await this.estimator?.release();
  }

  private readonly score: RowScorer = async (data, rows, width) => {
    const found = await scoreRows(this.sessions, data, rows, width);
    if (this.estimator === undefined) return found;
    const likelihoods = await this.estimator.of({ dtype: 'float32', shape: [rows, width], data });
    const scores = Float32Array.from(likelihoods, (value, row) => {
      const present = data.subarray(row * width, (row + 1) * width).filter((cell) => !Number.isNaN(cell));
      return (-(value + found.constants![row]!) * width) / Math.max(present.length, 1);
    });
    return { ...found, scores };
  };

  private graph(): Uint8Array {
    const { sampleSpec, weights } = this.trained;
    const { definition } = this;
    const layout = sampleSpec.fields!;
    const scope = Scope.root({ training: false });
    const x = expandFields(input('input', ['batch', fieldCount(layout)]), layout);
    const encoded = definition.encode(x, scope);
    const code = Object.values(encoded)[0]!;
    const deviances = definition.deviances!(x, code, scope);
    const half = reshape(mul(rowDeviance(deviances, x, layout), 0.5), ['batch']);
    const score =
      encoded.logVar === undefined ? half : add(half, klToStandardNormal(encoded.mean!, encoded.logVar));
    const expected = toSamples(definition.decode(code, scope), sampleSpec);
    const constants = definition.devianceConstants!(x, scope);
    const initializers = new Map(Object.entries(weights));
    return toOnnx({ name: 'rows', outputs: { score, deviances, expected, constants }, initializers });
  }
}

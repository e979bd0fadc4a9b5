import type { TableChunk } from '../../data/table/table.js';
import { UserError } from '../../errors.js';
import type { Model } from '../../estimator/model.js';
import type { Platform } from '../../estimator/platform.js';
import { Sessions } from '../../estimator/sessions.js';
import { input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { add, mul } from '../../graph/ops/elementwise.js';
import { reshape } from '../../graph/ops/shaping.js';
import { familyNamed } from '../../models/families.js';
import { inputOf, toSamples } from '../../models/io.js';
import { expandFields, fieldCount, rowDeviance } from '../../nn/fields.js';
import { klToStandardNormal } from '../../nn/losses.js';
import { Scope } from '../../nn/scope.js';
import type { TableSchema } from '../../table/columns.js';
import { TableEncoder } from '../../table/encode.js';
import { type AnyTable, asTable } from '../../table/input.js';
import { sampleRows } from '../../table/reservoir.js';
import { Calibration } from './calibration.js';
import type { Detection } from './explain.js';
import { judgeTable, reservoirSize, type Standard, scoreRows, typicalDeviances } from './judge.js';

/**
 * Judges rows by one trained model of a table. The score is in nats: half the deviance of the reconstruction at the mean
 * of the code, extended to all fields where some are missing, and for a variational model the KL term: the negative
 * evidence lower bound at that code without its constants. It is computed, not drawn, so the same rows always get the
 * same scores.
 *
 * A model does not know how rows score that it has not seen: what is usual is taken from the rows that are judged.
 */
export class RunJudge {
  private readonly schema: TableSchema;
  private readonly sessions = new Sessions<'rows'>(() => this.platform.createSession(this.graph()));

  /** @throws {UserError} when the model was not trained on a table */
  constructor(
    private readonly platform: Platform,
    private readonly trained: Model,
  ) {
    if (trained.table === undefined) {
      throw new UserError(
        'the model was trained on arrays or pictures; only models of tables, and detectors, can judge rows of a table',
      );
    }
    this.schema = trained.table;
  }

  /**
   * Finds out from a table which scores are usual.
   * @throws {UserError} when columns of training are missing or hold something else
   */
  async calibrate(data: AnyTable, seed = 0): Promise<{ calibration: Calibration; typical: Float32Array }> {
    const encoder = new TableEncoder(this.schema);
    const sample = await sampleRows(asTable(data), encoder, reservoirSize, seed);
    const { scores, deviances } = await scoreRows(this.sessions, sample.data, sample.count, sample.width);
    return {
      calibration: Calibration.of(Float64Array.from(scores)),
      typical: typicalDeviances(deviances, sample.width),
    };
  }

  /** The verdicts on all rows in their order, some thousand at a time, beside the chunks of the table. */
  detectChunks(
    data: AnyTable,
    standard: Standard,
  ): AsyncGenerator<{ readonly detections: Detection[]; readonly chunk: TableChunk }> {
    return judgeTable(asTable(data), this.schema, this.sessions, standard);
  }

  /** Frees the compiled graph. */
  async release(): Promise<void> {
    await this.sessions.drop();
  }

  private graph(): Uint8Array {
    const { family, config, sampleSpec, weights } = this.trained;
    const layout = sampleSpec.fields!;
    const definition = familyNamed(family).define(config, inputOf(sampleSpec));
    const scope = Scope.root({ training: false });
    const x = expandFields(input('input', ['batch', fieldCount(layout)]), layout);
    const encoded = definition.encode(x, scope);
    const code = Object.values(encoded)[0]!;
    const deviances = definition.deviances!(x, code, scope);
    const half = reshape(mul(rowDeviance(deviances, x, layout), 0.5), ['batch']);
    const score =
      encoded.logVar === undefined ? half : add(half, klToStandardNormal(encoded.mean!, encoded.logVar));
    const expected = toSamples(definition.decode(code, scope), sampleSpec);
    const initializers = new Map(Object.entries(weights));
    return toOnnx({ name: 'rows', outputs: { score, deviances, expected }, initializers });
  }
}

import type { TableChunk } from '../../data/table/table.js';
import { UserError } from '../../errors.js';
import type { Model } from '../../estimator/model.js';
import type { Platform } from '../../estimator/platform.js';
import { Sessions } from '../../estimator/sessions.js';
import { input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { add, div, maximum, mul } from '../../graph/ops/elementwise.js';
import { sum } from '../../graph/ops/reducing.js';
import { reshape, slice } from '../../graph/ops/shaping.js';
import { familyNamed } from '../../models/families.js';
import { featuresOf, toSamples } from '../../models/io.js';
import { expandFields, fieldCount, fieldFeatures, fieldOutputs } from '../../nn/fields.js';
import { klToStandardNormal } from '../../nn/losses.js';
import { Scope } from '../../nn/scope.js';
import type { Session } from '../../runtime/backend.js';
import type { TableSchema } from '../../table/columns.js';
import { TableEncoder } from '../../table/encode.js';
import { type AnyTable, asTable } from '../../table/input.js';
import { sampleRows } from '../../table/reservoir.js';
import { Calibration } from './calibration.js';
import { type Detection, Explainer } from './explain.js';
import { robustSpread } from './linear.js';

/** Rows by which a judge knows which scores are usual. */
const reservoirSize = 8192;

interface Scored {
  readonly scores: Float32Array;
  readonly deviances: Float32Array;
  readonly expected: Float32Array;
}

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
    const { scores, deviances } = await this.run(sample.data, sample.count, sample.width);
    const { width } = sample;
    const typical = Float32Array.from(
      { length: width },
      (_, field) =>
        robustSpread(Float32Array.from(scores, (_unused, row) => deviances[row * width + field]!)).center,
    );
    return { calibration: Calibration.of(Float64Array.from(scores)), typical };
  }

  /** The verdicts on all rows in their order, some thousand at a time, beside the chunks of the table. */
  async *detectChunks(
    data: AnyTable,
    { calibration, typical }: { readonly calibration: Calibration; readonly typical: Float32Array },
    threshold: number,
  ): AsyncGenerator<{ readonly detections: Detection[]; readonly chunk: TableChunk }> {
    const table = asTable(data);
    const encoder = new TableEncoder(this.schema);
    const explainer = new Explainer(this.schema, typical);
    const places = encoder.locate(table);
    let first = 0;
    for await (const chunk of table.chunks()) {
      const encoded = encoder.encode(chunk, places, table.source);
      const { scores, deviances, expected } = await this.run(encoded, chunk.rows, encoder.width);
      const start = first;
      first += chunk.rows;
      const detections = Array.from(scores, (score, i): Detection => {
        const given = (column: number) => chunk.columns[places[column]!]![i]!;
        return {
          row: start + i,
          score,
          pValue: calibration.pValue(score),
          anomaly: score > threshold,
          reasons: explainer.reasons(deviances, expected, i, given),
        };
      });
      yield { detections, chunk };
    }
  }

  /** Frees the compiled graph. */
  async release(): Promise<void> {
    await this.sessions.drop();
  }

  private run(data: Float32Array, rows: number, width: number): Promise<Scored> {
    return this.sessions.use('rows', async (session: Session) => {
      const found = await session.run({ input: { dtype: 'float32', shape: [rows, width], data } });
      return {
        scores: found.score!.data as Float32Array,
        deviances: found.deviances!.data as Float32Array,
        expected: found.expected!.data as Float32Array,
      };
    });
  }

  private graph(): Uint8Array {
    const { family, config, sampleSpec, weights } = this.trained;
    const layout = sampleSpec.fields!;
    const definition = familyNamed(family).define(config, featuresOf(sampleSpec));
    const scope = Scope.root({ training: false });
    const x = expandFields(input('input', ['batch', fieldCount(layout)]), layout);
    const encoded = definition.encode(x, scope);
    const code = Object.values(encoded)[0]!;
    const deviances = definition.deviances!(x, code, scope);
    const present = sum(slice(x, 1, fieldOutputs(layout), fieldFeatures(layout)), 1, true);
    const deviance = div(mul(sum(deviances, 1, true), fieldCount(layout) / 2), maximum(present, 1));
    const half = reshape(deviance, ['batch']);
    const score =
      encoded.logVar === undefined ? half : add(half, klToStandardNormal(encoded.mean!, encoded.logVar));
    const expected = toSamples(definition.decode(code, scope), sampleSpec);
    const initializers = new Map(Object.entries(weights));
    return toOnnx({ name: 'rows', outputs: { score, deviances, expected }, initializers });
  }
}

import { z } from 'zod';
import { readFolder, writeFolder } from '../../artifact/folder.js';
import { artifactVersion } from '../../artifact/manifest.js';
import { fromSafetensors, toSafetensors } from '../../artifact/safetensors.js';
import type { TableChunk } from '../../data/table/table.js';
import { UserError } from '../../errors.js';
import type { Platform } from '../../estimator/platform.js';
import { Sessions } from '../../estimator/sessions.js';
import { type Expr, input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { cast, greater } from '../../graph/ops/elementwise.js';
import { fieldCount } from '../../nn/fields.js';
import { layoutOf, parseTableSchema, type TableSchema } from '../../table/columns.js';
import { TableEncoder } from '../../table/encode.js';
import { fitTable, pickTableOptions } from '../../table/fit.js';
import { columnInputNames, encodedRow, rawColumns } from '../../table/graph.js';
import { type AnyTable, asTable } from '../../table/input.js';
import { freeNames, renamed } from '../../table/names.js';
import { sampleRows } from '../../table/reservoir.js';
import { version } from '../../version.js';
import { Calibration } from './calibration.js';
import { ensembleOutputs, ensembleTensor } from './ensemble.js';
import type { Detection } from './explain.js';
import { judgeTable, type RowScorer, reservoirSize, scoreRows } from './judge.js';
import { type DetectorConfig, type DetectorOptions, detectorConfig } from './options.js';
import { networkConfig, networkDefinition, sampleSpec, trainEnsemble } from './train.js';

/** How to look at rows. */
export interface DetectOptions {
  /** The table is the one that was fitted: rows that networks have learned from are judged only by the others. */
  readonly training?: boolean;
  /** Whether to say which columns made a row odd; true by default. */
  readonly reasons?: boolean;
  /** Is called at the end with what was unlike training about the rows, as sentences. */
  readonly onNotes?: (notes: readonly string[]) => void;
}

/** How to fit. */
export interface DetectorFitOptions {
  readonly signal?: AbortSignal;
  /** Called after each network, with how many are done. */
  readonly onNetwork?: (done: number) => void;
}

interface Fitted {
  readonly schema: TableSchema;
  readonly notes: readonly string[];
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >;
  readonly calibration: Calibration;
  readonly threshold: number;
  readonly rows: number;
  /** For rows that networks have learned from, by number: their held-out score. */
  readonly heldOut: ReadonlyMap<number, number>;
}

/**
 * Finds anomalies in tables without labels: an ensemble of small autoencoders, each of which learns from a few hundred
 * rows of its own. Conventions are those of scikit-learn and PyOD: a higher score is odder, `predict` gives 1 for an
 * anomaly.
 */
export class Detector {
  readonly config: DetectorConfig;
  private fitted: Fitted | null = null;
  private readonly sessions = new Sessions<'rows'>(() =>
    this.platform.createSession(this.model((names) => input('input', ['batch', names]))),
  );

  constructor(
    private readonly platform: Platform,
    options: DetectorOptions = {},
  ) {
    this.config = detectorConfig(options);
  }

  /** The columns and how they are read. */
  get schema(): TableSchema {
    return this.known().schema;
  }

  /** What was found out about the columns and deserves to be said. */
  get notes(): readonly string[] {
    return this.known().notes;
  }

  /** The score above which a row is an anomaly. */
  get threshold(): number {
    return this.known().threshold;
  }

  /** Held-out scores of training rows, sorted. */
  get calibration(): Calibration {
    return this.known().calibration;
  }

  /** Rows of the table that it was fitted on. */
  get rows(): number {
    return this.known().rows;
  }

  /**
   * Learns what is normal from a table, which may hold anomalies. Labels, where a column is named so, are not read.
   * Memory does not grow with the table: 8,192 rows, drawn at random, are kept.
   * @throws {UserError} for tables without usable columns or with fewer than two rows, and wrong options
   */
  async fit(data: AnyTable, { signal, onNetwork }: DetectorFitOptions = {}): Promise<this> {
    const table = asTable(data);
    const { schema, notes, rows } = await fitTable(table, pickTableOptions(this.config));
    if (rows < 2)
      throw new UserError(`${table.source} has one row; a detector needs at least two to compare`);
    const layout = layoutOf(schema.columns);
    const sample = await sampleRows(table, new TableEncoder(schema), reservoirSize, this.config.seed);
    const { tensors, heldOut } = await trainEnsemble(this.platform, this.config, layout, sample, {
      signal,
      onNetwork,
    });
    const calibration = Calibration.of(heldOut);
    this.fitted = {
      schema,
      notes,
      tensors,
      calibration,
      threshold: this.config.threshold ?? calibration.threshold(this.config.contamination),
      rows,
      heldOut: new Map(Array.from(sample.rows, (row, i) => [row, heldOut[i]!])),
    };
    await this.sessions.drop();
    return this;
  }

  /**
   * The score of each row: higher is odder. The same rows always get the same scores.
   * @throws {UserError} before `fit`, and when columns of training are missing or hold something else
   */
  async score(data: AnyTable): Promise<Float64Array> {
    const scores: number[] = [];
    for await (const batch of this.detect(data, { reasons: false })) {
      for (const { score } of batch) scores.push(score);
    }
    return Float64Array.from(scores);
  }

  /** 1 for each row that is an anomaly, 0 for each that is not. */
  async predict(data: AnyTable): Promise<Uint8Array> {
    return Uint8Array.from(await this.score(data), (score) => Number(score > this.threshold));
  }

  /** The verdict on each row with its reasons. For large tables `detect` gives the same piece by piece. */
  async explain(data: AnyTable): Promise<Detection[]> {
    const all: Detection[] = [];
    for await (const batch of this.detect(data)) all.push(...batch);
    return all;
  }

  /**
   * The verdicts on all rows in their order, some thousand at a time; memory does not grow with the table.
   * @throws {UserError} before `fit`, and when columns of training are missing or hold something else
   */
  async *detect(data: AnyTable, options: DetectOptions = {}): AsyncGenerator<Detection[]> {
    for await (const { detections } of this.detectChunks(data, options)) yield detections;
  }

  /** The same beside the chunks of the table, whose other columns may name rows or hold labels. */
  async *detectChunks(
    data: AnyTable,
    { training = false, reasons = true, onNotes }: DetectOptions = {},
  ): AsyncGenerator<{ readonly detections: Detection[]; readonly chunk: TableChunk }> {
    const { schema, tensors, calibration, threshold, heldOut } = this.known();
    const typical = tensors[ensembleTensor.typical]!.data;
    const standard = {
      calibration,
      typical,
      threshold,
      reasons,
      onNotes,
      ...(training && { known: heldOut }),
    };
    const score: RowScorer = (rows, count, width) => scoreRows(this.sessions, rows, count, width);
    yield* judgeTable(asTable(data), schema, score, standard);
  }

  /**
   * The detector as one ONNX model: an input [batch, 1] for each column, text for categories, and the outputs `score`
   * and `anomaly` (1 where the score is above the threshold), both [batch]. An output whose name is that of a column has
   * `_` behind it.
   */
  toOnnx(): Uint8Array<ArrayBuffer> {
    const { schema } = this.known();
    return this.model(() => encodedRow(schema.columns, 'batch'), true);
  }

  /**
   * Writes the detector into a folder: `manifest.json`, `detector.onnx`, `weights.safetensors`.
   * @throws {UserError} when the folder cannot be written
   */
  async save(folder: string): Promise<void> {
    const { schema, tensors, calibration, threshold, rows } = this.known();
    const stored = new Map(
      Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape: [...shape], data }] as const),
    );
    const scores = Float32Array.from(calibration.scores);
    stored.set(calibrationName, { shape: [scores.length], data: scores });
    const files = new Map<string, Uint8Array | string>([
      ['detector.onnx', this.toOnnx()],
      [
        'weights.safetensors',
        toSafetensors({ tensors: stored, metadata: { format: 'autoencoder detector' } }),
      ],
    ]);
    const outputs = renamed(outputNames, columnNames(schema));
    const manifest = {
      format: 'autoencoder' as const,
      version: artifactVersion as typeof artifactVersion,
      writtenBy: `autoencoder ${version}`,
      family: 'detector',
      config: { ...this.config },
      sample: sampleSpec(layoutOf(schema.columns)),
      table: schema,
      ...(Object.keys(outputs).length > 0 && { renamedOutputs: outputs }),
      seed: this.config.seed,
      training: { rows, threshold },
    };
    await writeFolder(folder, manifest, files);
  }

  /**
   * Reads a detector that `save` wrote.
   * @throws {UserError} when the folder holds no detector, or is damaged or newer
   */
  static async load(platform: Platform, folder: string): Promise<Detector> {
    const { manifest, files } = await readFolder(folder);
    if (manifest.family !== 'detector' || manifest.table === undefined) {
      throw new UserError(
        `${folder} holds a model of the family '${manifest.family}', not a detector; give a folder that 'detect --out' or a detector's save wrote`,
      );
    }
    const schema = parseTableSchema(manifest.table, manifest.sample.fields, folder);
    const training = trainingSchema.safeParse(manifest.training);
    const weights = files.get('weights.safetensors');
    if (!training.success || weights === undefined) {
      throw new UserError(
        `${folder}: the manifest is damaged: its ${training.success ? 'list of files' : 'record of training'} is not complete; take the folder from a copy, or make the detector again`,
      );
    }
    const { tensors } = fromSafetensors(weights, `${folder}/weights.safetensors`);
    const detector = new Detector(platform, givenOptions(manifest.config));
    const { threshold, rows } = training.data;
    const scores = tensors.get(calibrationName);
    if (scores === undefined) throw new UserError(`${folder}: damaged: the calibration is missing`);
    detector.fitted = {
      schema,
      notes: [],
      tensors: Object.fromEntries([...tensors].filter(([name]) => name !== calibrationName)),
      calibration: new Calibration(Float64Array.from(scores.data)),
      threshold,
      rows,
      heldOut: new Map(),
    };
    return detector;
  }

  /** Frees the compiled networks; the next use compiles them again. */
  async release(): Promise<void> {
    await this.sessions.drop();
  }

  private known(): Fitted {
    if (this.fitted !== null) return this.fitted;
    throw new UserError('the detector knows nothing yet: call fit(table) first');
  }

  private model(row: (fields: number) => Expr, exported = false): Uint8Array<ArrayBuffer> {
    const { schema, tensors, threshold } = this.known();
    const layout = layoutOf(schema.columns);
    const sample = sampleSpec(layout);
    const definition = networkDefinition(networkConfig(this.config, layout), sample);
    const found = ensembleOutputs(definition, sample, this.config.networks, row(fieldCount(layout)));
    const initializers = new Map(Object.entries(tensors).map(([name, { data }]) => [name, data]));
    const { score, deviances, expected } = found;
    if (!exported) return toOnnx({ name: 'rows', outputs: { score, deviances, expected }, initializers });
    const docs = Object.fromEntries(rawColumns(schema.columns).map(({ name, doc }) => [name, doc]));
    const [scoreName, anomalyName] = freeNames(outputNames, columnNames(schema)) as [string, string];
    return toOnnx({
      name: 'detector',
      doc: 'Anomaly scores of rows: higher is odder.',
      inputs: columnNames(schema),
      inputNames: columnInputNames(schema.columns),
      outputs: { [scoreName]: score, [anomalyName]: anomalyOf(score, threshold) },
      docs: {
        ...docs,
        [scoreName]: 'About 0 for a typical row.',
        [anomalyName]: `1 where the score is above ${threshold}.`,
      },
      initializers,
      metadata: { family: 'detector' },
    });
  }
}

/** The options that a manifest has, defaults among them: where a threshold was given, the contamination is one. */
function givenOptions(config: Readonly<Record<string, unknown>>): DetectorOptions {
  const { contamination, ...rest } = config;
  return { ...rest, ...(rest.threshold === undefined && { contamination }) } as DetectorOptions;
}

const calibrationName = 'calibration';

/** What a manifest says of how the detector was fitted. */
const trainingSchema = z.object({ rows: z.int().positive(), threshold: z.number() });

/** The outputs of the exported model, which give way to columns of their names. */
const outputNames = ['score', 'anomaly'];

function columnNames({ columns }: TableSchema): string[] {
  return columns.map(({ name }) => name);
}

function anomalyOf(score: Expr, threshold: number): Expr {
  return cast(greater(score, Math.fround(threshold)), 'int32');
}

import type { ManifestDraft } from '../artifact/folder.js';
import { artifactVersion } from '../artifact/manifest.js';
import { toSafetensors } from '../artifact/safetensors.js';
import { type Dataset, type DatasetInput, sampleCount } from '../data/dataset.js';
import { isStored, type StoredRows } from '../data/storedRows.js';
import { UserError } from '../errors.js';
import { sizeOf } from '../graph/shape.js';
import type { Definition } from '../models/definition.js';
import type { Family } from '../models/family.js';
import { inputOf, type SampleSpec, sampleInput, withClasses } from '../models/io.js';
import { isConvolutional } from '../models/networks.js';
import type { Variable } from '../nn/scope.js';
import { Random } from '../random/random.js';
import type { TableSchema } from '../table/columns.js';
import {
  DivergenceError,
  defaultBatchSize,
  defaultEpochs,
  type FitOptions,
  type FitResult,
  fit,
} from '../train/fit.js';
import { type History, historyCsv } from '../train/history.js';
import { variablesOf } from '../train/programs.js';
import { version } from '../version.js';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
import { autoencoderModel, decoderModel, encoderModel, renamedOutputs, type Trained } from './export.js';
import { codeInputs, exportedInputs, type Matrix, runChunks } from './inference.js';
import { type DecodeOptions, readCodes } from './labels.js';
import type { Platform } from './platform.js';
import { matchSpec, readSamples, sampleSpecOf } from './samples.js';
import { Sessions } from './sessions.js';

/** How to train; validation data in any form that `fit` takes. */
export interface TrainingOptions extends Omit<FitOptions, 'validation'> {
  readonly validation?: DatasetInput | StoredRows;
}

/** A model as it is made or loaded. */
export interface ModelParts {
  readonly family: Family<unknown>;
  readonly config: unknown;
  readonly sample: SampleSpec;
  /** The columns of the table that samples are encoded rows of. */
  readonly table?: TableSchema;
  readonly seed: number;
  readonly weights?: Readonly<Record<string, Float32Array>>;
  readonly history?: History;
  readonly training?: Readonly<Record<string, unknown>>;
}

/** The files of a saved model by name, and its manifest without the list of files. */
export interface ModelFiles {
  readonly manifest: ManifestDraft;
  readonly files: ReadonlyMap<string, Uint8Array | string>;
}

type SessionName = 'encoder' | 'decoder' | 'autoencoder';

const graphs: Readonly<Record<SessionName, (trained: Trained) => Uint8Array>> = {
  encoder: encoderModel,
  decoder: decoderModel,
  autoencoder: autoencoderModel,
};

/** An autoencoder of any family: train it, use it, save it. */
export class Model {
  /** The name of its family. */
  readonly family: string;
  /** The family's options, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** The columns of the table that it is for; samples are then rows that a `TableEncoder` has encoded. */
  readonly table: TableSchema | undefined;
  /** Its networks and its objective, as functions that build expressions. */
  readonly definition: Definition;
  private spec: SampleSpec;
  private weightValues: Readonly<Record<string, Float32Array>>;
  private lastHistory: History | null;
  private trainingRecord: Readonly<Record<string, unknown>> | null;
  /** Graphs hold the weights of when they were compiled. */
  private readonly sessions = new Sessions<SessionName>((name) =>
    this.platform.createSession(graphs[name](this.trained())),
  );
  private fitting = false;

  constructor(
    /** Where it computes: what is built on it computes there too. */
    readonly platform: Platform,
    parts: ModelParts,
  ) {
    this.family = parts.family.name;
    this.config = parts.config as Readonly<Record<string, unknown>>;
    this.seed = parts.seed;
    this.table = parts.table;
    this.definition = parts.family.define(parts.config, inputOf(parts.sample));
    this.spec = withClasses(parts.sample, this.definition);
    this.weightValues = parts.weights ?? this.initialWeights();
    this.lastHistory = parts.history ?? null;
    this.trainingRecord = parts.training ?? null;
  }

  /** How samples look outside the model; known once it has been trained. */
  get sampleSpec(): SampleSpec {
    return this.spec;
  }

  /** Features of one sample. */
  get features(): number {
    return this.definition.features;
  }

  /** Numbers of one sample as it is given: its features, or the fields of a table's row. */
  private get sampleSize(): number {
    return sizeOf(this.spec.shape);
  }

  /** Numbers in one code. */
  get latent(): number {
    return this.definition.latent;
  }

  /** How many classes a conditional model knows; `undefined` of any other, which is told none. */
  get classes(): number | undefined {
    return this.definition.classes;
  }

  /**
   * All weights by name, row-major; kernels of dense layers are [in, out]. Before its first use a model can be given other
   * ones by writing into these arrays.
   */
  get weights(): Readonly<Record<string, Float32Array>> {
    return this.weightValues;
  }

  /** Every tensor that the model keeps, with its shape and whether training changes it by gradients. */
  get variables(): readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly trainable: boolean;
  }[] {
    return [...this.variableMap()].map(([name, { shape, trainable }]) => ({ name, shape, trainable }));
  }

  /** Numbers that training changes. */
  get parameterCount(): number {
    const sizes = this.variables.filter(({ trainable }) => trainable).map(({ shape }) => sizeOf(shape));
    return sizes.reduce((a, b) => a + b, 0);
  }

  /** The last training, or `null`. */
  get history(): History | null {
    return this.lastHistory;
  }

  /** How the model was trained: optimizer, epochs, seed and the like, or `null`. */
  get training(): Readonly<Record<string, unknown>> | null {
    return this.trainingRecord;
  }

  /**
   * Trains the model; a second call goes on from the weights of the first with a new optimizer. Runs in a worker
   * thread where there is one: the event loop stays free.
   *
   * @param input samples in any form that `dataset` takes, of a conditional model with labels; bytes are scaled to [0, 1]
   *   inside the model
   * @returns every figure of every epoch
   * @throws {UserError} when data or options do not fit
   * @throws {DivergenceError} when the loss or an update is not finite; the model then has its last good weights
   */
  async fit(input: DatasetInput | StoredRows, options: TrainingOptions = {}): Promise<History> {
    if (this.fitting)
      throw new UserError('fit: this model is being trained already; wait for the first call to end');
    this.fitting = true;
    try {
      return await this.train(input, options);
    } finally {
      this.fitting = false;
    }
  }

  private async train(
    input: DatasetInput | StoredRows,
    { validation, ...options }: TrainingOptions,
  ): Promise<History> {
    const given = this.readRows(input);
    const seed = options.seed ?? this.seed;
    // What samples look like is settled by the first training; later ones must agree with it.
    const settled = this.lastHistory !== null || this.spec.fields !== undefined;
    const sample = settled || isStored(given) ? this.spec : this.specOf(given);
    const data = isStored(given) ? given : matchSpec(given, sample);
    const target = {
      definition: this.definition,
      sample,
      weights: this.weightValues,
      runner: this.platform.runJob,
      form: this.platform.form,
      parts: this.platform.parts,
    };
    const fitOptions = {
      ...options,
      seed,
      ...(validation !== undefined && { validation: this.matched(validation, sample) }),
    };
    try {
      const result = await fit(target, data, fitOptions);
      this.adopt(result, sample, fitOptions, data);
      return result.history;
    } catch (error) {
      if (error instanceof DivergenceError) this.adopt(error.result, sample, fitOptions, data);
      throw error;
    }
  }

  /** How samples of these data look; convolutions hold on to the shape that they were made for. */
  private specOf(data: Dataset): SampleSpec {
    const spec = withClasses(sampleSpecOf(data), this.definition);
    return isConvolutional(this.config) ? { ...spec, shape: this.spec.shape } : spec;
  }

  /** @throws {UserError} when samples have another size than the model takes */
  private readRows(input: DatasetInput | StoredRows): Dataset | StoredRows {
    if (!isRowsInFile(input)) return readSamples(input, this.sampleSize);
    if (this.spec.fields !== undefined && input.shape[1] === this.sampleSize) return input;
    throw new UserError(
      `${input.source ?? input.path}: rows in a file must be encoded rows of the model's table`,
    );
  }

  private matched(input: DatasetInput | StoredRows, sample: SampleSpec): Dataset | StoredRows {
    const rows = this.readRows(input);
    return isStored(rows) ? rows : matchSpec(rows, sample);
  }

  private adopt(
    { weights, history, optimizer }: FitResult,
    sample: SampleSpec,
    options: FitOptions,
    data: Dataset | StoredRows,
  ): void {
    this.weightValues = weights;
    this.spec = sample;
    this.lastHistory = history;
    const {
      epochs = defaultEpochs,
      batchSize = defaultBatchSize,
      seed = this.seed,
      validationSplit,
      learningRateSchedule,
    } = options;
    this.trainingRecord = {
      samples: sampleCount(data),
      ...(data.source !== undefined && { data: data.source }),
      epochs,
      batchSize,
      seed,
      optimizer,
      ...(validationSplit !== undefined && { validationSplit }),
      ...(learningRateSchedule !== undefined && { learningRateSchedule }),
      reason: history.reason,
      stopReason: history.stopReason,
    };
    void this.sessions.drop();
  }

  /**
   * The codes of samples, [samples, latent]. Of a variational model: the means.
   * @throws {UserError} when samples do not fit the model
   */
  async encode(input: DatasetInput): Promise<Matrix> {
    const outputs = await this.encoded(input);
    return Object.values(outputs)[0]!;
  }

  /** All that the encoder gives, by name. */
  protected async encoded(input: DatasetInput): Promise<Readonly<Record<string, Matrix>>> {
    const data = this.matchedSamples(input);
    const names = this.encoderOutputs();
    const inputs = exportedInputs(data, this.spec);
    return this.sessions.use('encoder', (session) => runChunks(session, inputs, names));
  }

  /**
   * The samples of codes, [samples, …shape], in the units of the training data.
   * @param codes [samples, latent]
   * @throws {UserError} when a code has not as many numbers as the model's, or numbers that are not finite; when labels
   *   are missing, or no classes of the model
   */
  async decode(codes: DatasetInput, { labels }: DecodeOptions = {}): Promise<Matrix> {
    const inputs = codeInputs(readCodes(codes, labels, this));
    const { reconstruction } = await this.sessions.use('decoder', (session) =>
      runChunks(session, inputs, ['reconstruction']),
    );
    return reconstruction!;
  }

  /** What the model makes of samples: [samples, …shape], in the units of the training data. */
  async reconstruct(input: DatasetInput): Promise<Matrix> {
    const data = this.matchedSamples(input);
    const inputs = exportedInputs(data, this.spec);
    const { reconstruction } = await this.sessions.use('autoencoder', (session) =>
      runChunks(session, inputs, ['reconstruction']),
    );
    return reconstruction!;
  }

  /**
   * Measures the model on samples.
   * @throws {UserError} when samples do not fit the model, or a likelihood is asked of one that has none
   */
  async evaluate(
    input: DatasetInput,
    { seed = this.seed, importanceSamples }: EvaluateOptions = {},
  ): Promise<Evaluation> {
    const samples = this.matchedSamples(input);
    return evaluate(this.platform, this.trained(), this.config, samples, seed, importanceSamples);
  }

  protected matchedSamples(input: DatasetInput): Dataset {
    return matchSpec(readSamples(input, this.sampleSize), this.spec);
  }

  /** The model as files: the three ONNX graphs, weights as safetensors, the history as CSV. */
  toFiles(): ModelFiles {
    const tensors = new Map(
      this.variables.map(({ name, shape }) => [name, { shape, data: this.weightValues[name]! }]),
    );
    const trained = { ...this.trained(), ...(this.table && { columns: this.table.columns }) };
    const files = new Map<string, Uint8Array | string>([
      ...Object.entries(graphs).map(([name, graph]) => [`${name}.onnx`, graph(trained)] as const),
      ['weights.safetensors', toSafetensors({ tensors, metadata: { format: 'autoencoder weights' } })],
      ['history.csv', historyCsv(this.lastHistory?.rows ?? [])],
    ]);
    const outputs = renamedOutputs(trained);
    const manifest: ManifestDraft = {
      format: 'autoencoder',
      version: artifactVersion,
      writtenBy: `autoencoder ${version}`,
      family: this.family,
      config: { ...this.config },
      sample: { ...this.spec, shape: [...this.spec.shape] },
      ...(this.table && { table: this.table }),
      ...(Object.keys(outputs).length > 0 && { renamedOutputs: outputs }),
      seed: this.seed,
      training: this.trainingRecord,
    };
    return { manifest, files };
  }

  /**
   * Writes the model into a folder, which is made where it does not exist: `manifest.json`, `encoder.onnx`,
   * `decoder.onnx`, `autoencoder.onnx`, `weights.safetensors`, `history.csv`. Node only.
   * @throws {UserError} when the folder cannot be written
   */
  async save(folder: string): Promise<void> {
    const { manifest, files } = this.toFiles();
    await this.platform.writeFolder(folder, manifest, files);
  }

  /** Frees the compiled graphs; the next use compiles them again. */
  async release(): Promise<void> {
    await this.sessions.drop();
  }

  protected trained(): Trained {
    return {
      family: this.family,
      definition: this.definition,
      sample: this.spec,
      weights: this.weightValues,
    };
  }

  protected encoderOutputs(): string[] {
    const { x, scope } = sampleInput(this.spec, 1);
    return Object.keys(this.definition.encode(x, scope));
  }

  private variableMap(): ReadonlyMap<string, Variable> {
    return variablesOf(this.definition, this.spec, this.family);
  }

  /** Every weight is drawn from its own stream, so that one more layer leaves the others as they were. */
  private initialWeights(): Record<string, Float32Array> {
    return Object.fromEntries(
      [...this.variableMap()].map(([name, { shape, initializer }]) => [
        name,
        initializer(shape, new Random(this.seed, 'weights', name)),
      ]),
    );
  }
}

function isRowsInFile(input: DatasetInput | StoredRows): input is StoredRows {
  return typeof input === 'object' && !Array.isArray(input) && !ArrayBuffer.isView(input) && isStored(input);
}

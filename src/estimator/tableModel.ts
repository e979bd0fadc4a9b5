import type { Cell, Table, TableChunk } from '../data/table/table.js';
import { option, UserError } from '../errors.js';
import { Random } from '../random/random.js';
import type { TableSchema } from '../table/columns.js';
import { TableDecoder } from '../table/decode.js';
import { TableEncoder } from '../table/encode.js';
import { encodeRows, encodeTable, splitRows } from '../table/encodeRows.js';
import { fitTable, pickTableOptions, type TableOptions } from '../table/fit.js';
import { type AnyTable, asTable } from '../table/input.js';
import type { FitOptions } from '../train/fit.js';
import type { History } from '../train/history.js';
import { checkTableModel, createTableModel, type TableModelOptions } from './create.js';
import type { EvaluateOptions, Evaluation } from './evaluate.js';
import type { Matrix } from './inference.js';
import type { Model } from './model.js';
import type { Platform } from './platform.js';
import { type LikelihoodOptions, VariationalModel } from './variational.js';

/** How a table model is trained. */
export interface TableFitOptions extends Omit<FitOptions, 'validation' | 'resume'> {
  /** A table that is measured after every epoch and never learned from. */
  readonly validation?: AnyTable;
}

/**
 * An autoencoder, or a variational one, for rows of a table: it finds out what the columns are, scales numbers, encodes
 * categories and dates, and takes missing values. All of that is inside the ONNX models that it saves.
 */
export class TableModel {
  private inner: Model | undefined;
  private foundNotes: readonly string[] = [];

  constructor(
    private readonly platform: Platform,
    private readonly options: TableModelOptions & TableOptions = {},
    trained?: Model,
  ) {
    this.inner = trained;
    if (trained === undefined) checkTableModel(networkOptions(options));
  }

  /** The network underneath, which takes encoded rows. */
  get model(): Model {
    if (this.inner !== undefined) return this.inner;
    throw new UserError('the model knows no table yet: call fit(table) first');
  }

  /** The columns and how each becomes numbers. */
  get schema(): TableSchema {
    return this.model.table!;
  }

  /** What was found out about the columns and deserves to be said. */
  get notes(): readonly string[] {
    return this.foundNotes;
  }

  /**
   * Finds out what the columns are, from the training part alone, and trains. The table is read twice, and its rows are
   * kept encoded: in memory up to 256 MiB, else in a temporary file, of which 64 places are mixed at a time.
   * @throws {UserError} for tables without usable columns, and options that do not fit
   * @throws {DivergenceError} when the loss or an update of the weights is not finite
   */
  async fit(data: AnyTable, options: TableFitOptions = {}): Promise<History> {
    const table = asTable(data);
    const { validationSplit = 0, validation, ...rest } = options;
    const network = networkOptions(this.options);
    const seed = options.seed ?? network.seed ?? 0;
    // By the row's number and the seed alone, so that no order has to be kept.
    const isHeld = (row: number) =>
      validationSplit > 0 && new Random(seed, 'held out', row).uniform() < validationSplit;
    const { schema, notes, rows } = await fitTable(
      table,
      pickTableOptions(this.options),
      (row) => !isHeld(row),
    );
    const model = createTableModel(this.platform, schema, network);
    const encoder = new TableEncoder(schema);
    const split = await splitRows(table, encoder, isHeld);
    const measured = validation === undefined ? split.held : await encodeRows(asTable(validation), encoder);
    if (validationSplit > 0 && measured === undefined) {
      throw new UserError(
        `${option('validationSplit')}: ${validationSplit} of the ${rows} rows of ${table.source} came out as none, and at least one is needed; give a larger share, or ${option('validation')}`,
      );
    }
    const history = await model.fit(split.data, { ...rest, ...(measured && { validation: measured }) });
    this.inner = model;
    this.foundNotes = notes;
    return history;
  }

  /** The codes of rows, [rows, latent]; of a VAE the means. */
  async encode(data: AnyTable): Promise<Matrix> {
    return this.model.encode(await encodeTable(asTable(data), new TableEncoder(this.schema)));
  }

  /** Measures the model on rows. Errors are in standard deviations of the columns, and leave out what is missing. */
  async evaluate(data: AnyTable, options: EvaluateOptions = {}): Promise<Evaluation> {
    return this.model.evaluate(await encodeTable(asTable(data), new TableEncoder(this.schema)), options);
  }

  /**
   * How likely each row is, log p(x) in nats, of its fields that are present, numbers standardised; see
   * `VariationalModel.logLikelihood`.
   * @throws {UserError} when the model is no variational one
   */
  async logLikelihood(data: AnyTable, options: LikelihoodOptions = {}): Promise<Float64Array> {
    const { model } = this;
    if (!(model instanceof VariationalModel))
      throw new UserError(`only variational models have a likelihood, and this one is '${model.family}'`);
    return model.logLikelihood(await encodeTable(asTable(data), new TableEncoder(this.schema)), options);
  }

  /**
   * What the model makes of rows: the learned columns under their names and in their order, in their own units, some
   * thousand rows at a time. Missing values are filled in.
   */
  async *reconstruct(data: AnyTable): AsyncGenerator<Readonly<Record<string, Cell[]>>> {
    const table = asTable(data);
    const names = this.schema.columns.map(({ name }) => name);
    for await (const { columns } of reconstructChunks(this.model, table)) {
      yield Object.fromEntries(names.map((name, i) => [name, columns[i]!]));
    }
  }

  /** Writes the model into a folder, as `Model.save` does; the graphs take raw columns, one input each. */
  async save(folder: string): Promise<void> {
    await this.model.save(folder);
  }
}

/** The options of the network alone. */
function networkOptions(options: TableModelOptions & TableOptions): TableModelOptions {
  const { columns, drop, categorical, types, label, id, scaling, maxClasses, ...network } = options;
  return network;
}

/**
 * Reconstructed columns of a table, chunk by chunk, beside what was given.
 * @param onNotes is called at the end with what was unlike training
 */
export async function* reconstructChunks(
  model: Model,
  table: Table,
  onNotes: (notes: readonly string[]) => void = () => {},
): AsyncGenerator<{ readonly columns: Cell[][]; readonly given: TableChunk }> {
  const encoder = new TableEncoder(model.table!);
  const decoder = new TableDecoder(model.table!);
  const places = encoder.locate(table);
  for await (const chunk of table.chunks()) {
    const encoded = encoder.encode(chunk, places, table.source);
    const { data } = await model.reconstruct({ data: encoded, shape: [chunk.rows, encoder.width] });
    yield { columns: decoder.columns(data, encoder.width), given: chunk };
  }
  onNotes(encoder.notes());
}

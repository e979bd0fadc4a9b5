import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { familyOf } from '../estimator/create.js';
import { sizeOf } from '../graph/shape.js';
import type { Model } from '../index.js';
import { networkOptions } from '../models/family.js';
import type { TableSchema } from '../table/columns.js';
import { titleOf, usualConfig } from './modelOptions.js';
import { columnTypes, shortList } from './tableText.js';
import { bytes, count, counted, figure, shape, table, words } from './text.js';

/** A layer: the tensors that share the first part of their names. */
interface Layer {
  readonly name: string;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  readonly parameters: number;
}

/** What a run holds, for people and for programs. */
export async function describeRun(
  folder: string,
  model: Model,
): Promise<{ readonly text: string; readonly json: Readonly<Record<string, unknown>> }> {
  const layers = layersOf(model);
  const files = await filesOf(folder);
  const rows = model.history?.rows ?? [];
  const final = rows.at(-1) ?? null;
  const { family, config, sampleSpec, latent, features, parameterCount, training, seed } = model;
  const sections = [
    `${folder}: ${titleOf(family)}`,
    table([
      ...samplesText(model),
      ['code', `${counted(latent, 'number')} for ${count(features)} values`],
      // Each column of a table has a likelihood of its own, and no other output or loss.
      ...pairs(config, [
        'hidden',
        'latent',
        ...usualOptions(family, config),
        ...(model.table ? ['output', 'loss', 'likelihood'] : []),
      ]),
    ]),
    `Layers, ${counted(parameterCount, 'parameter')}:`,
    table(
      layers.map(({ name, tensors, parameters }) => [name, tensorsText(tensors), count(parameters)]),
      { right: [2] },
    ),
    'Training:',
    table([...pairs(howItWent(training), ['seed']), ['seed', String(training?.seed ?? seed)]]),
    ...(final === null
      ? []
      : [
          `After epoch ${final.epoch}:`,
          table(
            Object.entries(final).flatMap(([name, value]) =>
              name === 'epoch' ? [] : [[words(name), figure(value)]],
            ),
          ),
        ]),
    'Files:',
    table(
      Object.entries(files).map(([name, size]) => [name, bytes(size)]),
      { right: [1] },
    ),
  ];
  return {
    text: sections.join('\n'),
    json: {
      run: folder,
      family,
      config,
      sample: sampleSpec,
      codeSize: latent,
      layers,
      parameters: parameterCount,
      files,
      training,
      epochs: rows.length,
      final,
    },
  };
}

/** What the model takes, as pairs of name and value. */
function samplesText({ sampleSpec, table: columns }: Model): string[][] {
  if (columns === undefined) {
    const unit = sampleSpec.scale === 1 ? sampleSpec.dtype : 'bytes, scaled to [0, 1] inside the model';
    return [['samples', `${shape(sampleSpec.shape)} ${unit}`]];
  }
  const lists: [string, string[]][] = [
    ['with gaps', columns.columns.filter(({ missing }) => missing).map(({ name }) => name)],
    ['not learned', columns.dropped.map(({ name }) => name)],
  ];
  return [
    ['samples', `rows of a table, ${counted(columns.columns.length, 'column')}`],
    ...columnTypes(columns).map(({ text, names }) => [`  ${text}`, shortList(names)]),
    ...lists.flatMap(([name, names]) => (names.length === 0 ? [] : [[`  ${name}`, shortList(names)]])),
    ['likelihood', likelihoodText(columns)],
  ];
}

const likelihoods = { number: 'Gaussian', date: 'Gaussian', boolean: 'Bernoulli', category: 'categorical' };

/** Which likelihoods the columns have. */
function likelihoodText({ columns }: TableSchema): string {
  const found = new Set(columns.map(({ type }) => likelihoods[type]));
  return `one for each column: ${[...found].join(', ')}`;
}

function layersOf({ variables }: Model): Layer[] {
  const layers = new Map<string, { tensors: Record<string, readonly number[]>; parameters: number }>();
  for (const { name, shape: lengths, trainable } of variables) {
    const end = name.lastIndexOf('.');
    const key = end < 0 ? name : name.slice(0, end);
    const layer = layers.get(key) ?? { tensors: {}, parameters: 0 };
    layer.tensors[name.slice(end + 1)] = lengths;
    if (trainable) layer.parameters += sizeOf(lengths);
    layers.set(key, layer);
  }
  return [...layers].map(([name, layer]) => ({ name, ...layer }));
}

function tensorsText(tensors: Layer['tensors']): string {
  return Object.entries(tensors)
    .map(([name, lengths]) => `${name} ${shape(lengths)}`)
    .join(', ');
}

/** The files of a folder with their sizes in bytes. */
export async function filesOf(folder: string): Promise<Record<string, number>> {
  const names = (await readdir(folder)).sort();
  const sizes = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name));
      return found.isFile() ? [[name, found.size] as const] : [];
    }),
  );
  return Object.fromEntries(sizes.flat());
}

/** The record of training; how it ended, only where it did not end as planned. */
function howItWent(training: Model['training']): Readonly<Record<string, unknown>> {
  const { reason, stopReason, ...rest } = training ?? {};
  return reason === undefined || reason === 'finished' ? rest : { ...rest, ended: stopReason ?? reason };
}

/** Options of networks that are as they are unless something else is said, but for the activation. */
function usualOptions(family: string, config: Model['config']): string[] {
  const found = familyOf(family);
  const usual = usualConfig(found);
  return Object.keys(config).filter(
    (name) =>
      name in networkOptions &&
      name !== 'activation' &&
      !Object.hasOwn(found.own, name) &&
      JSON.stringify(config[name]) === JSON.stringify(usual[name]),
  );
}

/** Options as pairs of name and value, without those left out and those that say nothing. */
function pairs(options: Readonly<Record<string, unknown>>, without: readonly string[]): string[][] {
  return Object.entries(options).flatMap(([name, value]) =>
    without.includes(name) || (value === 0 && name !== 'beta') || value === 'none'
      ? []
      : [[words(name), valueText(value)]],
  );
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (typeof value === 'number') return Number.isInteger(value) ? count(value) : String(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const { type, ...rest } = value as Record<string, unknown>;
  const parts = Object.entries(rest).map(([name, part]) => `${words(name)} ${valueText(part)}`);
  return [...(type === undefined ? [] : [String(type)]), ...parts].join(', ');
}

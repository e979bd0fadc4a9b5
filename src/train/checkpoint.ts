import { z } from 'zod';
import { fromSafetensors, type StoredTensor, toSafetensors } from '../artifact/safetensors.js';
import { UserError } from '../errors.js';
import type { CallbackState, CheckpointContent } from './callbacks.js';

/** The version of the checkpoint's own format. */
const version = 1;

const progressSchema = z.object({
  position: z.object({
    step: z.int().nonnegative(),
    learningRateScale: z.number(),
    seen: z.int().nonnegative(),
    sums: z.array(z.number()),
  }),
  history: z.array(z.record(z.string(), z.number())),
  settings: z.record(z.string(), z.unknown()),
});

const metadataSchema = z.object({ progress: progressSchema, callbacks: z.record(z.string(), z.unknown()) });

/** A checkpoint as the bytes of a safetensors file: `state/…` and `callback/…` tensors, the rest as JSON metadata. */
export function encodeCheckpoint({ state, progress, callbacks }: CheckpointContent): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const store = (prefix: string, group: Readonly<Record<string, Float32Array>>) => {
    for (const [name, data] of Object.entries(group))
      tensors.set(`${prefix}/${name}`, { shape: [data.length], data });
  };
  for (const [array, group] of Object.entries(state)) store(`state/${array}`, group);
  for (const [name, saved] of Object.entries(callbacks)) store(`callback/${name}`, saved.tensors);
  const data = Object.fromEntries(Object.entries(callbacks).map(([name, saved]) => [name, saved.data]));
  const metadata = {
    format: `autoencoder checkpoint ${version}`,
    training: JSON.stringify({ progress, callbacks: data }),
  };
  return toSafetensors({ tensors, metadata });
}

/**
 * Reads what `encodeCheckpoint` wrote.
 * @throws {UserError} when the file is damaged, of another kind, or of a newer version
 */
export function decodeCheckpoint(file: Uint8Array, source: string): CheckpointContent {
  const { tensors, metadata } = fromSafetensors(file, source);
  const [, found] = /^autoencoder checkpoint (\d+)$/.exec(metadata.format ?? '') ?? [];
  if (found === undefined)
    throw new UserError(`${source}: a safetensors file, but not a checkpoint of this program`);
  if (Number(found) !== version) {
    throw new UserError(
      `${source}: checkpoint version ${found} cannot be read; this program reads version ${version}`,
    );
  }
  const { progress, callbacks: data } = parseMetadata(metadata.training, source);
  const state: Record<string, Record<string, Float32Array>> = {};
  const callbackTensors: Record<string, Record<string, Float32Array>> = {};
  for (const [path, tensor] of tensors) {
    const [kind, group, ...rest] = path.split('/');
    const target = kind === 'state' ? state : callbackTensors;
    target[group!] ??= {};
    target[group!]![rest.join('/')] = tensor.data;
  }
  const callbacks: Record<string, CallbackState> = Object.fromEntries(
    Object.entries(data).map(([name, saved]) => [
      name,
      { data: saved, tensors: callbackTensors[name] ?? {} },
    ]),
  );
  return { state, progress, callbacks };
}

function parseMetadata(text: string | undefined, source: string): z.output<typeof metadataSchema> {
  try {
    return metadataSchema.parse(JSON.parse(text ?? ''));
  } catch (cause) {
    throw new UserError(`${source}: the checkpoint's record of training is damaged`, { cause });
  }
}

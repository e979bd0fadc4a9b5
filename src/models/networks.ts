import { option, UserError } from '../errors.js';
import { reshape, transpose } from '../graph/ops/shaping.js';
import { sizeOf } from '../graph/shape.js';
import type { ActivationName } from '../nn/activations.js';
import { conv, convolvedLength, convTranspose, residual } from '../nn/convolution.js';
import {
  activation,
  type DenseOptions,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  type Layer,
  reshapeTo,
} from '../nn/layers.js';
import { batchNorm, groupNorm, layerNorm } from '../nn/normalization.js';
import { type NetworkOptions, networkOptions, type SampleInput } from './family.js';

/** The two halves of a model, as layers for `sequential`. A family puts its latent head behind the encoder's. */
export interface Networks {
  /** From samples [batch, features] to the last hidden layer, [batch, units]. */
  readonly encoder: readonly Layer[];
  /**
   * From codes [batch, latent] to [batch, outputs].
   * @param outputs of convolutions as many for each feature as there are: all features' first, then their second, …
   */
  decoder(outputs: number, last?: ActivationName): readonly Layer[];
}

/**
 * The networks that options describe: dense, or with convolutions where there are `channels`. The sizes of pictures in
 * the decoder are those of the convolutions that it undoes, so that any height and width comes back.
 * @param joined layers that put what else is known beside samples, as features or maps, and beside codes
 * @throws {UserError} when convolutions do not fit the samples
 */
export function networks(
  config: NetworkOptions,
  input: SampleInput,
  joined: readonly Layer[] = [],
): Networks {
  const noise = config.inputNoise > 0 ? [gaussianNoise(config.inputNoise)] : [];
  const mirrored = config.decoderHidden ?? [...config.hidden].reverse();
  if (config.channels.length === 0) {
    refuseConvolutional(config);
    return {
      encoder: [...noise, ...joined, ...hiddenLayers(config.hidden, config)],
      decoder: (outputs, last) => [
        ...joined,
        ...hiddenLayers(mirrored, config),
        outputLayer(outputs, config, last),
      ],
    };
  }
  const picture = pictureOf(config, input);
  // Also where no decoder is built: what cannot be undone is refused at once.
  const undone = decoderPlan(config, picture);
  return {
    encoder: [
      ...noise,
      toMaps(picture),
      ...joined,
      ...encoderMaps(config, picture),
      ...hiddenLayers(config.hidden, config),
    ],
    decoder: (outputs, last = 'linear') => [
      ...joined,
      ...hiddenLayers(mirrored, config),
      ...decoderMaps(config, picture, undone, outputs / input.features),
      toFeatures(picture, outputs / input.features),
      activation(last),
    ],
  };
}

/** What only convolutions have. */
const convolutional = [
  ...(['kernelSize', 'stride', 'padding', 'blocks', 'decoderChannels', 'decoderKernelSize'] as const),
  ...(['decoderInputActivation', 'outputStride', 'dataFormat', 'dimensions'] as const),
];

/** Refuses what dense networks would ignore. */
function refuseConvolutional(config: NetworkOptions): void {
  const name = convolutional.find((each) => config[each] !== networkOptions[each].parse(undefined));
  if (name === undefined) return;
  throw new UserError(
    `${option(name)} is for convolutions, and there are none; give ${option('channels')}, or leave ${option(name)} out`,
  );
}

/** A dense layer with the initializer and the penalties of the options. */
export function outputLayer(units: number, options: NetworkOptions, name: ActivationName = 'linear'): Layer {
  return dense(units, { ...common(options), activation: name });
}

/** Whether networks depend on how the features of a sample lie in space, so that its shape must stay what it is. */
export function isConvolutional(config: unknown): boolean {
  return ((config as Partial<NetworkOptions>).channels ?? []).length > 0;
}

/** Whether the first of three axes of a sample counts channels, as the options of a model say. */
export function hasChannelsFirst(config: unknown, { length }: readonly number[]): boolean {
  return length === 3 && (config as Partial<NetworkOptions>).dataFormat === 'channelsFirst';
}

const common = ({ initializer, weightL1, weightL2 }: NetworkOptions): DenseOptions => ({
  initializer,
  l1: weightL1,
  l2: weightL2,
});

/** Dense layers of so many units, each normalised, activated and thinned as the options say. */
export function hiddenLayers(units: readonly number[], options: NetworkOptions): Layer[] {
  return units.flatMap((size) => hiddenLayer((more) => dense(size, more), options));
}

/** A layer, normalised, activated and thinned as the options say. */
function hiddenLayer(make: (options: DenseOptions) => Layer, options: NetworkOptions): Layer[] {
  const rest = options.dropout > 0 ? [dropout(options.dropout)] : [];
  if (options.normalization === 'none')
    return [make({ ...common(options), activation: options.activation }), ...rest];
  return [make(common(options)), ...normalize(options), activation(options.activation), ...rest];
}

function normalize({ normalization }: NetworkOptions): Layer[] {
  switch (normalization) {
    case 'none':
      return [];
    case 'batch':
      return [batchNorm()];
    case 'layer':
      return [(x, scope) => (x.rank === 2 ? layerNorm() : groupNorm({ groups: 1 }))(x, scope)];
    case 'group':
      return [(x, scope) => groupNorm({ groups: groupsOf(sizeOf([x.shape[1]!])) })(x, scope)];
  }
}

/** Eight groups, or as many of them as divide the channels. */
function groupsOf(channels: number): number {
  return [8, 4, 2].find((groups) => channels % groups === 0) ?? 1;
}

/** How the features of a sample lie in space. */
interface Picture {
  readonly channels: number;
  readonly size: readonly number[];
  /** Whether channels stand behind space and have to be brought to the front. */
  readonly last: boolean;
}

function pictureOf({ dimensions, dataFormat }: NetworkOptions, { shape, features }: SampleInput): Picture {
  if (sizeOf(shape) !== features)
    throw new UserError(
      `${option('channels')}: convolutions are for pictures and signals, but these are rows of a table; leave it out`,
    );
  const axes = dimensions ?? (shape.length === 1 ? 1 : 2);
  if (shape.length !== axes && shape.length !== axes + 1) {
    const wanted =
      axes === 1 ? ['[length]', '[length, channels]'] : ['[height, width]', '[height, width, channels]'];
    throw new UserError(
      `${option('channels')}: convolutions need samples of shape ${wanted.join(' or ')} (or channels first, with ${option('dataFormat', 'channelsFirst')}); given [${shape.join(', ')}]`,
    );
  }
  if (shape.length === axes) return { channels: 1, size: shape, last: false };
  if (dataFormat === 'channelsFirst') return { channels: shape[0]!, size: shape.slice(1), last: false };
  return { channels: shape.at(-1)!, size: shape.slice(0, -1), last: true };
}

/** [batch, features] → [batch, channels, …space]. */
function toMaps({ channels, size, last }: Picture): Layer {
  return (x) => {
    const batch = x.shape[0]!;
    if (!last || channels === 1) return reshape(x, [batch, channels, ...size]);
    return transpose(reshape(x, [batch, ...size, channels]), [
      0,
      size.length + 1,
      ...size.map((_, i) => i + 1),
    ]);
  };
}

/** [batch, each · channels, …space] → [batch, each · features]. */
function toFeatures({ channels, size, last }: Picture, each: number): Layer {
  return (x, scope) => {
    if (!last || channels === 1) return flatten()(x, scope);
    const split = reshape(x, [x.shape[0]!, each, channels, ...size]);
    return flatten()(transpose(split, [0, 1, ...size.map((_, i) => i + 3), 2]), scope);
  };
}

function encoderMaps(config: NetworkOptions, { size }: Picture): Layer[] {
  const { channels, kernelSize, stride: strides, padding } = config;
  sizesOf(size, { kernelSize, stride: strides, padding }, channels.length, 'channels');
  const stages = channels.flatMap((filters) => [
    ...hiddenLayer((more) => conv(filters, { ...more, kernelSize, strides, padding }), config),
    ...residualBlocks(filters, config),
  ]);
  return [...stages, flatten()];
}

/** Blocks of two convolutions that keep the shape (He et al. 2016). */
function residualBlocks(filters: number, config: NetworkOptions): Layer[] {
  const make = (more: DenseOptions) => conv(filters, { ...more, padding: 'same' });
  return Array.from({ length: config.blocks }, () => [
    residual(...hiddenLayer(make, config), make(common(config)), ...normalize(config)),
    activation(config.activation),
  ]).flat();
}

/** What the decoder undoes: the window of its convolutions, and the sizes from the smallest picture to the whole. */
interface DecoderPlan {
  readonly channels: readonly number[];
  readonly window: Window;
  readonly sizes: readonly (readonly number[])[];
}

interface Window {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: NetworkOptions['padding'];
}

function decoderPlan(config: NetworkOptions, { size }: Picture): DecoderPlan {
  const { channels, kernelSize, stride, padding, decoderKernelSize, decoderChannels, outputStride } = config;
  const own = decoderChannels ?? [channels.at(-1)!, ...[...channels].reverse()];
  const window = { kernelSize: decoderKernelSize ?? kernelSize, stride, padding };
  const steps = own.length - (outputStride === 'one' ? 1 : 0);
  const what = decoderChannels === undefined ? 'channels' : 'decoderChannels';
  const kernel = decoderKernelSize === undefined ? 'kernelSize' : 'decoderKernelSize';
  return { channels: own, window, sizes: sizesOf(size, window, steps, what, kernel).reverse() };
}

function decoderMaps(
  config: NetworkOptions,
  picture: Picture,
  { channels: [first, ...filters], window, sizes: [smallest, ...larger] }: DecoderPlan,
  each: number,
): Layer[] {
  const { kernelSize, stride: strides, padding } = window;
  const enlarge = (count: number, size: readonly number[], more: DenseOptions) =>
    convTranspose(count, { ...more, kernelSize, strides, padding, size });
  const outputs = each * picture.channels;
  const stages = filters.flatMap((count, i) => [
    ...residualBlocks(filters[i - 1] ?? first!, config),
    ...hiddenLayer((more) => enlarge(count, larger[i]!, more), config),
  ]);
  return [
    outputLayer(first! * sizeOf(smallest!), config, config.decoderInputActivation ?? config.activation),
    reshapeTo(first!, ...smallest!),
    ...stages,
    // With a step of one a transposed convolution is a convolution with its kernel mirrored, and slower.
    larger.length > filters.length
      ? enlarge(outputs, larger.at(-1)!, common(config))
      : conv(outputs, { ...common(config), kernelSize, padding: 'same' }),
  ];
}

/** The sizes of a picture before and behind each of so many convolutions. */
function sizesOf(
  size: readonly number[],
  { kernelSize, stride, padding }: Window,
  steps: number,
  what: string,
  kernel: 'kernelSize' | 'decoderKernelSize' = 'kernelSize',
): (readonly number[])[] {
  const sizes = [size];
  for (let step = 0; step < steps; step++) {
    const before = sizes.at(-1)!;
    const next = before.map((length) => convolvedLength(length, kernelSize, stride, padding));
    const fits = next.every((length) => length >= 1);
    if (!fits && step === 0)
      throw new UserError(
        `${option(kernel)}: a kernel of ${kernelSize} is larger than samples of ${size.join(' × ')} with padding ${padding}; give at most ${Math.min(...size) + 2 * Number(padding)}, or ${option('padding', 'same')}`,
      );
    if (!fits || (stride > 1 && before.includes(1)))
      throw new UserError(
        `${option(what)}: ${steps} convolutions with stride ${stride} are more than samples of ${size.join(' × ')} allow: behind ${step} of them ${before.join(' × ')} are left; give ${step === 0 ? '' : `at most ${step}, or `}a smaller ${option(fits ? 'stride' : kernel)}`,
      );
    sizes.push(next);
  }
  return sizes;
}

import { z } from 'zod';
import { option, UserError } from '../../errors.js';
import type { Expr } from '../../graph/expr.js';
import { gemm } from '../../graph/ops/linear.js';
import { sizeOf } from '../../graph/shape.js';
import { type ActivationName, activations } from '../../nn/activations.js';
import { initializers } from '../../nn/initializers.js';
import { gaussianNoise, penalize } from '../../nn/layers.js';
import type { Scope } from '../../nn/scope.js';
import {
  type DeterministicConfig,
  type DeterministicNetworks,
  deterministicFamily,
} from '../deterministic.js';
import { count, type SampleInput } from '../family.js';

/** Networks of which the decoder's kernels are those of the encoder, transposed; biases are their own. */
function tiedNetworks(config: DeterministicConfig, { features }: SampleInput): DeterministicNetworks {
  const { hidden, latent, activation, latentActivation, output, loss, initializer } = config;
  const { inputNoise, weightL1: l1, weightL2: l2 } = config;
  const widths = [features, ...hidden, latent];
  const kernel = (scope: Scope, layer: number) =>
    scope.in('encoder', (encoder) =>
      encoder.in(String(layer), (inner) => {
        const shape = [widths[layer]!, widths[layer + 1]!];
        const weights = inner.parameter('kernel', shape, initializers[initializer]);
        penalize(weights, { l1, l2 }, inner);
        return weights;
      }),
    );
  const layer = (x: Expr, scope: Scope, w: Expr, transB: boolean, name: ActivationName) => {
    const units = sizeOf([w.shape[transB ? 0 : 1]!]);
    const bias = scope.parameter('bias', [units], initializers.zeros);
    return activations[name](gemm(x, w, bias, { transB }));
  };
  const last = widths.length - 2;
  return {
    encode: (x, scope) =>
      widths.slice(1).reduce(
        (value, _, i) => {
          const weights = kernel(scope, i);
          const name = i === last ? latentActivation : activation;
          return scope.in('encoder', (encoder) =>
            encoder.in(String(i), (inner) => layer(value, inner, weights, false, name)),
          );
        },
        scope.in('encoder', (encoder) => gaussianNoise(inputNoise)(x, encoder)),
      ),
    decode: (code, scope) =>
      widths.slice(1).reduce((value, _, i) => {
        const mirrored = last - i;
        const name = mirrored > 0 ? activation : loss === 'bce' ? 'linear' : output;
        return scope.in('decoder', (decoder) =>
          decoder.in(String(i), (inner) => layer(value, inner, kernel(scope, mirrored), true, name)),
        );
      }, code),
  };
}

/**
 * The deep autoencoder (Hinton and Salakhutdinov 2006): several hidden layers, by request with tied weights: the decoder
 * uses the encoder's kernels transposed, which halves the parameters.
 */
export const deepAutoencoderFamily = deterministicFamily({
  name: 'deep-autoencoder',
  title: 'Deep autoencoder',
  summary: 'several hidden layers, whose weights encoder and decoder can share',
  source: 'Hinton and Salakhutdinov 2006',
  options: {
    hidden: z.array(count).default([512, 256, 128]).describe("units of the encoder's dense hidden layers"),
    tied: z.boolean().default(false).describe("whether the decoder uses the encoder's weights, transposed"),
  },
  networks(config, input) {
    if (!config.tied) return undefined;
    const { channels, normalization, dropout, decoderHidden, likelihood } = config;
    if (likelihood !== undefined)
      throw new UserError(
        `deep-autoencoder: tied weights are for arrays, and this is a table; leave out ${option('tied')}`,
      );
    const untied = [
      channels.length > 0 && 'channels',
      normalization !== 'none' && 'normalization',
      dropout > 0 && 'dropout',
      decoderHidden !== undefined && 'decoderHidden',
    ].filter((name) => name !== false);
    if (untied.length > 0) {
      throw new UserError(
        `deep-autoencoder: tied weights are for plain dense layers, of which the decoder has those of the encoder; leave out ${untied.map((name) => option(name)).join(', ')}, or ${option('tied')}`,
      );
    }
    return tiedNetworks(config, input);
  },
});

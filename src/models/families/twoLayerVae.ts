import { z } from 'zod';
import { constant, type Expr } from '../../graph/expr.js';
import { add, exp, mul, neg, sub } from '../../graph/ops/elementwise.js';
import { mean } from '../../graph/ops/reducing.js';
import { reshape } from '../../graph/ops/shaping.js';
import { flattenDraws, logNormal, logStandardNormal } from '../../nn/draws.js';
import { sequential } from '../../nn/layers.js';
import type { Scope } from '../../nn/scope.js';
import { count, type NetworkOptions } from '../family.js';
import { hiddenLayers, outputLayer } from '../networks.js';
import { gaussianPosterior, type Posterior, type Prior } from '../posteriors.js';
import { variationalFamily } from '../variational.js';
import { negativeBound } from './iwae.js';

interface Top {
  readonly latent: number;
  readonly hidden: readonly number[];
}

/** A normal distribution given by a network: hidden layers, then a mean and the logarithm of a variance. */
function conditional(units: number, hidden: readonly number[], config: NetworkOptions) {
  const trunk = sequential(...hiddenLayers(hidden, config));
  const head = outputLayer(units, config);
  return (x: Expr, scope: Scope) => {
    const last = scope.in('hidden', (inner) => trunk(x, inner));
    return {
      mean: scope.in('mean', (inner) => head(last, inner)),
      logVar: scope.in('logVar', (inner) => head(last, inner)),
    };
  };
}

function parts(config: NetworkOptions, top: Top) {
  const up = conditional(top.latent, top.hidden, config);
  const down = conditional(config.latent, [...top.hidden].reverse(), config);
  return {
    /** q(z₂ | z₁) */
    up: (z1: Expr, scope: Scope) => scope.in('encoder', (e) => e.in('top', (inner) => up(z1, inner))),
    /** p(z₁ | z₂) */
    down: (z2: Expr, scope: Scope) => scope.in('decoder', (d) => d.in('top', (inner) => down(z2, inner))),
  };
}

function twoLayerPosterior(config: NetworkOptions, top: Top): Posterior {
  const first = gaussianPosterior(config);
  const { up, down } = parts(config, top);
  return {
    ...{ size: first.size, parameters: first.parameters, exported: first.exported },
    draw(parameters, draws, scope) {
      const z1 = first.draw(parameters, draws, scope);
      const { mean: center, logVar } = up(flattenDraws(z1.code), scope);
      const [batch] = z1.code.shape;
      const each = (x: Expr, width: number) => reshape(x, [batch!, draws, width]);
      const noise = scope.noise('topDraws', 'normal', [batch!, draws, top.latent]);
      const spread = each(logVar, top.latent);
      const z2 = add(each(center, top.latent), mul(exp(mul(spread, 0.5)), noise));
      const below = down(flattenDraws(z2), scope);
      const error = sub(z1.code, each(below.mean, first.size));
      const belowLogVar = each(below.logVar, first.size);
      const logBelow = logNormal(add(mul(mul(error, error), exp(neg(belowLogVar))), belowLogVar));
      const logTop = logNormal(add(mul(noise, noise), spread));
      return {
        code: z1.code,
        logDensity: sub(add(z1.logDensity, logTop), add(logBelow, logStandardNormal(z2))),
      };
    },
  };
}

/** p(z₁): through p(z₂) and p(z₁ | z₂). Its density is where `draw` has both parts of a draw. */
function twoLayerPrior(config: NetworkOptions, top: Top): Prior {
  const { down } = parts(config, top);
  return {
    logDensity: () => constant(0),
    sample(rows, scope) {
      const { mean: center, logVar } = down(scope.noise('prior', 'normal', [rows, top.latent]), scope);
      return add(center, mul(exp(mul(logVar, 0.5)), scope.noise('priorBelow', 'normal', center.shape)));
    },
  };
}

const topOf = ({ topLatent, topHidden }: { topLatent: number; topHidden: number[] }): Top => ({
  latent: topLatent,
  hidden: topHidden,
});

/**
 * The VAE with two stochastic layers, as in Burda et al. 2016: x → z₁ → z₂ and back, each step a normal distribution given
 * by a network. Trained by the importance-weighted bound of K draws; K = 1 is the evidence lower bound. The code is z₁.
 */
export const twoLayerVaeFamily = variationalFamily({
  name: 'two-layer-vae',
  title: 'VAE with two stochastic layers',
  summary: 'a better likelihood than one layer: codes have a code of their own',
  source: 'Burda et al. 2016',
  options: {
    topLatent: count.default(16).describe('numbers in the second code'),
    topHidden: z.array(count).default([100, 100]).describe('hidden units between the two codes'),
    draws: count.default(1).describe('draws of the codes for each sample (K)'),
  },
  posterior: (config) => twoLayerPosterior(config, topOf(config)),
  prior: (config) => twoLayerPrior(config, topOf(config)),
  objective({ x, scope, model }, { draws }) {
    const weights = model.logWeights(x, draws, scope);
    const metrics = { negativeElbo: neg(mean(weights)) };
    return { loss: negativeBound(weights, 1), metrics };
  },
});

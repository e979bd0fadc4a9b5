import type { Expr } from '../../graph/expr.js';
import { add, exp, mul, sub } from '../../graph/ops/elementwise.js';
import { sum } from '../../graph/ops/reducing.js';
import { reshape } from '../../graph/ops/shaping.js';
import { sizeOf } from '../../graph/shape.js';
import { drawNormal, flattenDraws, repeatRows } from '../../nn/draws.js';
import { made } from '../../nn/made.js';
import type { Scope } from '../../nn/scope.js';
import { count, type NetworkOptions } from '../family.js';
import { outputLayer } from '../networks.js';
import { gaussianPosterior, type Posterior } from '../posteriors.js';
import { variationalFamily } from '../variational.js';

interface Flow {
  readonly steps: number;
  readonly hidden: number;
  readonly context: number;
}

/** Sends codes [n, latent] through the steps: the codes that come out, and Σ log |∂z'/∂z| of each, [n]. */
function flow(
  code: Expr,
  context: Expr,
  { steps, hidden }: Flow,
  scope: Scope,
): { code: Expr; logVolume: Expr } {
  const width = sizeOf([code.shape[1]!]);
  let [value, logVolume]: [Expr, Expr | null] = [code, null];
  for (let step = 0; step < steps; step++) {
    const { shift, logScale } = scope.in(`flow${step}`, (inner) =>
      made(value, { width, hidden, context, reversed: step % 2 === 1 }, inner),
    );
    value = add(mul(value, exp(logScale)), shift);
    const stretched = sum(logScale, 1);
    logVolume = logVolume === null ? stretched : add(logVolume, stretched);
  }
  return { code: value, logVolume: logVolume! };
}

function iafPosterior(config: NetworkOptions, options: Flow): Posterior {
  const base = gaussianPosterior(config);
  const toContext = outputLayer(options.context, config, config.activation);
  return {
    size: config.latent,
    parameters: (hidden, scope) => ({
      ...base.parameters(hidden, scope),
      context: scope.in('context', (inner) => toContext(hidden, inner)),
    }),
    exported: ({ mean, context }, scope) => ({
      code: scope.in('encoder', (inner) => flow(mean!, context!, options, inner).code),
    }),
    draw({ mean, logVar, context }, draws, scope) {
      const start = drawNormal(mean!, logVar!, draws, scope);
      const found = scope.in('encoder', (inner) =>
        flow(flattenDraws(start.code), repeatRows(context!, draws), options, inner),
      );
      return {
        code: reshape(found.code, start.code.shape),
        logDensity: sub(start.logDensity, reshape(found.logVolume, start.logDensity.shape)),
      };
    },
  };
}

/**
 * The VAE with an inverse autoregressive flow as posterior (Kingma et al. 2016): a normal draw is sent through steps
 * z' = z · exp(logScale) + shift, of which shift and scale of each latent depend on those before it and on the sample, so
 * that q(z | x) can be bent to what the decoder wants. The code of a sample is where its mean comes out.
 */
export const iafVaeFamily = variationalFamily({
  name: 'iaf-vae',
  title: 'VAE with inverse autoregressive flow',
  summary: 'a better likelihood: the distribution of codes of a sample takes any shape',
  source: 'Kingma et al. 2016',
  options: {
    flowSteps: count.default(4).describe('steps of the flow'),
    flowHidden: count.default(128).describe('units of the hidden layers of each step'),
    context: count.default(64).describe('numbers about the sample that each step is given'),
  },
  posterior: (config) =>
    iafPosterior(config, { steps: config.flowSteps, hidden: config.flowHidden, context: config.context }),
});

import type { Expr } from '../../graph/expr.js';
import { add, cast, exp, floor, minimum, mul, neg, sigmoid, sub } from '../../graph/ops/elementwise.js';
import { gemm } from '../../graph/ops/linear.js';
import { logMeanExp, sum } from '../../graph/ops/reducing.js';
import { gather, reshape } from '../../graph/ops/shaping.js';
import { flattenDraws, log2Pi } from '../../nn/draws.js';
import { normalInitializer } from '../../nn/initializers.js';
import type { Scope } from '../../nn/scope.js';
import { count, type SampleInput } from '../family.js';
import type { Prior } from '../posteriors.js';
import { type VariationalNetworks, variationalFamily } from '../variational.js';

/** The mixture of q(z | u) over learned pseudo-inputs u. */
function vampPrior(
  pseudoInputs: number,
  bounded: boolean,
  { features }: SampleInput,
  encode: VariationalNetworks['encode'],
): Prior {
  const components = (scope: Scope) => {
    const given = scope.parameter('pseudoInputs', [pseudoInputs, features], normalInitializer(1));
    // As it will be when samples are drawn: by the running statistics of the data, without dropout and noise.
    const { mean, logVar } = encode(bounded ? sigmoid(given) : given, scope.inference);
    return { center: mean!, logVar: logVar! };
  };
  return {
    isLearned: true,
    logDensity(code, scope) {
      const { center, logVar } = components(scope);
      const [batch, draws] = code.shape;
      const flat = flattenDraws(code);
      const precision = exp(neg(logVar));
      const product = (a: Expr, b: Expr) => gemm(a, b, null, { transB: true });
      // Σ (z - μ)² / σ² of all pairs, as matrix products.
      const squares = sub(product(mul(flat, flat), precision), mul(product(flat, mul(center, precision)), 2));
      const offsets = sum(add(add(mul(mul(center, center), precision), logVar), log2Pi), 1);
      const each = mul(add(squares, reshape(offsets, [1, pseudoInputs])), -0.5);
      return reshape(logMeanExp(each, 1), [batch!, draws!]);
    },
    sample(rows, scope) {
      const { center, logVar } = components(scope);
      const place = mul(scope.noise('component', 'uniform', [rows]), pseudoInputs);
      const chosen = cast(minimum(floor(place), pseudoInputs - 1), 'int32');
      const picked = gather(center, chosen);
      return add(
        picked,
        mul(exp(mul(gather(logVar, chosen), 0.5)), scope.noise('prior', 'normal', picked.shape)),
      );
    },
  };
}

/**
 * The VAE with a VampPrior (Tomczak and Welling 2018): p(z) is the mean of q(z | u) over inputs u that are learned too, so
 * that the prior lies where codes are. Data in [0, 1] get pseudo-inputs in [0, 1].
 */
export const vampVaeFamily = variationalFamily({
  name: 'vamp-vae',
  title: 'VampPrior VAE',
  summary: 'a better likelihood and better samples: the prior is learned',
  source: 'Tomczak and Welling 2018',
  options: { pseudoInputs: count.default(500).describe('inputs of which the prior is made') },
  prior: ({ pseudoInputs, likelihood }, input, encode) =>
    vampPrior(pseudoInputs, likelihood.type === 'bernoulli', input, encode),
});

import { type Expr, input } from '../../graph/expr.js';
import { add, div, log, mul, sub } from '../../graph/ops/elementwise.js';
import { matMul } from '../../graph/ops/linear.js';
import { mean, sum } from '../../graph/ops/reducing.js';
import { concat, reshape } from '../../graph/ops/shaping.js';
import type { Dim } from '../../graph/shape.js';
import type { Definition } from '../../models/definition.js';
import { type SampleSpec, toSamples } from '../../models/io.js';
import { expandFields, type FieldLayout, rowDeviance } from '../../nn/fields.js';
import { Scope } from '../../nn/scope.js';

/** What is measured of a row by one network: how badly it is reconstructed, and how far out its code lies. */
export const quantities = 2;

/** The name under which an ensemble stores a weight of one of its networks. */
export function memberName(member: number, name: string): string {
  return `network${member}.${name}`;
}

/** Tensors of an ensemble beside the weights of its networks, by name. */
export const ensembleTensor = {
  codeMean: (member: number) => memberName(member, 'code.mean'),
  codeWhitening: (member: number) => memberName(member, 'code.whitening'),
  /** The median deviance of each field over the training rows, [1, fields]. */
  typical: 'deviance.typical',
  /** What is added to both quantities before their logarithm, [1, 2]: see `smallPart`. */
  floor: (member: number) => memberName(member, 'log.floor'),
  /** Median and robust deviation of the logarithms of both quantities over held-out rows, each [1, 2]. */
  center: (member: number) => memberName(member, 'log.center'),
  scale: (member: number) => memberName(member, 'log.scale'),
} as const;

/** What an ensemble says of rows. */
export interface EnsembleOutputs {
  /** The score of each row, [batch]: the mean over networks. */
  readonly score: Expr;
  /** How badly each field is reconstructed, the mean over networks, [batch, fields]. */
  readonly deviances: Expr;
  /** The mean reconstruction, as an encoded row, [batch, fields]. */
  readonly expected: Expr;
}

/** What one network says of rows. */
export interface MemberOutputs {
  /** How badly each field is reconstructed, [batch, fields]. */
  readonly deviances: Expr;
  /** The same of the whole row, [batch, 1]. */
  readonly deviance: Expr;
  readonly reconstruction: Expr;
  readonly code: Expr;
}

/** What one network says of rows spread out, [batch, features]. */
export function memberOutputs(
  definition: Definition,
  layout: FieldLayout,
  member: number,
  x: Expr,
  scope: Scope,
): MemberOutputs {
  return scope.in(`network${member}`, (inner) => {
    const code = Object.values(definition.encode(x, inner))[0]!;
    const deviances = definition.deviances!(x, code, inner);
    return {
      deviances,
      deviance: rowDeviance(deviances, x, layout),
      reconstruction: definition.decode(code, inner),
      code,
    };
  });
}

/**
 * The score of one network, [batch, 1]: the mean of the logarithms of two quantities, each in robust deviations from its
 * median over the training rows.
 *
 * The first is the deviance of the reconstruction, in likelihood units: squared residuals over their variances, and
 * cross-entropies. The second is the squared Mahalanobis distance of the code to the codes of training: what a
 * reconstruction cannot see, since an autoencoder may reconstruct well what lies far out along the directions that it
 * has learned.
 */
function memberScore({ deviance, code }: MemberOutputs, member: number, latent: number): Expr {
  const centered = sub(code, input(ensembleTensor.codeMean(member), [1, latent]));
  const white = matMul(centered, input(ensembleTensor.codeWhitening(member), [latent, latent]));
  const floor = input(ensembleTensor.floor(member), [1, quantities]);
  const logs = log(add(concat([deviance, sum(mul(white, white), 1, true)], 1), floor));
  const center = input(ensembleTensor.center(member), [1, quantities]);
  const scale = input(ensembleTensor.scale(member), [1, quantities]);
  return mean(div(sub(logs, center), scale), 1, true);
}

/** What an ensemble of so many networks says of encoded rows, [batch, fields]. */
export function ensembleOutputs(
  definition: Definition,
  sample: SampleSpec,
  networks: number,
  row: Expr,
): EnsembleOutputs {
  const layout = sample.fields!;
  const scope = Scope.root({ training: false });
  const x = expandFields(row, layout);
  const members = Array.from({ length: networks }, (_, member) => {
    const found = memberOutputs(definition, layout, member, x, scope);
    return { ...found, score: memberScore(found, member, definition.latent) };
  });
  const average = (parts: readonly Expr[]) =>
    mul(
      parts.reduce((a, b) => add(a, b)),
      1 / networks,
    );
  const byNetwork =
    members.length === 1
      ? members[0]!.score
      : concat(
          members.map(({ score }) => score),
          1,
        );
  const batch: Dim = row.shape[0]!;
  return {
    score: reshape(mean(byNetwork, 1, true), [batch]),
    deviances: average(members.map(({ deviances }) => deviances)),
    expected: toSamples(average(members.map(({ reconstruction }) => reconstruction)), sample),
  };
}

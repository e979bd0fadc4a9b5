import { option } from '../errors.js';

/** Fewer samples than these say nothing about whether codes vary. */
const enough = 32;

/** What of a model's options decides what can be advised. */
type Options = Readonly<Record<string, unknown>>;

/** What lets a code of a variational model say more, of the options that it has. */
function advice(options: Options): string {
  const { likelihood } = options as { likelihood?: { type?: string; variance?: unknown } };
  const has = (name: string) => Object.hasOwn(options, name);
  const found = [
    has('betaSchedule') && `let the weight of the KL term rise from 0 (${option('betaSchedule')})`,
    // Where there are bounds of several draws, beta is the share of one of them.
    has('beta') && !has('draws') && `take a smaller ${option('beta')}`,
    has('capacity') && `take a larger ${option('capacity')}`,
    has('alpha') && has('lambda') && `take a larger ${option('alpha')}`,
    likelihood?.type === 'gaussian' &&
      typeof likelihood.variance === 'number' &&
      `give the likelihood a smaller ${option('variance')}, or a learned one`,
  ].filter((each) => each !== false);
  return found.length === 0
    ? 'try a smaller learning rate, or the family info-vae, whose codes keep what they know about samples'
    : found.join('; or ');
}

/** What makes more numbers of a plain code vary. */
function plainAdvice({ activation, latentActivation }: Options): string {
  const relu = activation === 'relu' || latentActivation === 'relu';
  return `Try ${relu ? 'another activation than relu, ' : ''}a smaller learning rate, or a smaller code`;
}

/** What is known of a code for `collapseNotes`. */
export interface CodeUse {
  readonly samples: number;
  readonly activeUnits: number;
  readonly latent: number;
  /** Whether codes have a distribution, and a KL term that they are paid by. */
  readonly variational: boolean;
  /** The options of the model: only what it has is advised. */
  readonly options: Options;
  /** Of a codebook: how many vectors are in use, and their share of all. */
  readonly codebook?: { readonly perplexity: number; readonly use: number };
}

/** A codebook of which less than this is used has collapsed. */
const leastUse = 1 / 16;

/** A sentence about a codebook of which few vectors are used, or a code of which no number varies over the data, or less than an eighth, with what to try. */
export function collapseNotes(use: CodeUse): string[] {
  const { samples, activeUnits, latent, variational, options, codebook } = use;
  if (samples < enough) return [];
  if (codebook !== undefined && codebook.use < leastUse) {
    const { perplexity, use: share } = codebook;
    return [
      `codebook collapse: of ${Math.round(perplexity / share)} vectors about ${perplexity.toFixed(1)} are in use (perplexity). Try a smaller ${option('decay')} or a larger ${option('restartBelow')}, so that unused vectors start again sooner; a larger ${option('commitment')}; or fewer ${option('codes')}`,
    ];
  }
  if (activeUnits >= latent / 8) return [];
  if (!variational) {
    return [
      `${activeUnits} of ${latent} numbers of the code vary over the data; the others say nothing. ${plainAdvice(options)}`,
    ];
  }
  const tried = advice(options);
  return activeUnits === 0
    ? [
        `posterior collapse: no latent dimension varies over the data, so all samples have the same code, and reconstructions are their average. ${tried[0]!.toUpperCase()}${tried.slice(1)}`,
      ]
    : [
        `only ${activeUnits} of ${latent} latent dimensions vary over the data; of the others the posterior is the prior (they have collapsed). A smaller code would do as well; or, to use more of it: ${tried}`,
      ];
}
